"""Damaged files of every format are an answer or one sentence: bytes flipped, cut out, put in.

`LATENTLAB_MUTATIONS=2200 pytest tests/data/files/test_mutations.py` makes 2,200 of each, where the suite makes a few.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import scipy.io
import scipy.sparse

from latentlab.data import DataError
from latentlab.data.files.read import read_path
from tests.data.files.conftest import encoded, noise, pets, write_zip
from tests.data.files.test_containers import vectors, write_cells
from tests.data.files.test_idx import idx
from tests.data.files.test_series import curves, write_ts

N = int(os.environ.get("LATENTLAB_MUTATIONS", "20"))
OWN_PROCESS = 5  # times as long takes a file that is read in a process of its own
MOST = 3 << 30  # bytes of memory more than before


def npz(path: Path) -> None:
    words = np.array([f"wörd {k}" for k in range(20)])
    np.savez(path, x_train=vectors(), y_train=np.arange(20) % 2, x_test=vectors(), y_test=np.arange(20) % 2, name=words)


def hdf5(path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = noise(20, 6, 6), np.arange(20) % 2
        file["words"] = np.array([f"w{k}" for k in range(20)], object)
        file.create_dataset("packed", data=np.arange(20.0), compression="gzip")


def cells(path: Path) -> None:
    write_cells(path, scipy.sparse.random_array((21, 5), density=0.4, rng=np.random.default_rng(0)).tocsr(), "csr")


def image(kind: str, **how: Any) -> Callable[[Path], object]:
    """A folder of two images, of which one will be damaged."""

    def write(path: Path) -> None:
        pixels = noise(9, 9, 3) if kind != "GIF" else noise(9, 9)
        (path.parent / f"good{path.suffix}").write_bytes(encoded(pixels, kind, **how))
        path.write_bytes(encoded(pixels, kind, **how))

    return write


def deep(path: Path) -> None:
    (path.parent / "good.png").write_bytes(encoded(noise(9, 9).astype(np.uint16) * 200))  # type: ignore[arg-type]
    path.write_bytes(encoded(noise(9, 9).astype(np.uint16) * 200))  # type: ignore[arg-type]


def bitmaps(path: Path) -> None:
    """Two classes of Quick, Draw!, of which one will be damaged."""
    np.save(path.with_name("full_numpy_bitmap_good.npy"), noise(12, 784))
    np.save(path, noise(12, 784))


def strokes(path: Path) -> None:
    """Drawings of Quick, Draw!."""
    line = {"word": "moon", "recognized": True, "drawing": [[[0, 255, 9], [0, 30, 255]], [[1], [2]]]}
    path.write_text(f"{json.dumps(line)}\n" * 20)


FORMATS: dict[str, Callable[[Path], object]] = {
    "a.npy": lambda path: np.save(path, vectors()),
    "images.npy": lambda path: np.save(path, noise(20, 6, 6, 3).astype(np.float32)),
    "a.npz": npz,
    "sparse.npz": lambda path: scipy.sparse.save_npz(
        path, scipy.sparse.random_array((30, 9), density=0.3, rng=np.random.default_rng(0)).tocsr()
    ),
    "a.idx": lambda path: path.write_bytes(idx(noise(20, 5, 5))),
    "b.idx.gz": lambda path: path.write_bytes(gzip.compress(idx(noise(20, 5, 5)))),
    "a.mat": lambda path: scipy.io.savemat(path, {"X": vectors(), "y": np.arange(20) % 2, "s": {"a": "b", "c": [1]}}),
    "zipped.mat": lambda path: scipy.io.savemat(path, {"X": vectors(), "y": np.arange(20)}, do_compression=True),
    "a.h5": hdf5,
    "a.h5ad": cells,
    "a.safetensors": lambda path: safetensors.numpy.save_file({"x": vectors(), "y": np.arange(20)}, path),
    "a.ts": lambda path: write_ts(path, curves(), ["a", "b"] * 6),
    "a.zip": lambda path: write_zip(path, pets()),
    "a.png": image("PNG"),
    "deep.png": deep,
    "a.jpg": image("JPEG"),
    "a.gif": image("GIF"),
    "a.tif": image("TIFF", compression="tiff_lzw"),
    "a.webp": image("WEBP"),
    "a.bmp": image("BMP"),
    "a.ppm": image("PPM"),
    "full_numpy_bitmap_moon.npy": bitmaps,
    "moon.ndjson": strokes,
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, cut out or put in; the first and the last ones more often, as they hold the headers."""
    out = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        size = len(out) or 1
        ends = (size, min(size, 256))[int(rng.integers(2))]
        at = int(rng.integers(ends))
        at = size - 1 - at if rng.random() < 0.2 else at
        n = int(rng.integers(1, 9))
        what = rng.integers(4)
        if what == 0:
            out[at : at + 1] = bytes([int(rng.integers(256))])
        elif what == 1:
            out[at : at + n] = bytes([(0, 255, 127, 128)[int(rng.integers(4))]]) * n
        elif what == 2:
            del out[at : at + (n if rng.random() < 0.8 else size)]
        else:
            out[at:at] = rng.integers(0, 256, n, dtype=np.uint8).tobytes()
    return bytes(out)


def mistakes(path: Path) -> str:
    """What is said of a file, if it isn't one sentence; empty otherwise."""
    try:
        read_path(path)
    except DataError as error:
        return "" if re.fullmatch(r"[^\n]+[.]", str(error)) else str(error)
    return ""


@pytest.mark.parametrize("name", [pytest.param(k, marks=[pytest.mark.slow] if k[2:4] == "h5" else []) for k in FORMATS])
def test_a_damaged_file_is_an_answer_or_a_sentence(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / name
    FORMATS[name](path)
    whole = path.read_bytes()
    opened = folder if len(list(folder.iterdir())) > 1 else path
    assert len(read_path(opened).splits.train) > 1
    rng = np.random.default_rng(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(max(2, N // OWN_PROCESS) if path.suffix in (".h5", ".h5ad") else N):
        path.write_bytes(mutated(whole, rng))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert mistakes(opened) == ""
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MOST
