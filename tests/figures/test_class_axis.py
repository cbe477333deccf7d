"""An axis of classes can be read, however many there are and however long their names."""

import numpy as np
import pytest

from latentlab.figures.class_axis import class_axis
from latentlab.figures.maps.charts import class_bars, gaps
from latentlab.figures.probes.matrices import confusion_figure, weights_figure
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
        weights_figure(np.ones((n, 3), np.float32), MANY, LIGHT),
    ]
    for figure, sides in zip(figures, ("xy", "x", "xy", "y"), strict=True):
        assert not getattr(figure.data[0], "texttemplate", None)  # 90,000 numbers
        for side in sides:
            assert max(map(len, figure.layout[f"{side}axis"].ticktext)) <= 3
