"""Samples drawn beside examples."""

import numpy as np
import pytest

from latentlab.figures.samples import BINS, samples_over_examples
from latentlab.figures.theme import LIGHT

RNG = np.random.default_rng(0)


def test_in_the_plane_every_point_is_where_it_is() -> None:
    examples, drawn = (RNG.normal(size=(n, 2)).astype(np.float32) for n in (30, 20))
    figure = samples_over_examples(examples, drawn, LIGHT)
    for trace, points in zip(figure.data, (examples, drawn), strict=True):
        np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), points)
    low, high = figure.layout.xaxis.range
    assert low < examples[:, 0].min() < examples[:, 0].max() < high


def test_on_a_line_the_curves_are_densities() -> None:
    examples, drawn = (RNG.normal(size=(n, 1)).astype(np.float32) for n in (4_000, 2_000))
    figure = samples_over_examples(examples, drawn, LIGHT)
    width = float(figure.data[0].x[1] - figure.data[0].x[0])
    assert len(figure.data[0].x) == BINS
    assert sum(figure.data[0].y) * width == pytest.approx(1, abs=1e-3)
    normal = np.exp(-(figure.data[1].x ** 2) / 2) / np.sqrt(2 * np.pi)
    assert float(np.abs(figure.data[1].y - normal).mean()) < 0.03
