"""Curves of a training: a figure for each term, and the errors of plain classifiers as level lines in the error's."""

from collections.abc import Mapping

import numpy as np
import pytest

from latentlab.figures.theme import LIGHT
from latentlab.figures.training_curves import training_curves

UNITS = {"bound": "nats", "error": "fraction"}
HISTORY = [{"epoch": e, "bound": -e, "error": 0.5 / e, "valid_error": 0.6 / e} for e in np.arange(1.0, 11)]
FLOORS = {"linear": 0.9, "mlp": 0.01}


def test_each_term_has_a_figure_with_its_reports() -> None:
    curves = training_curves(HISTORY, UNITS, LIGHT)
    assert [(term, t.name) for term, figure in curves.items() for t in figure.data if len(t.x)] == [
        ("bound", "training"), ("error", "training"), ("error", "held out")
    ]  # fmt: skip
    np.testing.assert_allclose(curves["error"].data[1].y, [row["valid_error"] for row in HISTORY], rtol=1e-6)
    assert curves["bound"].layout.yaxis.title.text == "bound (nats)"


def test_floors_are_named_level_lines_within_sight_of_the_error() -> None:
    curves = training_curves(HISTORY, UNITS, LIGHT, baselines=FLOORS)
    lines = curves["error"].data[2:]  # after the two curves of the training
    assert ["linear" in lines[0].name, "MLP" in lines[1].name] == [True, True]
    low, high = curves["error"].layout.yaxis.range
    for value, trace in zip(FLOORS.values(), lines, strict=True):
        np.testing.assert_allclose(trace.y, [value, value], rtol=1e-6)
        assert trace.x[-1] == 10
        assert trace.text[-1]
        assert trace.name.startswith(trace.text[-1])  # named at its end, in short
        assert low < value < high
    assert len({trace.line.dash for trace in lines} | {"solid"}) == 3
    assert len(curves["bound"].data) == 2


@pytest.mark.parametrize(
    ("floors", "places"),
    [
        ({"linear": 0.9, "mlp": 0.01}, ["bottom left", "top left"]),  # in sight, and off the axes
        ({"linear": 0.28, "mlp": 0.26}, ["top left", "bottom left"]),  # not on each other
        ({"linear": 0.26, "mlp": 0.28}, ["bottom left", "top left"]),
    ],
)
def test_floors_are_named_where_there_is_room(floors: dict[str, float], places: list[str]) -> None:
    figure = training_curves(HISTORY, UNITS, LIGHT, baselines=floors)["error"]
    assert [trace.textposition for trace in figure.data[2:]] == places
    assert figure.layout.yaxis.range[1] > 1.1 * max(floors.values())


@pytest.mark.parametrize("floors", [None, {}, {"something": 0.5}])
def test_without_floors_there_are_none(floors: Mapping[str, float] | None) -> None:
    figure = training_curves(HISTORY, UNITS, LIGHT, baselines=floors)["error"]
    assert len(figure.data) == 2
    assert figure.layout.yaxis.range[1] < 0.7


def test_where_no_error_was_reported_yet_there_is_nothing_to_compare() -> None:
    assert len(training_curves([{"epoch": 1.0, "bound": 2.0}], UNITS, LIGHT, baselines=FLOORS)["error"].data) == 2
