"""MATLAB's .mat files: version 5 by SciPy, and 7.3, which is HDF5, by h5py."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MAX_BYTES, check_inflated_size, shown
from latentlab.data.files.arrays import Examples, Stored, Values, as_examples
from latentlab.data.files.hdf5 import is_hdf5, read_hdf5
from latentlab.data.files.named_arrays import examples_of
from latentlab.data.files.options import ReadOptions

HEADER = 128  # bytes before the first element
COMPRESSED = 15  # the kind of a zipped element
CHUNK = 1 << 20
DEEPEST = 4  # structures within structures
UNREADABLE = (
    ValueError, TypeError, LookupError, ArithmeticError, MemoryError, OSError, EOFError, AttributeError, zlib.error,
    struct.error, RuntimeError,
)  # fmt: skip


def read_mat(path: Path, options: ReadOptions) -> Examples:
    """The examples among the variables of a .mat file; those in structures are called `structure.field`.

    A lone matrix of bytes that is wider than high holds an image in each column, as MATLAB's users save them.

    Raises:
        DataError: damaged, too large, or no variable that can be the examples.
    """
    name = shown(path.name)
    if is_hdf5(path):
        return read_hdf5(path, options, transposed=True)
    content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    check_inflated_size(name, _inflated(content, name), path.stat().st_size)
    from scipy.io import loadmat

    try:
        found = loadmat(io.BytesIO(content), simplify_cells=True, verify_compressed_data_integrity=False)
    except UNREADABLE as error:
        raise DataError(f"{name} is no .mat file that can be read, or a damaged one.") from error
    stored, unread = dict[str, Stored](), dict[str, DataError]()
    for key, value in _variables(found):
        array = _array(value)
        if array is None:
            unread[key] = DataError(f"{name}: {shown(key)} holds no numbers or text that can be read.")
        else:
            stored[key] = Stored(array.shape, array.dtype, lambda array=array: array)  # type: ignore[misc]
    if len(stored) == 1 and not options.named:
        array = next(iter(stored.values())).read()
        if array.ndim == 2 and array.dtype == np.uint8 and array.shape[0] < array.shape[1]:
            found = as_examples(array.T, None, name)
            note = f"Each of its {array.shape[1]:,} columns is an example; if the rows are, save the transpose."
            return found._replace(notes=(*found.notes, note))
    return examples_of(stored, options, name, unread)


def _variables(found: dict[str, Any], within: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        if not within and key.startswith("__"):
            continue
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _variables(value, f"{within}{key}.", depth + 1)
        else:
            yield f"{within}{key}", value


def _array(value: Any) -> Values | None:
    """Numbers or text; None for anything else."""
    if isinstance(value, list) or (isinstance(value, np.ndarray) and value.dtype == object):
        cells = list(value.ravel()) if isinstance(value, np.ndarray) else value
        return np.array(cells, object) if cells and all(isinstance(one, str) for one in cells) else None
    if isinstance(value, np.ndarray | int | float | str | np.generic):
        array = np.asarray(value)
        return array if array.dtype.kind in "biufU" else None
    return None


def _inflated(content: bytes, name: str) -> int:
    """How many bytes the elements hold, without keeping them; more than the limit is not counted to the end.

    Raises:
        DataError: too large a file, or no element in it.
    """
    total, at = 0, HEADER
    order = ">" if content[126:128] == b"MI" else "<"
    while at + 8 <= len(content):
        kind, n_bytes = struct.unpack_from(f"{order}II", content, at)
        total += n_bytes
        if kind == COMPRESSED:
            packed, inflate = content[at + 8 : at + 8 + n_bytes], zlib.decompressobj()
            try:
                while packed and not inflate.eof and total <= MAX_BYTES:
                    total += len(inflate.decompress(packed, CHUNK))
                    packed = inflate.unconsumed_tail
            except zlib.error as error:
                raise DataError(f"{name} is damaged.") from error
        at += 8 + n_bytes
    return total
