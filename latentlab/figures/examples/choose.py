"""Which way the examples of some data are drawn."""

from __future__ import annotations

from latentlab.analysis.columns import Columns
from latentlab.data import Kind
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.examples.images import Images
from latentlab.figures.examples.lanes import MOST, Bars, Curves


def appearance(kind: Kind, shape: tuple[int, ...], columns: Columns | None) -> Appearance:
    """How examples of a kind are drawn; what is no image has columns."""
    if columns is None:
        return Images(shape)
    shown = tuple(range(min(len(columns.names), MOST)))
    return Curves(columns, shown) if kind is Kind.SEQUENCE else Bars(columns, shown)
