"""NumPy's files, .npy and .npz: the header is checked before the data are read, and nothing is unpickled."""

from __future__ import annotations

import math
import tokenize
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import UNREADABLE, check_inflated_size, open_zip, shown, unusable
from latentlab.data.files.arrays import Examples, Stored, Values, as_examples
from latentlab.data.files.containers.named_arrays import examples_of
from latentlab.data.files.containers.sparse import is_sparse, read_sparse
from latentlab.data.files.options import ReadOptions

# What NumPy raises on a header that is no literal, or the literal of something else.
BAD_HEADER = (LookupError, SyntaxError, TypeError, MemoryError, tokenize.TokenError)
KINDS = {"O": "Python objects, which are never unpickled", "c": "complex numbers", "V": "records", "M": "dates"}
Header = tuple[tuple[int, ...], bool, np.dtype[Any]]  # shape, whether in Fortran's order, kind of the values


def read_npy(path: Path, options: ReadOptions) -> Examples:
    """The examples of a .npy file, without labels.

    Raises:
        DataError: damaged, too large, or not numbers.
    """
    return as_examples(stored_npy(path).read(), None, shown(path.name), options.channels)


def stored_npy(path: Path) -> Stored:
    """The array of a .npy file.

    Raises:
        DataError: damaged, too large, or not numbers or text.
    """
    name = shown(path.name)
    with path.open("rb") as stream:
        shape, _, dtype = _read_header(stream, name, path.stat().st_size)

    def read() -> Values:
        with path.open("rb") as stream:
            return _read_values(stream, _read_header(stream, name, path.stat().st_size), name)

    return Stored(shape, dtype, read)


def read_npz(path: Path, options: ReadOptions) -> Examples:
    """The examples of a .npz file by the names of its arrays, see `named_arrays`, or SciPy's sparse matrix in one.

    Raises:
        DataError: damaged, too large, or no array that can be the examples.
    """
    name = shown(path.name)
    with open_zip(path) as archive:
        stored, unread = {}, {}
        for info in archive.infolist():
            key = info.filename.removesuffix(".npy")
            try:
                stored[key] = _member(archive, info, f"{name}: {shown(key)}")
            except DataError as error:
                unread[key] = error
        if is_sparse(stored):
            return read_sparse(stored, name)
        return examples_of(stored, options, name, unread)


def members_of(archive: zipfile.ZipFile, name: str) -> dict[str, Stored]:
    """The arrays of an open .npz.

    Raises:
        DataError: one is damaged, too large, or not numbers or text.
    """
    return {
        info.filename.removesuffix(".npy"): _member(archive, info, f"{name}: {shown(info.filename)}")
        for info in archive.infolist()
    }


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Stored:
    if why := unusable(info):
        raise DataError(f"{name} can't be read: it is {why}.")

    def opened() -> tuple[IO[bytes], Header]:
        try:
            stream = archive.open(info)
        except UNREADABLE as error:
            raise DataError(f"{name} is damaged.") from error
        return stream, _read_header(stream, name, info.file_size)

    def read() -> Values:
        stream, header = opened()
        with stream:
            return _read_values(stream, header, name)

    stream, (shape, _, dtype) = opened()
    stream.close()
    return Stored(shape, dtype, read)


def _read_header(stream: IO[bytes], name: str, n_bytes: int) -> Header:
    """What an array in NumPy's format is that takes `n_bytes` with its header: numbers or text."""
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
    claimed = math.prod(shape) * max(dtype.itemsize, 1)
    check_inflated_size(name, claimed, max(n_bytes, 1))
    if claimed > n_bytes:
        raise DataError(f"{name} is cut off: its header promises {claimed:,} bytes, the file has {n_bytes:,}.")
    return shape, fortran, dtype


def _read_values(stream: IO[bytes], header: Header, name: str) -> Values:
    shape, fortran, dtype = header
    n_bytes = math.prod(shape) * dtype.itemsize
    try:
        content = stream.read(n_bytes)  # never more than was claimed
    except UNREADABLE as error:
        raise DataError(f"{name} is damaged.") from error
    if len(content) != n_bytes:
        raise DataError(f"{name} is cut off: its header says {shape}, the data are fewer.")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
