"""Arrays come back as they were written, whatever their shape, and every bad one is a sentence."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data import UNLABELLED
from latentlab.data.files import archives
from latentlab.data.files.read import open_path, read_path
from tests.conftest import numbers_in
from tests.data.files.conftest import Trap, in_file_order, noise, refused, said, wide, write_zip


def test_quick_draw_bitmaps_become_images(tmp_path: Path) -> None:
    pixels = noise(20, 784)
    np.save(tmp_path / "cat.npy", pixels)
    opened = read_path(tmp_path / "cat.npy")
    assert np.array_equal(in_file_order(opened)[0], pixels.reshape(20, 1, 28, 28))
    assert numbers_in(opened.summary[0]) == [20, 28, 28]
    np.save(tmp_path / "cat.npy", pixels[:, :100])
    assert open_path(tmp_path / "cat.npy").train.shape == (100,)


@pytest.mark.parametrize("key", ["x", "images", "data", "arr_0", "X"])
@pytest.mark.parametrize("label", ["y", "labels"])
def test_npz_is_read_by_its_keys(tmp_path: Path, key: str, label: str) -> None:
    z = np.random.default_rng(0).normal(size=(20, 3))
    y = np.arange(20) % 2 * 5 - 1  # -1 is no label
    size = np.arange(20.0)
    np.savez_compressed(tmp_path / "codes.npz", **{key: z, label: y, "size": size, "spare": np.eye(2)})  # type: ignore[arg-type]
    opened = read_path(tmp_path / "codes.npz")
    x, indices = in_file_order(opened)
    assert np.array_equal(x, z.astype(np.float32))
    assert opened.splits.train.classes == ("4",)
    assert indices.tolist() == [UNLABELLED, 0] * 10
    assert np.array_equal(opened.columns["size"], size)
    assert said(opened, "spare")
    assert not said(opened, "size")
    assert said(opened, 4)  # the one class that there is


@pytest.mark.parametrize(
    ("labels", "classes", "indices"),
    [
        (["b", "a", "", " b"], ("a", "b"), [1, 0, -1, 1]),
        ([b"b", b"a", b"b", b"a"], ("a", "b"), [1, 0, 1, 0]),
        ([10, 2, 10, 3], ("2", "3", "10"), [2, 0, 2, 1]),
        ([1.0, 0.0, np.nan, -1.0], ("0", "1"), [1, 0, -1, -1]),
        ([True, False, True, True], ("False", "True"), [1, 0, 1, 1]),
        ([[1], [0], [1], [0]], ("0", "1"), [1, 0, 1, 0]),
    ],
)
def test_labels_become_sorted_classes(
    tmp_path: Path, labels: list[Any], classes: tuple[str, ...], indices: list[int]
) -> None:
    np.savez(tmp_path / "codes.npz", x=np.eye(4), y=np.array(labels))
    train = open_path(tmp_path / "codes.npz").train
    assert train.classes == classes
    assert train.y.tolist() == indices


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (noise(4, 5, 6), noise(4, 1, 5, 6)),
        (noise(4, 5, 6, 3), noise(4, 5, 6, 3).transpose(0, 3, 1, 2)),
        (noise(4, 3, 5, 6), noise(4, 3, 5, 6)),
        (noise(4, 5, 6).astype(">i8"), noise(4, 1, 5, 6)),
        (noise(4, 5, 6).astype(float), noise(4, 1, 5, 6)),
        (noise(4, 5, 6) / 255, noise(4, 1, 5, 6)),
        (noise(4, 5, 6) > 99, (noise(4, 1, 5, 6) > 99) * 255),
        ((noise(4, 5, 6) > 99).astype(np.uint8), (noise(4, 1, 5, 6) > 99) * 255),
        (wide(4, 5, 6) / 127.5 - 1, wide(4, 1, 5, 6)),
        (wide(4, 5, 6) / 127.5, wide(4, 1, 5, 6)),
        (wide(4, 5, 6).astype(int) * 256, wide(4, 1, 5, 6)),
        (np.asfortranarray(noise(4, 5, 6)), noise(4, 1, 5, 6)),
        (np.zeros((4, 5, 6)), np.zeros((4, 1, 5, 6))),
        (np.full((4, 5, 6), -7.0), np.zeros((4, 1, 5, 6))),
    ],
)
def test_arrays_of_images_become_bytes(tmp_path: Path, given: NDArray[Any], wanted: NDArray[Any]) -> None:
    np.save(tmp_path / "images.npy", given)
    x = open_path(tmp_path / "images.npy").train.x.numpy()
    assert x.dtype == np.uint8
    assert np.array_equal(x, wanted)


def test_nan_and_infinity_are_dropped_with_their_labels(tmp_path: Path) -> None:
    z = np.random.default_rng(0).normal(size=(20, 3))
    z[3, 0], z[5, 1], z[7, 2], z[9, 0] = np.nan, np.inf, -np.inf, 1e300
    np.savez(tmp_path / "codes.npz", x=z, y=np.arange(20), size=np.arange(20))
    opened = read_path(tmp_path / "codes.npz")
    left = [k for k in range(20) if k not in (3, 5, 7, 9)]
    x, y = in_file_order(opened)
    assert np.array_equal(x, z[left].astype(np.float32))
    assert [opened.splits.train.classes[k] for k in y] == [str(k) for k in left]
    assert opened.columns["size"].tolist() == left
    assert said(opened, 4, "NaN")
    np.save(tmp_path / "nan.npy", np.full((5, 2), np.nan))
    refused(tmp_path / "nan.npy", "NaN")


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    trap = np.array([[Trap(tmp_path / "trace")] * 3] * 3, object)
    np.save(tmp_path / "trap.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "trap.npz", x=trap)
    np.savez(tmp_path / "label.npz", x=np.eye(3), y=trap[0])
    np.savez(tmp_path / "column.npz", x=np.eye(3), extra=trap[0])
    records = np.zeros(3, [("a", object), ("b", "f8")])
    np.save(tmp_path / "record.npy", records, allow_pickle=True)
    for name in ("trap.npy", "trap.npz", "record.npy"):
        refused(tmp_path / name, "Python")
    for name, left_out in (("column.npz", "extra"), ("label.npz", "y")):
        opened = read_path(tmp_path / name)
        assert opened.splits.train.shape == (3,)
        assert said(opened, left_out)
    assert not (tmp_path / "trace").exists()
    np.load(tmp_path / "trap.npy", allow_pickle=True)  # the trap works
    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("array", "named"),  # the kind of its values, or its shape
    [
        (np.ones((4, 2), complex), "complex"),
        (np.ones((4, 2), "M8[s]"), "dates"),
        (np.zeros(4, [("a", "f8")]), "records"),
        (np.array([["a", "b"]] * 4), "text"),
        (np.ones(4), (4,)),
        (np.float64(3), ()),
        (np.ones((4, 0)), (4, 0)),
        (np.ones((0, 4)), (0, 4)),
        (np.ones((4, 1, 2, 2, 2)), (4, 1, 2, 2, 2)),
        (np.ones((4, 9, 9, 9)), (4, 9, 9, 9)),
    ],
)
def test_arrays_that_are_no_examples_are_refused(tmp_path: Path, array: Any, named: object) -> None:
    np.save(tmp_path / "array.npy", array)
    refused(tmp_path / "array.npy", named)


def header(shape: str, dtype: str = "<f8") -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": dtype, "fortran_order": False, "shape": (0, 0)})
    return out.getvalue().replace(b"(0, 0), }", f"({shape}), }}".encode()[: len(b"(0, 0), }") + 40])


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (header("9, 9"), 648),  # bytes that it promises
        (header("9, 9") + bytes(600), (9, 9)),
        (header("9" * 9 + ", " + "9" * 9), "MiB"),  # overflows 64 bits
        (header("-1, 8"), (-1, 8)),
        (b"\x93NUMPY", "NumPy"),
        (b"\x93NUMPY\x09\x00", "NumPy"),
        (b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 118, "NumPy"),
        (b"hello, I am text", "NumPy"),
    ],
)
def test_a_damaged_npy_is_refused_before_memory_is_taken(tmp_path: Path, content: bytes, named: object) -> None:
    (tmp_path / "array.npy").write_bytes(content)
    refused(tmp_path / "array.npy", named)
    write_zip(tmp_path / "array.npz", {"x.npy": content})
    refused(tmp_path / "array.npz", named)


def test_an_npz_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros((1000, 400)))
    assert len(open_path(tmp_path / "zeros.npz").train) == 800
    monkeypatch.setattr(archives, "FREE_BYTES", 1_000_000)
    ratio, most = numbers_in(refused(tmp_path / "zeros.npz"))
    assert most == archives.MAX_RATIO < ratio


def test_a_damaged_or_encrypted_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(99, 9)))
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + bytes(50) + whole[2050:])
    refused(path, "x")
    path.write_bytes(
        whole[:6] + b"\x01" + whole[7:].replace(b"PK\x01\x02\x2d\x03\x2d\x00\x00", b"PK\x01\x02\x2d\x03\x2d\x00\x01")
    )
    refused(path)
