"""A table as columns of arrays, whichever file it came from."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import listing, shown
from latentlab.data.files.arrays import Values


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a table, each with a value for each row.

    Attributes:
        columns: (N,) booleans, int64, float64 with NaN for nothing, text, or the bytes of images (as objects); or
            (N, D) float32 where each cell holds D numbers.
        notes: how it was read, a sentence each.
        id: the column that names its row, where the file says so.
        classes: column -> names of what its numbers are indices of.
        files: the column that says which of several files a row is from.
        time: the column of the times of readings, where the files say so.
    """

    columns: Mapping[str, Values]
    notes: tuple[str, ...] = ()
    id: str = ""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: str = ""
    time: str = ""

    @classmethod
    def usable(
        cls, found: Mapping[str, Values | None], nothing: str, classes: Mapping[str, tuple[str, ...]] | None = None
    ) -> Table:
        """The columns that could be read; those that are None are left out, and named in a note.

        Args:
            found: column -> its values, None where its cells can't be used.
            nothing: what to say where no column can be.
            classes: column -> names of what its numbers are indices of.

        Raises:
            DataError: no column can be used.
        """
        columns = {name: values for name, values in found.items() if values is not None}
        if not columns:
            raise DataError(nothing)
        left = [name for name in found if name not in columns]
        notes = (f"Left out, as their cells are neither values nor lists of as many numbers each: {listing(left)}.",)
        known = {name: names for name, names in (classes or {}).items() if name in columns}
        return cls(columns, notes if left else (), "", known)

    @property
    def n_rows(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.columns.values()), ()))

    def holds_lists(self, name: str) -> bool:
        """Whether each cell of a column holds several numbers."""
        return self.columns[name].ndim == 2

    def holds_images(self, name: str) -> bool:
        """Whether each cell of a column holds the bytes of a file."""
        values = self.columns[name]
        return values.dtype.kind == "O" and any(isinstance(value, bytes) for value in values[:100])

    def is_text(self, name: str) -> bool:
        """Whether a column holds words."""
        return self.columns[name].dtype.kind == "O" and not self.holds_images(name)


def check_names(wanted: Sequence[str], columns: Sequence[str], name: str) -> None:
    """Refuse a name that no column has, with the names that are most like it.

    Raises:
        DataError: no such column.
    """
    for one in wanted:
        if one not in columns:
            lower = {column.lower(): column for column in columns}
            close = [lower[found] for found in difflib.get_close_matches(one.lower(), list(lower), 3, 0.6)]
            have = f"; the closest is {listing(close)}" if close else f", only {listing(list(columns))}"
            raise DataError(f"{name} has no column called {shown(one)}{have}.")
