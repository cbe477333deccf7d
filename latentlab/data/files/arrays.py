"""Arrays from .npy, .npz and IDX files: the header is checked before the data are read, and nothing is unpickled."""

from __future__ import annotations

import gzip
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError, Kind
from latentlab.data.files.archives import UNREADABLE, check_inflated_size, counted, listing, open_zip, shown, unusable

Values = NDArray[Any]

DATA_KEYS = ("x", "images", "data", "arr_0")
LABEL_KEYS = ("y", "labels", "label", "target")
QUICK_DRAW = 28 * 28  # values of a bitmap that was saved as a row
MAX_DIMENSIONS = 4  # example, channel, row, column
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# What NumPy raises on a header that is no literal, or the literal of something else.
BAD_HEADER = (LookupError, SyntaxError, TypeError, MemoryError, tokenize.TokenError)
GZIP = b"\x1f\x8b"
KINDS = {"O": "Python objects, which are never unpickled", "c": "complex numbers", "V": "records", "M": "dates"}


class Examples(NamedTuple):
    """What a reader found; the rows of everything belong together."""

    x: Values  # (N, *shape), images as uint8 or vectors as float32
    labels: Values | None  # (N,) numbers or text
    columns: Mapping[str, Values]  # (N,) each: what isn't part of x
    features: tuple[str, ...]  # the names of a vector's numbers, where they have names
    notes: tuple[str, ...]  # what was done, a sentence each
    kind: Kind | None = None  # what an example is; by its shape if None
    split: Values | None = None  # (N,) 0 train, 1 validation, 2 test, where the file divides them itself
    classes: tuple[str, ...] = ()  # names of the classes, where the labels are indices of them
    id: str = ""  # the column that names an example
    title: str = ""  # the column that describes an example in words
    rows: Values | None = None  # (N,) which rows of the file they are, where some were dropped
    n_rows: int = 0  # how many rows the file has, where some were dropped

    def take(self, rows: Values) -> Examples:
        """Some of the rows: a mask, or their numbers."""
        labels, split = (None if each is None else each[rows] for each in (self.labels, self.split))
        columns = {name: column[rows] for name, column in self.columns.items()}
        where = (np.arange(len(self.x)) if self.rows is None else self.rows)[rows]
        return self._replace(
            x=self.x[rows], labels=labels, split=split, columns=columns, rows=where, n_rows=self.n_rows or len(self.x)
        )


def read_npy(path: Path) -> Examples:
    """The examples of a .npy file, without labels.

    Raises:
        DataError: damaged, too large, or not numbers.
    """
    with path.open("rb") as stream:
        array = _read_array(stream, shown(path.name), path.stat().st_size)
    return as_examples(array, None, {}, shown(path.name))


def read_npz(path: Path) -> Examples:
    """The examples of a .npz file: one of `DATA_KEYS`, and one of `LABEL_KEYS` if it is there.

    Other arrays with one value for each example become columns.

    Raises:
        DataError: damaged, too large, not numbers, or none of the keys.
    """
    name = shown(path.name)
    with open_zip(path) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        key = _first(DATA_KEYS, infos)
        if key is None:
            raise DataError(
                f"{name} has no array called {', '.join(DATA_KEYS)}, only {listing(list(infos)) or 'none'}."
            )
        label = _first(LABEL_KEYS, infos)

        x = _read_member(archive, infos[key], f"{name}: {shown(key)}")
        labels = _read_member(archive, infos[label], f"{name}: {shown(label)}") if label else None
        others = [other for other in infos if other not in (key, label)]
        columns = {}
        for other in others:
            with suppress(DataError):  # it isn't needed, and is named below
                columns[other] = _read_member(archive, infos[other], other)
    columns = {other: column for other, column in columns.items() if column.shape == x.shape[:1]}
    found = as_examples(x, labels, columns, name)
    unused = [other for other in others if other not in columns]
    return found._replace(notes=(*found.notes, f"Not used: {listing(unused)}.")) if unused else found


def read_idx(path: Path) -> Examples:
    """The examples of an IDX file, gzipped or not, with the labels of the file next to it.

    That one is called alike: `train-labels-idx1-ubyte` beside `train-images-idx3-ubyte`.

    Raises:
        DataError: damaged, too large, or labels for another number of examples.
    """
    labels_name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    places = [path.with_name(labels_name + suffix) for suffix in ("", ".gz")]
    place = next((one for one in places if one.is_file() and one.name != path.name and labels_name != path.name), None)
    labels = _read_idx_array(place) if place else None
    found = as_examples(_read_idx_array(path), labels, {}, shown(path.name))
    note = f"Labels from {shown(place.name)}." if place else f"No labels: there is no {shown(labels_name)} next to it."
    return found._replace(notes=(*found.notes, note))


def is_idx(path: Path) -> bool:
    """Whether a file starts as an IDX file does, gzipped or not."""
    try:
        with _unzipped(path) as stream:
            start = stream.read(4)
    except UNREADABLE:
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in IDX_TYPES and start[3] > 0


def as_examples(x: Values, labels: Values | None, columns: Mapping[str, Values], name: str) -> Examples:
    """An array as images (three or four dimensions, or Quick, Draw! bitmaps) or as vectors (two dimensions).

    Rows with NaN or infinity are left out.

    Raises:
        DataError: another number of dimensions, labels of another length, or nothing left.
    """
    if x.dtype.kind not in "biuf":
        raise DataError(f"{name} holds text; numbers are needed.")
    if not 2 <= x.ndim <= MAX_DIMENSIONS or 0 in x.shape:
        raise DataError(f"{name} has the shape {x.shape}; examples are rows, or images of (N, height, width).")
    if labels is not None:
        labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
        if labels.shape != (len(x),):
            given = counted(len(labels), "label") if labels.ndim == 1 else f"labels of shape {labels.shape}"
            raise DataError(f"{name} has {given} for {counted(len(x), 'example')}.")
    with np.errstate(over="ignore"):  # what float32 can't hold is infinite, and dropped
        x = x.astype(np.float32) if x.dtype.kind == "f" or (x.ndim == 2 and x.dtype != np.uint8) else x
    notes = []
    if x.dtype.kind == "f":
        good = np.isfinite(x).reshape(len(x), -1).all(axis=1)
        if not good.all():
            if not good.any():
                raise DataError(f"{name} has NaN or infinity in every example.")
            notes.append(f"{counted(int((~good).sum()), 'example')} dropped: NaN or infinity.")
            x, labels = x[good], labels if labels is None else labels[good]
            columns = {key: column[good] for key, column in columns.items()}
    x, what = _as_images(x, name) if x.ndim > 2 or _is_quick_draw(x) else (x.astype(np.float32), "")
    size = "vectors of " + counted(x.shape[1], "number") if x.ndim == 2 else f"images of {_size(x.shape)}"
    return Examples(x, labels, columns, (), (f"{len(x):,} {size}{what}.", *notes))


def _is_quick_draw(x: Values) -> bool:
    return x.dtype == np.uint8 and x.shape[1:] == (QUICK_DRAW,)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[3]} x {shape[2]} pixels, {'gray' if shape[1] == 1 else 'in colour'}"


def _as_images(x: Values, name: str) -> tuple[NDArray[np.uint8], str]:
    """(N, C, H, W) uint8, and what was done to the intensities."""
    if x.ndim == 2:
        x = x.reshape(-1, 28, 28)
    if x.ndim == 3:
        x = x[:, None]
    elif x.shape[1] not in (1, 3) and x.shape[3] in (1, 3):
        x = x.transpose(0, 3, 1, 2)
    if x.shape[1] not in (1, 3):
        raise DataError(
            f"{name} has the shape {x.shape}; images have one channel or three, before or after their sides."
        )
    low, high = float(x.min()), float(x.max())
    if low >= 0 and 1 < high <= 255 and (x.dtype.kind != "f" or (x == np.rint(x)).all()):
        return np.ascontiguousarray(x.astype(np.uint8)), ""
    if low >= 0 and high <= 1:
        low, high, what = 0.0, 1.0, ", from 0 ... 1 to 0 ... 255"
    else:
        what = f", from {low:g} ... {high:g} to 0 ... 255"
    scaled = (x.astype(np.float32) - low) / ((high - low) or 1) * 255
    return np.ascontiguousarray(np.rint(scaled).astype(np.uint8)), what


def _first(keys: tuple[str, ...], found: Mapping[str, object]) -> str | None:
    by_lower = {key.lower(): key for key in reversed(list(found))}
    return next((by_lower[key] for key in keys if key in by_lower), None)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Values:
    if why := unusable(info):
        raise DataError(f"{name} can't be read: it is {why}.")
    try:
        stream = archive.open(info)
    except UNREADABLE as error:
        raise DataError(f"{name} is damaged.") from error
    with stream:
        return _read_array(stream, name, info.file_size)


def _read_array(stream: IO[bytes], name: str, n_bytes: int) -> Values:
    """An array of numbers or text in NumPy's format, which takes `n_bytes` with its header."""
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read_header(stream)
    except (*UNREADABLE, *BAD_HEADER) as error:
        raise DataError(f"{name} is not an array in NumPy's format, or a damaged one.") from error
    if dtype.kind not in "biufUS":
        kind = KINDS.get("O" if dtype.hasobject else dtype.kind, "no numbers")
        raise DataError(f"{name} holds {kind}; numbers are needed.")
    if any(size < 0 for size in shape):
        raise DataError(f"{name} is damaged: its header says {shape}.")
    n_values = _product(shape)
    _check_size(name, n_values * max(dtype.itemsize, 1), n_bytes)
    try:
        content = stream.read(n_values * dtype.itemsize)  # never more than was claimed
    except UNREADABLE as error:
        raise DataError(f"{name} is damaged.") from error
    if len(content) != n_values * dtype.itemsize:
        raise DataError(f"{name} is cut off: its header says {shape}, the data are fewer.")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def _product(shape: tuple[int, ...]) -> int:
    """In Python's integers, which don't overflow."""
    total = 1
    for size in shape:
        total *= size
    return total


def _check_size(name: str, claimed: int, present: int) -> None:
    check_inflated_size(name, claimed, max(present, 1))
    if claimed > present:
        raise DataError(f"{name} is cut off: its header promises {claimed:,} bytes, the file has {present:,}.")


def _unzipped(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        zipped = stream.read(2) == GZIP
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _read_idx_array(path: Path) -> Values:
    name = shown(path.name)
    try:
        with _unzipped(path) as stream:
            zero, kind, n_dimensions = struct.unpack(">HBB", stream.read(4))
            if zero or kind not in IDX_TYPES or not 0 < n_dimensions <= MAX_DIMENSIONS:
                raise DataError(f"{name} is not an IDX file.")
            shape = struct.unpack(f">{n_dimensions}I", stream.read(4 * n_dimensions))
            dtype = np.dtype(IDX_TYPES[kind])
            n_bytes = _product(shape) * dtype.itemsize
            check_inflated_size(name, n_bytes, path.stat().st_size)
            content = stream.read(n_bytes + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"{name} is damaged: {error}.") from error
    if len(content) != n_bytes:
        held = "more" if len(content) > n_bytes else f"{len(content):,}"
        raise DataError(f"{name} should hold {n_bytes:,} bytes after its header, and holds {held}.")
    return np.frombuffer(content, dtype).reshape(shape)
