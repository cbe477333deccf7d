"""Labels of one's own for examples that are there already: a CSV with their index, as the map of the codes exports."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.attributes import grouped
from latentlab.data import UNLABELLED

LISTED = "listed or not"  # a question that any such file answers: a selection is a group
INDEX = "index"
MAX_BYTES = 64 << 20
MOST_CLASSES = 20

Labels = NDArray[np.int64]


class LabelError(ValueError):
    """A file that labels no examples; the message is one sentence for the user."""


@dataclass(frozen=True, eq=False)
class OwnLabels:
    """What a file says of some examples.

    Attributes:
        index: (M,) which examples it lists.
        columns: name -> (M,) cells, the index left out.
    """

    index: Labels
    columns: dict[str, tuple[str, ...]]

    def questions(self) -> list[str]:
        """What can be asked: whether an example is listed, and each column that has an answer for it."""
        return [LISTED, *(name for name in self.columns if self._answers(name))]

    def labels(self, question: str, n: int) -> tuple[Labels, tuple[str, ...]]:
        """The labels of the first n examples by one of `questions`, and the names of the classes.

        Raises:
            LabelError: there is no such question, or the file lists examples beyond the first n.
        """
        if len(self.index) and int(self.index.max()) >= n:
            raise LabelError(f"The file lists example {self.index.max():,}, but there are {n:,} here.")
        if question == LISTED:
            member = np.zeros(n, np.int64)
            member[self.index] = 1
            return member, ("others", "listed")
        if question not in self.columns:
            raise LabelError(f"The file has no column {question[:40]!r}.")
        labels = np.full(n, UNLABELLED, np.int64)
        labels[self.index], names = self._classes(question)
        return labels, names

    def _answers(self, name: str) -> bool:
        cells = set(self.columns[name]) - {""}
        return len(cells) > 1 and (len(cells) <= MOST_CLASSES or bool(np.isfinite(_numbers(self.columns[name])).any()))

    def _classes(self, name: str) -> tuple[Labels, tuple[str, ...]]:
        cells = self.columns[name]
        known = sorted(set(cells) - {""})
        if len(known) > MOST_CLASSES:
            return grouped(_numbers(cells))
        place = {cell: k for k, cell in enumerate(known)} | {"": UNLABELLED}
        return np.array([place[cell] for cell in cells], np.int64), tuple(known)


def read_labels(content: bytes) -> OwnLabels:
    """Read a CSV whose column "index" says which example each row is about.

    Raises:
        LabelError: it is too large, no CSV, or its index isn't one.
    """
    if len(content) > MAX_BYTES:
        raise LabelError("The file is larger than 64 MB.")
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelError("The file can't be read as CSV.") from error
    if not rows or INDEX not in rows[0]:
        raise LabelError("The file has no column “index” that says which example each row is about.")
    if any(None in row or None in row.values() for row in rows):
        raise LabelError("The rows of the file have different lengths.")
    try:
        index = np.array([int(row[INDEX]) for row in rows], np.int64)
    except (ValueError, OverflowError) as error:
        raise LabelError("The column “index” holds something else than whole numbers.") from error
    if index.min() < 0 or len(np.unique(index)) != len(index):
        raise LabelError("The column “index” names an example twice, or one before the first.")
    names = [name for name in rows[0] if name != INDEX]
    return OwnLabels(index, {name: tuple(row[name].strip() for row in rows) for name in names})


def _numbers(cells: tuple[str, ...]) -> NDArray[np.float64]:
    found = np.full(len(cells), np.nan)
    for k, cell in enumerate(cells):
        try:
            found[k] = float(cell)
        except ValueError:
            continue
    return found
