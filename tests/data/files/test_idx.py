"""IDX files, with their labels next to them."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data import UNLABELLED, DataError
from latentlab.data.files import archives
from latentlab.data.files.read import read_path
from tests.data.files.conftest import in_file_order, noise, refused, said


def idx(array: NDArray[Any], code: int = 8) -> bytes:
    big = array.astype(array.dtype.newbyteorder(">"))
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + big.tobytes()


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("label_ending", ["", ".gz"])
def test_an_idx_pair_is_read_zipped_or_not(tmp_path: Path, ending: str, label_ending: str) -> None:
    pixels, y = noise(20, 5, 6), (np.arange(20) % 3).astype(np.uint8)
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    path.write_bytes(gzip.compress(idx(pixels)) if ending else idx(pixels))
    (tmp_path / f"train-labels-idx1-ubyte{label_ending}").write_bytes(gzip.compress(idx(y)) if label_ending else idx(y))
    opened = read_path(path)
    x, indices = in_file_order(opened)
    assert np.array_equal(x[:, 0], pixels)
    assert indices.tolist() == y.tolist()
    assert opened.splits.train.classes == ("0", "1", "2")
    assert said(opened, f"train-labels-idx1-ubyte{label_ending}")


def test_idx_without_labels_and_of_floats(tmp_path: Path) -> None:
    z = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    (tmp_path / "codes.idx").write_bytes(idx(z, 0x0D))
    opened = read_path(tmp_path / "codes.idx")
    assert np.array_equal(in_file_order(opened)[0], z)
    assert opened.splits.train.classes == ()
    assert (in_file_order(opened)[1] == UNLABELLED).all()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (idx(noise(9, 4, 4))[:-1], (144, 143)),  # bytes that it should hold, and does
        (idx(noise(9, 4, 4)) + b"x", (144,)),
        (gzip.compress(idx(noise(9, 4, 4)))[:-20], ()),
        (gzip.compress(idx(noise(9, 4, 4)) + bytes(9_000_000)), (144,)),
        (struct.pack(">HBB4I", 0, 8, 4, *[2**32 - 1] * 4), ("MiB",)),
        (struct.pack(">HBB3I", 0, 8, 3, 10**6, 32, 32), (archives.MAX_RATIO,)),
        (idx(noise(9, 4, 4))[:9], ()),
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, content: bytes, named: tuple[object, ...]) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    refused(path, *named)


def test_idx_labels_of_another_length_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(noise(9, 4, 4)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(noise(8)))
    opened = read_path(tmp_path / "t10k-images-idx3-ubyte")
    assert opened.splits.train.classes == ()
    assert said(opened, 8, 9)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"not labels")
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte"):
        read_path(tmp_path / "t10k-images-idx3-ubyte")
