"""Figures of a classifier hold the numbers that they are given, where they say."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.classification.metrics import calibration
from latentlab.analysis.stats import Proportion
from latentlab.figures.classification.accuracy import accuracy_dots, probability_bars, reliability
from latentlab.figures.classification.confusion import COUNTS, ERRORS, ROWS, confusion_matrix
from latentlab.figures.classification.inside import CELL, feature_maps, occlusion_figure
from latentlab.figures.theme import DARK, LIGHT

COUNTED = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 6]])
NAMES = ("apple", "moon", "cup")


def test_each_view_of_the_matrix_shows_its_numbers_and_its_order() -> None:
    order = np.array([2, 0, 1])
    counts, rows, errors = (
        confusion_matrix(COUNTED, NAMES, order, view, (0, 1), LIGHT) for view in (COUNTS, ROWS, ERRORS)
    )
    assert list(counts.data[0].x) == ["cup", "apple", "moon"]
    assert counts.data[0].text.tolist() == [["6", "", ""], ["", "8", "2"], ["", "1", "3"]]
    assert rows.data[0].text.tolist() == [["100", "", ""], ["", "80", "20"], ["", "25", "75"]]
    assert errors.data[0].text.tolist() == [["", "", ""], ["", "", "2"], ["", "1", ""]]
    assert np.diag(errors.data[0].z).tolist() == [0, 0, 0]
    assert errors.data[0].z.max() == 1
    (marked,) = counts.layout.shapes
    assert (marked.x0, marked.y0) == (1.5, 0.5)  # predicted as moon, it is an apple
    cells = {
        tuple(cell): (x, y)
        for cell, x, y in zip(*(counts.data[1][name] for name in ("customdata", "x", "y")), strict=True)
    }
    assert cells[0, 1] == ("moon", "apple")
    assert len(cells) == (COUNTED > 0).sum()


def test_dots_stand_at_their_proportions_with_their_intervals() -> None:
    figure = accuracy_dots({"a": Proportion(0.9, 0.8, 0.95), "b": Proportion(0.5, 0.4, 0.6)}, LIGHT, "a")
    (dots,) = figure.data
    assert list(dots.x) == [0.9, 0.5]
    assert list(dots.error_x.array) == pytest.approx([0.05, 0.1])
    assert list(dots.error_x.arrayminus) == pytest.approx([0.1, 0.1])
    assert figure.layout.shapes[0].x0 == 0.9
    bars = probability_bars(np.array([0.2, 0.8, 0]), NAMES, 1, DARK)
    assert list(bars.data[0].x) == [0.2, 0.8, 0]
    assert [NAMES[1] in str(bars.data[0].y[k]) and "it is" in bars.data[0].text[k] for k in range(3)] == [
        False,
        True,
        False,
    ]


def test_only_bins_with_examples_are_drawn() -> None:
    p = np.array([[0.95, 0.05], [0.6, 0.4]])
    dots = reliability(calibration(np.log(p), np.array([0, 1])), LIGHT).data[1]
    assert list(dots.x) == pytest.approx([0.6, 0.95])
    assert list(dots.y) == [0, 1]


def test_feature_maps_share_one_scale() -> None:
    values = np.arange(12, dtype=np.float32)
    maps = feature_maps(values, (3, 2, 2))
    assert maps.shape == (3, 1, 2, 2)
    assert (maps[0, 0, 0, 0], maps[-1, 0, -1, -1]) == (0, 255)
    line = feature_maps(values, (12,))
    assert (line[0, 0, ::CELL, ::CELL] == feature_maps(values, (12, 1, 1))[:, 0, 0, 0]).all()
    assert feature_maps(np.arange(130, dtype=np.float32), (130,)).shape == (1, 1, 3 * CELL, 64 * CELL)
    assert (feature_maps(np.ones(4, np.float32), (4,)) == 0).all()


def test_the_change_of_a_pixel_is_drawn_where_it_is() -> None:
    change = np.full((2, 3), np.nan)
    change[1, 2] = -0.4
    figure = occlusion_figure(change, np.zeros((1, 2, 3), np.uint8), False, LIGHT)
    assert figure.data[1].z[1][2] == -0.4
    assert (figure.data[1].zmin, figure.data[1].zmax) == (-0.4, 0.4)
