"""What colours the points of a map: a class of each, or a number.

A `Colouring` is an object with a name, a unit and a function; whoever offers some keeps them in a list, and nobody asks
which one it got.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Floats, Labels
from latentlab.data import UNLABELLED, Factors

MOST_CLASSES = 300  # different words of a column, each of which can have a colour


@dataclass(frozen=True, eq=False)
class OnMap:
    """What a colouring may look at beside the examples.

    Attributes:
        xy: (N, 2) or (N, 3) places on the map.
        clicked: the example that was clicked, if one was.
    """

    xy: Floats
    clicked: int | None = None


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number for each point.

    Attributes:
        name: with its unit.
        values: (N,); NaN where there is none.
    """

    name: str
    values: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Coloured:
    """The class of each point, by which it has its shape too; and the number that colours it instead, if any.

    Attributes:
        labels: (N,) class indices, negative for none.
        classes: their names.
        numbers: what colours the points instead.
    """

    labels: Labels
    classes: tuple[str, ...]
    numbers: Numbers | None = None


@dataclass(frozen=True, eq=False)
class Colouring(ABC):
    """A way to colour points; no other has its name."""

    name: str

    @abstractmethod
    def colour(self, plain: Coloured, on: OnMap) -> Coloured:
        """The points by this; `plain` by their own classes."""


@dataclass(frozen=True, eq=False)
class ByClass(Colouring):
    """A class for each point, of which it has its shape too.

    Attributes:
        groups: the classes; None for those that the examples have.
    """

    groups: Callable[[], Coloured] | None = None

    def colour(self, plain: Coloured, on: OnMap) -> Coloured:  # noqa: ARG002 wherever they lie
        """The points by these classes."""
        return plain if self.groups is None else self.groups()


@dataclass(frozen=True, eq=False)
class ByNumber(Colouring):
    """A number for each point; shapes stay those of the classes.

    Attributes:
        unit: of the numbers; empty where they have none.
        values: (N,), from what is on the map.
        unclicked: what the numbers are while no example is clicked; None where a click changes nothing.
    """

    unit: str
    values: Callable[[OnMap], NDArray[np.floating]]
    unclicked: str | None = None

    def colour(self, plain: Coloured, on: OnMap) -> Coloured:
        """The points by these numbers."""
        name = self.unclicked if self.unclicked is not None and on.clicked is None else self.name
        return Coloured(plain.labels, plain.classes, Numbers(with_unit(name, self.unit), self.values(on)))


def with_unit(name: str, unit: str) -> str:
    """The name of a number as it stands beside its values."""
    return f"{name} ({unit})" if unit else name


def by_column(name: str, values: NDArray[Any]) -> Colouring | None:
    """A column (N,) of the user's own: numbers, yes and no, or at most `MOST_CLASSES` words; None where there are more.

    An empty word is no class.
    """
    if values.dtype.kind == "b":
        return ByClass(name, lambda: Coloured(values.astype(np.int64), ("no", "yes")))
    if values.dtype.kind in "iuf":
        numbers = values.astype(np.float32)
        return ByNumber(name, "", lambda _: numbers)
    return ByClass(name, lambda: _of_words(values)) if len({*values.tolist()} - {""}) <= MOST_CLASSES else None


def by_factor(factors: Factors, k: int) -> Colouring | None:
    """One of the factors that made the examples: numbers, or words as classes; None where there are too many words."""
    name, values, levels = f"factor: {factors.names[k]}", factors.values[k], factors.levels[:, k].numpy()
    if isinstance(values[0], str):
        classes = factors.words(k)
        return ByClass(name, lambda: Coloured(levels, classes)) if len(classes) <= MOST_CLASSES else None
    numbers = np.asarray(values, np.float32)[levels]
    return ByNumber(name, "", lambda _: numbers)


def _of_words(values: NDArray[Any]) -> Coloured:
    words = values.astype(str)
    known = np.unique(words[words != ""])
    index = np.where(words == "", UNLABELLED, np.searchsorted(known, words))
    return Coloured(index.astype(np.int64), tuple(known.tolist()))


def of_clusters(found: Labels) -> Coloured:
    """(N,) clusters from 0, or negative for none, as classes with a number each."""
    return Coloured(found, tuple(f"cluster {k + 1}" for k in range(found.max(initial=-1) + 1)))
