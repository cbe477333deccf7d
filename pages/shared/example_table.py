"""Examples as rows of a table, named as the user names them, with the user's own numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.export.csv_text import csv_text
from pages.shared.spaces import Space

Column = tuple[str, NDArray[Any]]  # its name, and a value for each example

SHOWN = 12  # numbers of a vector, or columns of a file


def example_table(
    space: Space, ids: NDArray[np.int64], alt: str, measured: Mapping[str, NDArray[Any]], key: str = ""
) -> int | None:
    """Draw some examples as a table: what names them, something measured of each, and the first that is known of them.

    Args:
        space: of the examples.
        ids: (M,) which of them.
        alt: the table in words.
        measured: name -> (M,).
        key: of a table of which a row can be chosen.

    Returns:
        the row that is chosen, if any.
    """
    first, *rest = identity(space, ids)
    columns = [first, *measured.items(), *rest, *others(space, ids)[:SHOWN]]
    if not space.is_image:
        columns += numbers(space, ids)[:SHOWN]
    if not key:
        st.dataframe(distinct(columns), hide_index=True, alt=alt)
        return None
    event = st.dataframe(
        distinct(columns), hide_index=True, alt=alt, on_select="rerun", selection_mode="single-row", key=key
    )
    return event.selection.rows[0] if event.selection.rows else None


def identity(space: Space, ids: NDArray[np.int64]) -> list[Column]:
    """What says which examples these are: the user's id and title, the row, the class."""
    known = space.examples
    of_file = [(name, known.columns[name][ids]) for name in (known.id, known.title) if name]
    at = ("row", known.rows[ids]) if known.rows is not None else ("example", ids)
    names = np.array([*space.data.classes, ""], object)
    of_class = [("class", names[space.data.y.numpy()[ids]])] if space.data.classes else []
    return [*of_file, at, *of_class]


def others(space: Space, ids: NDArray[np.int64]) -> list[Column]:
    """The other columns of the user's file."""
    known = space.examples
    return [(name, values[ids]) for name, values in known.columns.items() if name not in (known.id, known.title)]


def numbers(space: Space, ids: NDArray[np.int64]) -> list[Column]:
    """The numbers that examples are, as they were given."""
    own = space.examples.own[torch.from_numpy(ids)].flatten(1).numpy()
    return list(zip(space.examples.number_names, own.T, strict=True))


def distinct(columns: Sequence[Column]) -> dict[str, NDArray[Any]]:
    """The columns by name; one that has the name of a column before it is marked."""
    found: dict[str, NDArray[Any]] = {}
    for name, values in columns:
        free = (name if k == 1 else f"{name} ({k})" for k in itertools.count(1))
        found[next(one for one in free if one not in found)] = values
    return found


def table_csv(table: Mapping[str, NDArray[Any]]) -> str:
    """Columns as CSV; a number is written so that it is read as the same."""
    cells = [values.astype(str).tolist() for values in table.values()]
    return csv_text([list(table), *map(list, zip(*cells, strict=True))])
