"""Every point is drawn once, in its class's colour and shape."""

import numpy as np
import pytest

from latentlab.figures.maps.charts import class_bars, gaps, histogram, map_3d, overlaps
from latentlab.figures.theme import DARK


def test_each_class_has_its_points_colour_and_name() -> None:
    rng = np.random.default_rng(0)
    xyz, labels = rng.normal(size=(50, 3)).astype(np.float32), rng.integers(-1, 3, 50)
    figure = map_3d(xyz, labels, ("a", "b", "c"), ("PC1", "PC2", "PC3"), DARK)
    assert sorted(len(trace.x) for trace in figure.data) == sorted(np.bincount(labels + 1))
    for trace in figure.data:
        k = ("a", "b", "c", "no class").index(trace.name)
        own = xyz[labels == (k if k < 3 else -1)]
        np.testing.assert_array_equal(np.stack([trace.x, trace.y, trace.z], 1), own)
        assert trace.marker.color == (DARK.classes[k] if k < 3 else DARK.muted)
    assert figure.layout.scene.zaxis.title.text == "PC3"
    assert len({trace.marker.symbol for trace in figure.data if trace.name != "no class"}) == 3


def test_a_number_colours_the_points_instead() -> None:
    xyz, labels, loss = np.zeros((4, 3), np.float32), np.array([0, 1, 1, 0]), np.array([0.0, 1, 2, 3])
    figure = map_3d(xyz, labels, ("a", "b"), ("x", "y", "z"), DARK, ("loss", loss))
    assert [trace.marker.color.tolist() for trace in figure.data] == [[0, 3], [1, 2]]
    assert {trace.marker.coloraxis for trace in figure.data} == {"coloraxis"}  # one ramp, drawn once
    assert not any(trace.marker.showscale for trace in figure.data)
    assert figure.layout.coloraxis.cmin == pytest.approx(0.03)
    assert figure.layout.coloraxis.colorbar.title.text == "loss"
    assert figure.layout.legend.orientation == "h"  # below the picture: the ramp is at its side


def test_the_chosen_are_counted_in_the_bins_of_all() -> None:
    values = np.arange(100.0)
    figure = histogram(values, np.arange(10), "loss", DARK)
    everything, chosen = figure.data
    assert everything.xbins == chosen.xbins
    assert (everything.xbins.start, everything.xbins.end) == (0, 99)
    np.testing.assert_array_equal(chosen.x, np.arange(10, dtype=np.float32))
    assert everything.histnorm == "percent"


def test_the_distances_of_classes_are_a_table() -> None:
    distances = np.array([[0, 2.5], [2.5, 0]])
    (table,) = gaps(distances, ("a", "b"), DARK).data
    np.testing.assert_array_equal(table.z, distances.astype(np.float32))
    assert (table.x, table.y) == (("a", "b"), ("a", "b"))


def test_the_overlaps_of_classes_are_percentages_without_a_class_with_itself() -> None:
    (table,) = overlaps(np.array([[0.9, 0.1], [0.25, 0.75]]), ("a", "b"), DARK).data
    np.testing.assert_allclose(table.z, [[np.nan, 10], [25, np.nan]])


def test_the_classes_of_the_chosen_are_shares() -> None:
    labels = np.array([0, 0, 0, 1, -1])
    everything, chosen = class_bars(labels, np.array([0, 3]), ("a", "b"), DARK).data
    assert everything.x == ("no class", "a", "b")
    np.testing.assert_allclose(everything.y, [20, 60, 20])
    np.testing.assert_allclose(chosen.y, [0, 50, 50])
    assert chosen.marker.color == (DARK.muted, *DARK.classes[:2])
