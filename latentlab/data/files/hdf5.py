"""HDF5 files by h5py: .h5, .hdf5, MATLAB's 7.3 and AnnData's .h5ad. Nothing outside the file is opened for it."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.annotated import cells
from latentlab.data.files.archives import MAX_BYTES, MAX_RATIO, MIB, check_inflated_size, open_zip, shown
from latentlab.data.files.arrays import Examples, Stored, Values
from latentlab.data.files.named_arrays import examples_of
from latentlab.data.files.numpy_files import members_of
from latentlab.data.files.options import ReadOptions

MAGIC = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = (0, 512, 1024, 2048)  # where the file may begin; MATLAB's at 512
MAX_OBJECTS = 10_000  # in a file
MAX_TEXT = 512 * MIB
ROWS = 64  # of text that are read at a time
PATIENCE = 300.0  # seconds for the library to read a file
UNUSED = ("layers/", "raw/", "obsp/", "varp/", "varm/", "uns/")  # of AnnData
DEEPEST = 8  # groups within groups
UNREADABLE = (OSError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError, AttributeError)


def is_hdf5(path: Path) -> bool:
    """Whether a file starts as an HDF5 file does."""
    with path.open("rb") as stream:
        for at in USER_BLOCKS:
            stream.seek(at)
            if stream.read(len(MAGIC)) == MAGIC:
                return True
    return False


def read_hdf5(path: Path, options: ReadOptions, *, transposed: bool = False) -> Examples:
    """The examples among the data sets of an HDF5 file; those in groups are called `group/name`.

    Args:
        path: the file.
        options: which of them are what, as far as that is said.
        transposed: whether all axes are in the opposite order, as MATLAB's.

    Raises:
        DataError: h5py isn't there, or the file is damaged, too large, or without examples.
    """
    name = shown(path.name)
    if importlib.util.find_spec("h5py") is None:
        raise DataError(f"{name} is an HDF5 file: install h5py to open it (pip install 'latentlab[files]').")
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        copy = Path(folder) / "copy.npz"
        command = [sys.executable, "-c", f"from {__name__} import copy; copy()", str(path), str(copy), str(transposed)]
        try:
            done = subprocess.run(command, timeout=PATIENCE, capture_output=True, check=False)
            said = json.loads(done.stdout) if done.returncode == 0 else {}
        except (subprocess.TimeoutExpired, ValueError):
            said = {}
        if not said:
            raise DataError(f"{name} is no HDF5 file that can be read, or a damaged one.")
        unread = {key: DataError(message) for key, message in said["unread"].items()}
        with open_zip(copy) as archive:
            stored = {said["names"][key]: one for key, one in members_of(archive, name).items()}
            if said["annotated"]:
                return cells(said["attributes"], stored, options, name)
            return examples_of(stored, options, name, unread)


def copy() -> None:
    """Copy what is in an HDF5 file to a .npz: in a process of its own, as the library can hang on a damaged file.

    The arguments of the process are the file, the copy, and whether its axes are in the opposite order. It prints JSON.
    """
    import h5py

    path, to, transposed = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
    total = 0
    with h5py.File(path, "r") as file, zipfile.ZipFile(to, "w") as archive:
        stored, unread = _stored(file, shown(path.name), transposed)
        annotated = "X" in file and isinstance(file.get("obs"), h5py.Group)
        names = {}
        for k, (key, one) in enumerate(stored.items()):
            if annotated and key.startswith(UNUSED):
                continue
            try:
                array = one.read()
            except DataError as error:
                unread[key] = error
                continue
            if array.dtype == object:
                if 4 * len(array) * max(map(len, array), default=0) > MAX_TEXT:  # all are stored as long as the longest
                    unread[key] = DataError(f"{shown(key)} holds too much text.")
                    continue
                array = np.array(array, str)
            total += array.nbytes
            if total > MAX_BYTES:
                raise SystemExit(1)
            names[str(k)] = key
            with archive.open(f"{k}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
        attributes = _attributes(file) if annotated else {}
    messages = {key: str(error) for key, error in unread.items()}
    print(json.dumps({"names": names, "unread": messages, "annotated": annotated, "attributes": attributes}))  # noqa: T201


def _attributes(file: Any) -> dict[str, Any]:
    """What AnnData says of its groups."""
    import h5py

    out: dict[str, Any] = {}
    for key in ("obs", "var"):
        if isinstance(file.get(key), h5py.Group):
            out[key] = str(file[key].attrs.get("_index", "_index"))
    if isinstance(file["X"], h5py.Group):
        about = file["X"].attrs
        out["kind"] = str(about.get("encoding-type", about.get("h5sparse_format", "")))
        out["shape"] = [int(side) for side in about.get("shape", about.get("h5sparse_shape", ()))]
    return out


def _stored(file: Any, name: str, transposed: bool) -> tuple[dict[str, Stored], dict[str, DataError]]:
    stored, unread = dict[str, Stored](), dict[str, DataError]()
    for key, one in _data_sets(file):
        try:
            stored[key] = _one(one, f"{name}: {shown(key)}", transposed)
        except DataError as error:
            unread[key] = error
    return stored, unread


def _data_sets(group: Any, within: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The data sets of the file itself: links, also to other files, are not followed."""
    import h5py

    for k, key in enumerate(group):
        if k >= MAX_OBJECTS:
            raise DataError(f"There are more than {MAX_OBJECTS:,} objects in a group of it.")
        if not isinstance(group.get(key, getlink=True), h5py.HardLink) or key.startswith("#"):
            continue
        one = group[key]
        if isinstance(one, h5py.Dataset):
            yield f"{within}{key}", one
        elif isinstance(one, h5py.Group) and depth < DEEPEST:
            yield from _data_sets(one, f"{within}{key}/", depth + 1)


def _one(one: Any, name: str, transposed: bool) -> Stored:
    """A data set, checked before memory is taken.

    Raises:
        DataError: in other files, too large, or neither numbers nor text.
    """
    import h5py

    if one.is_virtual or one.external:
        raise DataError(f"{name} lies in other files, which are not opened.")
    shape, dtype = one.shape, one.dtype
    if shape is None:
        raise DataError(f"{name} is empty.")
    n_bytes = math.prod(shape) * dtype.itemsize
    check_inflated_size(name, n_bytes, max(one.id.get_storage_size(), 1))
    if transposed:
        shape = shape[::-1]
    if h5py.check_string_dtype(dtype) is not None and len(shape) == 1:
        if n_bytes > MAX_RATIO * one.id.get_storage_size():
            raise DataError(f"{name} is damaged: it has less text than it claims.")
        return Stored(shape, np.dtype(object), lambda: _text(one, name))
    if dtype.kind not in "biuf" or h5py.check_ref_dtype(dtype):
        raise DataError(f"{name} holds neither numbers nor text.")

    def read() -> Values:
        try:
            return np.asarray(one[()].T if transposed else one[()])
        except UNREADABLE as error:
            raise DataError(f"{name} is damaged, or packed in a way that h5py doesn't know.") from error

    return Stored(shape, dtype, read)


def _text(one: Any, name: str) -> Values:
    """(N,) str, counted as it is read: many rows may share one long text."""
    words, total = [], 0
    try:
        for at in range(0, len(one), ROWS):
            part = one[at : at + ROWS].tolist()
            words += [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in part]
            total += sum(map(len, words[at:]))
            if total > MAX_TEXT:
                raise DataError(f"{name} holds more than {MAX_TEXT / MIB:,.0f} MiB of text.")
    except UNREADABLE as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name} is damaged.") from error
    return np.array(words, object)
