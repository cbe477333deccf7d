"""IDX files, as MNIST's: gzipped or not, with the labels next to the images."""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import UNREADABLE, check_inflated_size, shown
from latentlab.data.files.arrays import Examples, Values, as_examples
from latentlab.data.files.axes import MAX_DIMENSIONS
from latentlab.data.files.options import ReadOptions

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"


def read_idx(path: Path, options: ReadOptions) -> Examples:
    """The examples of an IDX file, gzipped or not, with the labels of the file next to it.

    That one is called alike: `train-labels-idx1-ubyte` beside `train-images-idx3-ubyte`.

    Raises:
        DataError: damaged or too large.
    """
    labels_name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    places = [path.with_name(labels_name + suffix) for suffix in ("", ".gz")]
    place = next((one for one in places if one.is_file() and one.name != path.name and labels_name != path.name), None)
    labels = _read_idx_array(place) if place else None
    found = as_examples(_read_idx_array(path), labels, shown(path.name), options.channels)
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
            n_bytes = math.prod(shape) * dtype.itemsize
            check_inflated_size(name, n_bytes, path.stat().st_size)
            content = stream.read(n_bytes + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"{name} is damaged: {error}.") from error
    if len(content) != n_bytes:
        held = "more" if len(content) > n_bytes else f"{len(content):,}"
        raise DataError(f"{name} should hold {n_bytes:,} bytes after its header, and holds {held}.")
    return np.frombuffer(content, dtype).reshape(shape)
