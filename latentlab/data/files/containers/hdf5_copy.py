"""Copy the data sets of an HDF5 file to a .npz: a program of its own, as the library can hang or end on a damaged file.

    python -P hdf5_copy.py FILE COPY TRANSPOSED MAX_BYTES FREE_BYTES MAX_RATIO

It prints JSON. It is started for every file, so it imports NumPy and h5py only, and nothing of LatentLab.
"""

from __future__ import annotations

import json
import math
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

MIB = 1 << 20
MAX_OBJECTS = 10_000  # in a group
MAX_TEXT = 512 * MIB
ROWS = 64  # of text that are read at a time
UNUSED = ("layers/", "raw/", "obsp/", "varp/", "varm/", "uns/")  # of AnnData
DEEPEST = 8  # groups within groups
UNREADABLE = (OSError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError, AttributeError)

Read = Callable[[], NDArray[Any]]


class UnreadError(Exception):
    """Why the file, or a data set, isn't copied: it completes a sentence that begins with its name."""


class Limits(NamedTuple):
    """What may be read."""

    bytes: int  # of all together
    free: int  # bytes that harm nobody, whatever they inflate from
    ratio: int  # inflated to packed


def copy(path: str, to: str, transposed: bool, limits: Limits) -> dict[str, Any]:
    """Copy what can be, and say what was copied and why the rest wasn't.

    Args:
        path: the HDF5 file.
        to: the .npz, whose members are called 0, 1, …
        transposed: whether all axes are in the opposite order, as MATLAB's.
        limits: what may be read.

    Raises:
        UnreadError: the file holds too much.
    """
    total, names, unread = 0, dict[str, str](), dict[str, str]()
    with h5py.File(path, "r") as file, zipfile.ZipFile(to, "w") as archive:
        annotated = "X" in file and isinstance(file.get("obs"), h5py.Group)
        for key, one in _data_sets(file):
            if annotated and key.startswith(UNUSED):
                continue
            try:
                array = _checked(one, transposed, limits)()
            except UnreadError as error:
                unread[key] = str(error)
                continue
            total += array.nbytes
            if total > limits.bytes:
                raise UnreadError(f"holds more than {limits.bytes / MIB:,.0f} MiB.")
            with archive.open(f"{len(names)}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
            names[str(len(names))] = key
        attributes = _attributes(file) if annotated else {}
    return {"names": names, "unread": unread, "annotated": annotated, "attributes": attributes}


def limit_memory(n_bytes: int) -> None:
    """Let this process take so much more than it has: a damaged length of a text claims gigabytes. Linux can."""
    if sys.platform == "linux" and (found := re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(found[1]) + n_bytes, hard))


def _attributes(file: Any) -> dict[str, Any]:
    """What AnnData says of its groups."""
    out: dict[str, Any] = {}
    for key in ("obs", "var"):
        if isinstance(file.get(key), h5py.Group):
            out[key] = str(file[key].attrs.get("_index", "_index"))
    if isinstance(file["X"], h5py.Group):
        about = file["X"].attrs
        out["kind"] = str(about.get("encoding-type", about.get("h5sparse_format", "")))
        out["shape"] = [int(side) for side in about.get("shape", about.get("h5sparse_shape", ()))]
    return out


def _data_sets(group: Any, within: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The data sets of the file itself: links, also to other files, are not followed."""
    for k, key in enumerate(group):
        if k >= MAX_OBJECTS:
            raise UnreadError(f"has more than {MAX_OBJECTS:,} objects in a group.")
        if not isinstance(group.get(key, getlink=True), h5py.HardLink) or key.startswith("#"):
            continue
        one = group[key]
        if isinstance(one, h5py.Dataset):
            yield f"{within}{key}", one
        elif isinstance(one, h5py.Group) and depth < DEEPEST:
            yield from _data_sets(one, f"{within}{key}/", depth + 1)


def _checked(one: Any, transposed: bool, limits: Limits) -> Read:
    """How a data set is read, after what it claims was checked.

    Raises:
        UnreadError: in other files, too large, or neither numbers nor text.
    """
    if one.is_virtual or one.external:
        raise UnreadError("lies in other files, which are not opened.")
    if one.shape is None:
        raise UnreadError("is empty.")
    n_bytes, packed = math.prod(one.shape) * one.dtype.itemsize, max(one.id.get_storage_size(), 1)
    if n_bytes > min(limits.bytes, max(limits.free, limits.ratio * packed)):
        raise UnreadError(
            f"would be {n_bytes / MIB:,.0f} MiB, {n_bytes / packed:,.0f} times what is stored;"
            f" {limits.bytes / MIB:,.0f} MiB and {limits.ratio} times are the most."
        )
    if h5py.check_string_dtype(one.dtype) is not None and len(one.shape) == 1:
        if n_bytes > limits.ratio * packed:
            raise UnreadError("is damaged: it has less text than it claims.")
        return lambda: _text(one)
    if one.dtype.kind not in "biuf" or h5py.check_ref_dtype(one.dtype):
        raise UnreadError("holds neither numbers nor text.")

    def read() -> NDArray[Any]:
        try:
            return np.asarray(one[()].T if transposed else one[()])
        except UNREADABLE as error:
            raise UnreadError("is damaged, or packed in a way that h5py doesn't know.") from error

    return read


def _text(one: Any) -> NDArray[Any]:
    """(N,) str, counted as it is read: many rows may share one long text."""
    words, total = [], 0
    try:
        for at in range(0, len(one), ROWS):
            part = one[at : at + ROWS].tolist()
            words += [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in part]
            total += sum(map(len, words[at:]))
            if total > MAX_TEXT:
                break
    except UNREADABLE as error:
        raise UnreadError("is damaged.") from error
    if max(total, 4 * len(words) * max(map(len, words), default=0)) > MAX_TEXT:  # all are as long as the longest
        raise UnreadError(f"holds more than {MAX_TEXT / MIB:,.0f} MiB of text.")
    return np.array(words, str)


if __name__ == "__main__":
    source, target, turned, *most = sys.argv[1:]
    allowed = Limits(*map(int, most))
    limit_memory(4 * min(allowed.bytes, max(allowed.free, allowed.ratio * Path(source).stat().st_size)))
    try:
        said = copy(source, target, turned == "True", allowed)
    except UnreadError as error:
        said = {"refused": str(error)}
    print(json.dumps(said))  # noqa: T201
