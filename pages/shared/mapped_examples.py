"""The examples of a map in its order: as models take them, as the user's file has them, and what it says of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.maps.examples import all_examples, all_rows
from latentlab.data import Dataset, Library
from latentlab.data.files.arrays import Values
from latentlab.subjects import Subject
from pages.components import digest
from pages.shared import cached
from pages.shared.remember import remember

IDS = ("id", "uuid", "guid", "key", "name", "title", "file", "filename", "path", "image_id")  # of columns that name
TITLES = ("title", "name", "caption", "text", "description", "sentence")  # of columns that describe
LONGEST = 80  # letters of a title where there is little room
CHUNK = 10_000  # examples that are scaled at once


@dataclass(frozen=True, eq=False)
class MappedExamples:
    """N examples, those of the test set first.

    Attributes:
        key: no other examples have it.
        data: as models take them.
        own: (N, *shape) as they were given: vectors in their own units.
        n_test: so many of them, the first, are of the test set.
        rows: (N,) the row of each among the user's, from 0; None where they aren't the user's, or that isn't known.
        columns: name -> (N,), what else the user's file says of each.
        id: the column that names an example; empty where none does.
        title: the column that describes one in words, another than `id`; empty where none does.
    """

    key: str
    data: Dataset
    own: Tensor
    n_test: int
    rows: NDArray[np.int64] | None
    columns: Mapping[str, Values]
    id: str
    title: str

    @property
    def number_names(self) -> tuple[str, ...]:
        """The names of an example's numbers: of a sequence each with its step; their places where none are given."""
        n = math.prod(self.data.shape)
        known = self.data.names or tuple(str(k + 1) for k in range(n))
        steps = n // len(known)
        return tuple(name if steps == 1 else f"{name}, {step + 1}" for step in range(steps) for name in known)

    def name(self, index: int) -> str:
        """What the user calls an example: by its id, else its row, else its place on the map."""
        if self.id:
            return str(self.columns[self.id][index])
        return f"row {self.rows[index]}" if self.rows is not None else f"example {index}"

    def caption(self, index: int) -> str:
        """What describes an example of the user's: its title, cut where it is long, else its name; else nothing."""
        if self.title:
            said = str(self.columns[self.title][index])
            return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
        return self.name(index) if self.id or self.rows is not None else ""


@remember(3)
def of_data(dataset: str, n: int) -> MappedExamples:
    """The first n examples of a data set, those of the test set first."""
    library = Library.default()
    if dataset not in library:
        splits = cached.splits(dataset)
        data = all_examples(splits, n)
        key = digest(data.x.numpy(), data.y.numpy())
        return MappedExamples(key, data, data.x, min(n, len(splits.test)), None, {}, "", "")
    opened, scale, fingerprint = cached.own_data(dataset)
    own = all_examples(opened.splits, n)
    x = torch.cat([scale.to_unit(part) for part in own.x.split(CHUNK)]) if scale is not None else own.x
    rows = all_rows(opened.rows)[: len(own)]
    columns = {name: values[rows] for name, values in opened.columns.items()}
    named = opened.id or called(columns, IDS)
    title = opened.title or called([name for name in columns if name != named], TITLES)
    key = digest(f"{fingerprint} {len(own)}".encode())
    n_test = min(n, len(opened.splits.test))
    return MappedExamples(key, replace(own, x=x), own.x, n_test, rows, columns, named, title)


@remember(8)
def saved_with(run: Subject) -> MappedExamples:
    """The test examples that are saved with a run: its data needn't be on this machine."""
    data = cached.examples(run)
    own = data.x if data.scale is None else data.scale.back(data.x)
    return MappedExamples(digest(data.x.numpy(), data.y.numpy()), data, own, len(data), None, {}, "", "")


def called(columns: Iterable[str], names: tuple[str, ...]) -> str:
    """The first column that has one of some names; empty where none has."""
    return next((column for column in columns if column.strip().lower() in names), "")
