"""An axis of classes can be read, however many there are and however long their names."""

import numpy as np
import pytest

from latentlab.analysis.probes.steering import Leakage
from latentlab.figures.class_axis import class_axis
from latentlab.figures.classification.confusion import COUNTS, confusion_matrix
from latentlab.figures.maps.charts import class_bars, gaps
from latentlab.figures.probes.matrices import confusion_figure, leakage_figure, weights_figure
from latentlab.figures.theme import LIGHT

FEW = ("one", "two")
LONG = tuple(f"{k} is the name of a class that is far longer than there is room for".ljust(80, ".") for k in range(5))
MANY = tuple(f"{LONG[k % 5]} {k}" for k in range(300))


def test_few_short_names_are_written() -> None:
    axis = class_axis(FEW)
    assert (axis["tickvals"], axis["ticktext"]) == (list(FEW), list(FEW))


@pytest.mark.parametrize("classes", [LONG, MANY])
def test_ticks_are_short_few_and_different_and_stand_at_their_classes(classes: tuple[str, ...]) -> None:
    axis = class_axis(classes)
    assert len(axis["ticktext"]) <= 20
    assert len(set(axis["ticktext"])) == len(axis["ticktext"])
    assert max(map(len, axis["ticktext"])) <= 16
    for name, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert int(text.split()[0]) == classes.index(name) + 1


def test_every_matrix_between_many_classes_has_such_an_axis() -> None:
    n = len(MANY)
    figures = [
        gaps(np.ones((n, n)), MANY, LIGHT),
        class_bars(np.arange(n), np.arange(5), MANY, LIGHT),
        confusion_figure(np.eye(n, dtype=np.int64), MANY, LIGHT),
        confusion_matrix(np.eye(n, dtype=np.int64), MANY, np.arange(n)[::-1], COUNTS, None, LIGHT),
        weights_figure(np.ones((n, 3), np.float32), MANY, LIGHT),
    ]
    for figure, sides in zip(figures, ("xy", "x", "xy", "xy", "y"), strict=True):
        assert not getattr(figure.data[0], "texttemplate", None)  # 90,000 numbers
        assert not getattr(figure.data[0], "xgap", None)  # between cells that are a pixel wide
        for side in sides:
            assert max(map(len, figure.layout[f"{side}axis"].ticktext)) <= 3


def test_targets_of_one_kind_are_columns_of_their_own_with_their_names() -> None:
    names = ("column: year: low", "column: place: east", "horizontal position: 3.6 or more")
    found = Leakage(names, np.eye(3), np.eye(3), 2.0)
    figure = leakage_figure(found, LIGHT)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.ticktext == ("column: year", "column: place", "horizontal position")
        assert len(set(axis.tickvals)) == len(names)
