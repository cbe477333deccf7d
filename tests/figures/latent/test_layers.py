"""The figures of layers show the numbers that they were given, where they belong."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.latent.layer_usage import LayerUsage, UsageHistory
from latentlab.figures.latent.layers import layer_bars, unit_heat_map
from latentlab.figures.theme import LIGHT

HISTORY = UsageHistory(
    np.array([1, 5, 10], np.float32),
    {
        "z1": np.array([[0.1, 2.0], [0.5, 0.02], [1.0, 0.001]], np.float32),
        "z2": np.array([[np.nan, 0.3, 0.1], [0.2, 0.3, 0.1], [0.1, 0.3, 0.2]], np.float32),
    },
)


def test_each_layer_has_a_box_whose_rows_are_sorted_by_the_end() -> None:
    figure = unit_heat_map(HISTORY, LIGHT)
    first, second = figure.data
    np.testing.assert_array_equal(first.x, [1, 5, 10])
    np.testing.assert_allclose(10**first.z, [[0.1, 0.5, 1.0], [2.0, 0.02, np.nan]], rtol=1e-6)  # of units 1 and 2
    np.testing.assert_allclose(10**second.z, [[0.3, 0.3, 0.3], [0.1, 0.1, 0.2], [np.nan, 0.2, 0.1]], rtol=1e-6)
    np.testing.assert_array_equal(second.customdata[:, 0, 1], [2, 3, 1])  # the numbers of the units
    np.testing.assert_allclose((figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax), (-2, np.log10(2)))
    np.testing.assert_allclose(unit_heat_map(HISTORY, LIGHT, most=5.0).layout.coloraxis.cmax, np.log10(5))
    assert first.yaxis != second.yaxis
    assert np.isnan(unit_heat_map(HISTORY, LIGHT, least=5.0).data[0].z).all()


def test_the_bars_of_a_run_stack_its_layers() -> None:
    deep = [LayerUsage("z1", np.array([3.0, 1.5], np.float32)), LayerUsage("z2", np.array([0.5, 0], np.float32))]
    figure = layer_bars({"deep": deep, "flat": deep[:1]}, LIGHT)
    assert [(bar.name, list(bar.x), list(bar.y)) for bar in figure.data] == [
        ("z1", ["deep", "flat"], [4.5, 4.5]),
        ("z2", ["deep"], [0.5]),
    ]
    assert figure.data[1].customdata == ([1, 2],)
    assert figure.layout.barmode == "stack"


def test_a_bar_is_never_wider_than_a_quarter_of_the_figure() -> None:
    for n in (1, 2, 4, 9):
        layers = {f"run {k}": [LayerUsage("z1", np.ones(2, np.float32))] for k in range(n)}
        assert 0 < (1 - layer_bars(layers, LIGHT).layout.bargap) / n <= 0.25
