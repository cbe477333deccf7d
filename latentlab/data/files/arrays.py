"""Arrays as examples: which axis counts them, what one of them is, and its intensities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError, Kind
from latentlab.data.files.archives import counted
from latentlab.data.files.axes import as_images, examples_first, is_sequence, times_first
from latentlab.data.files.images.intensities import to_bytes
from latentlab.data.files.splitting import SHARES, Shares

if TYPE_CHECKING:
    from latentlab.data.files.tables.roles import Roles

Values = NDArray[Any]

QUICK_DRAW = 28 * 28  # values of a bitmap that was saved as a row


class Stored(NamedTuple):
    """An array in a file: what its header says, and how it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]  # of kind b, i, u, f, U, S, or O for text
    read: Callable[[], Values]  # raises DataError

    @property
    def is_numeric(self) -> bool:
        """Whether it holds real numbers."""
        return self.dtype.kind in "biuf"


class Examples(NamedTuple):
    """What a reader found; the rows of everything belong together."""

    x: Values  # (N, *shape), images as uint8, vectors and sequences as float32
    labels: Values | None  # (N,) numbers or text
    columns: Mapping[str, Values]  # (N,) each: what isn't part of x
    features: tuple[str, ...]  # the names of a vector's numbers, where they have names
    notes: tuple[str, ...]  # what was done, a sentence each
    kind: Kind | None = None  # what an example is; by its shape if None
    split: Values | None = None  # (N,) 0 train, 1 validation, 2 test, where the file divides them itself
    classes: tuple[str, ...] = ()  # names of the classes, where the labels are indices of them
    id: str = ""  # the column that names an example
    title: str = ""  # the column that describes an example in words
    label: str = "label"  # what the labels are called in the file
    rows: Values | None = None  # (N,) which rows of the file they are, where some were dropped
    n_rows: int = 0  # how many rows the file has, where some were dropped
    roles: Roles | None = None  # what the columns of a table are for
    n_channels: int = 0  # that images have in the file
    shares: Shares = SHARES  # of the parts, where the file doesn't divide them itself
    times: Values | None = None  # (N,) float64 seconds from 1970, NaN for none, where the rows are readings in time
    file: Values | None = None  # (N,) int64, with times: the number of the file that each is from
    series: Values | None = None  # (N,) int64, with times: other numbers where something was left out between two rows

    def take(self, rows: Values) -> Examples:
        """Some of the rows: a mask, or their numbers."""
        single = (self.labels, self.split, self.times, self.file, self.series)
        labels, split, times, file, series = (None if each is None else each[rows] for each in single)
        columns = {name: column[rows] for name, column in self.columns.items()}
        where = (np.arange(len(self.x)) if self.rows is None else self.rows)[rows]
        return self._replace(
            x=self.x[rows], labels=labels, split=split, times=times, file=file, series=series,
            columns=columns, rows=where, n_rows=self.n_rows or len(self.x),
        )  # fmt: skip


def as_examples(x: Values, labels: Values | None, name: str, channels: tuple[int, ...] = ()) -> Examples:
    """An array by itself, or with a label for each example, as `rows_as_examples` does.

    Where the labels count the last axis, as MATLAB's do, that one counts the examples.

    Args:
        x: (N, …) or (…, N) numbers.
        labels: (N,) numbers or text.
        name: of the file, for a message.
        channels: of images, as of `ReadOptions`.

    Raises:
        DataError: text, no shape that examples have, or nothing left.
    """
    x, turned = examples_first(x, frozenset() if labels is None else {len(labels)}, name)
    if labels is not None and labels.shape != (len(x),):
        note = f"The labels are not used: there are {len(labels):,} for {counted(len(x), 'example')}."
        labels, turned = None, (*turned, note)
    return rows_as_examples(Examples(x, labels, {}, (), turned), name, channels)


def rows_as_examples(found: Examples, name: str, channels: tuple[int, ...] = ()) -> Examples:
    """Rows of any shape as vectors, as images or as sequences, by their shape and the kind of their numbers.

    Rows with NaN or infinity are left out.

    Args:
        found: `x` as it was in the file, (N, …).
        name: of the file, for a message.
        channels: of images, as of `ReadOptions`.

    Raises:
        DataError: text, no shape that examples have, or nothing left.
    """
    x, notes = found.x, found.notes
    if x.dtype.kind not in "biuf":
        raise DataError(f"{name} holds text; numbers are needed.")
    if x.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what float32 can't hold is infinite, and dropped
            x = x.astype(np.float32)
        good = np.asarray(np.isfinite(x).reshape(len(x), -1).all(axis=1))
        if not good.any():
            raise DataError(f"{name} has NaN or infinity in every example.")
        if not good.all():
            notes = (*notes, f"{counted(int((~good).sum()), 'example')} dropped: NaN or infinity.")
            found, x = found.take(good), x[good]
    x, kind, what, n_channels = _formed(x, name, channels)
    return found._replace(x=x, kind=kind, notes=(*what, *notes), n_channels=n_channels)


def _formed(x: Values, name: str, channels: tuple[int, ...]) -> tuple[Values, Kind | None, tuple[str, ...], int]:
    """The examples as a data set holds them, their kind, what they are in sentences, and how many channels they had."""
    n = f"{len(x):,}"
    if x.ndim == 2 and x.dtype == np.uint8 and x.shape[1:] == (QUICK_DRAW,):
        x = x.reshape(-1, 28, 28)
    if x.ndim == 2:
        return np.asarray(x, np.float32), None, (f"{n} vectors of {counted(x.shape[1], 'number')}.",), 0
    if is_sequence(x):
        x = np.ascontiguousarray(times_first(x), np.float32)
        values = counted(x.shape[2], "value")
        return x, Kind.SEQUENCE, (f"{n} series of {values} at each of {x.shape[1]:,} times.",), 0
    images = as_images(x, name, channels)
    out, scaled = to_bytes(images.x)
    height, width = out.shape[2:]
    size = f"{width} x {height} pixels, {'gray' if out.shape[1] == 1 else 'in colour'}"
    return out, Kind.IMAGE, (f"{n} images of {size}.", *images.notes, *scaled), images.n_channels
