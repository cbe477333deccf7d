"""Every point is drawn once, in its class's colour and shape."""

import numpy as np

from latentlab.figures.maps.charts import class_bars, gaps, histogram, overlaps
from latentlab.figures.theme import DARK


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
    assert (table.zmin, table.zmax) == (0, 25)
    (none,) = overlaps(np.eye(2), ("a", "b"), DARK).data
    assert none.zmin == 0 < none.zmax


def test_the_classes_of_the_chosen_are_shares() -> None:
    labels = np.array([0, 0, 0, 1, -1])
    everything, chosen = class_bars(labels, np.array([0, 3]), ("a", "b"), DARK).data
    assert everything.x == ("no class", "a", "b")
    np.testing.assert_allclose(everything.y, [20, 60, 20])
    np.testing.assert_allclose(chosen.y, [0, 50, 50])
    assert chosen.marker.color == (DARK.muted, *DARK.classes[:2])
