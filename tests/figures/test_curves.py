"""Curves of a training: a panel for each term, and the errors of plain classifiers as level lines in the error's."""

from collections.abc import Mapping

import numpy as np
import pytest

from latentlab.figures.curves import training_curves
from latentlab.figures.theme import LIGHT

UNITS = {"bound": "nats", "error": "fraction"}
HISTORY = [{"epoch": e, "bound": -e, "error": 0.5 / e, "valid_error": 0.6 / e} for e in np.arange(1.0, 11)]
FLOORS = {"linear": 0.9, "mlp": 0.01}


def test_each_term_has_a_panel_with_its_reports() -> None:
    figure = training_curves(HISTORY, UNITS, LIGHT)
    assert [(trace.name, trace.xaxis) for trace in figure.data if len(trace.x)] == [
        ("training", "x"), ("training", "x2"), ("held out", "x2")
    ]  # fmt: skip
    np.testing.assert_allclose(figure.data[-1].y, [row["valid_error"] for row in HISTORY], rtol=1e-6)


def test_floors_are_level_lines_inside_the_panel_of_the_error() -> None:
    figure = training_curves(HISTORY, UNITS, LIGHT, floors=FLOORS)
    lines = {trace.name: trace for trace in figure.data if "same labels" in trace.name}
    assert list(lines) == ["linear classifier of the same labels", "MLP of the same labels"]
    for value, trace in zip(FLOORS.values(), lines.values(), strict=True):
        np.testing.assert_allclose(trace.y, [value, value], rtol=1e-6)
        assert (trace.xaxis, trace.x[-1]) == ("x2", 10)
        low, high = figure.layout.yaxis2.range
        assert low < value < high
    assert len({trace.line.dash for trace in lines.values()} | {"solid"}) == 3


@pytest.mark.parametrize("floors", [None, {}, {"something": 0.5}])
def test_without_floors_there_are_none(floors: Mapping[str, float] | None) -> None:
    figure = training_curves(HISTORY, UNITS, LIGHT, floors=floors)
    assert len(figure.data) == 4
    assert figure.layout.yaxis2.range[1] < 0.7


def test_where_no_error_was_reported_yet_there_is_nothing_to_compare() -> None:
    assert len(training_curves([{"epoch": 1.0, "bound": 2.0}], UNITS, LIGHT, floors=FLOORS).data) == 4
