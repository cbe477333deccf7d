"""Files of other programs: opened without running anything in them, or a sentence that says what to do."""

from __future__ import annotations

import pickle
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import scipy.io
import scipy.sparse
import torch
from numpy.typing import NDArray

from latentlab.data import DataError, Kind
from latentlab.data.files import foreign
from latentlab.data.files.containers import sparse
from latentlab.data.files.containers.matlab5 import variables
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.data.files.conftest import field, in_file_order, noise, refused, said


def vectors(n: int = 20, d: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)


# --- MATLAB ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
def test_variables_and_structures_of_matlab(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "a.mat"
    y = np.arange(20)[:, None] % 3
    scipy.io.savemat(path, {"X": vectors(), "y": y, "note": "hello"}, do_compression=zipped)
    opened = read_path(path)
    x, classes = in_file_order(opened)
    assert np.array_equal(x, vectors())
    assert classes.tolist() == y[:, 0].tolist()
    part = {"images": noise(20, 5, 5), "labels": y}
    scipy.io.savemat(path, {"set": {"train": part, "test": part, "map": np.eye(3)}}, do_compression=zipped)
    opened = read_path(path)
    assert [sorted(rows.tolist()) for rows in (opened.rows.test,)] == [list(range(20, 40))]
    assert in_file_order(opened)[1].tolist() == y[:, 0].tolist() * 2


@pytest.mark.parametrize("zipped", [False, True])
def test_version_5_is_read_as_scipy_reads_it(tmp_path: Path, zipped: bool) -> None:
    rng = np.random.default_rng(0)
    kinds = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "?")
    arrays = {f"of_{np.dtype(kind).name}": (rng.random((3, 4, 2)) * 9).astype(kind) for kind in kinds}
    texts = {"word": "grün", "words": np.array(["ab", "cdé"]), "one": 1.5, "row": np.arange(3.0)[None]}
    inner = {"a": np.eye(2), "deep": {"b": np.arange(3, dtype=np.uint8)[None]}}
    cells = np.array([["x", "yz"]], object)
    path = tmp_path / "a.mat"
    others = {"s": inner, "cells": cells, "odd": np.array([[1j, 2]])}
    scipy.io.savemat(path, arrays | texts | others, do_compression=zipped)
    found = dict(variables(path.read_bytes(), 1 << 20))
    wanted = scipy.io.loadmat(path)
    for name in (*arrays, "one", "row"):
        kind = np.uint8 if name == "of_bool" else wanted[name].dtype
        assert np.array_equal(found[name].astype(kind), wanted[name])
        assert found[name].dtype == (bool if name == "of_bool" else kind)
    assert found["word"].tolist() == wanted["word"].tolist() == ["grün"]
    assert found["words"].tolist() == [word.rstrip() for word in wanted["words"].tolist()]
    assert found["cells"].tolist() == ["x", "yz"]
    assert np.array_equal(found["s"]["a"], np.eye(2))
    assert np.array_equal(found["s"]["deep"]["b"], [[0, 1, 2]])
    assert found["odd"] is None


def test_svhn_as_matlab_saves_it(tmp_path: Path) -> None:
    x, y = noise(8, 8, 3, 50), (np.arange(50) % 10 + 1)[:, None]
    scipy.io.savemat(tmp_path / "train_8x8.mat", {"X": x, "y": y})
    found, classes = in_file_order(read_path(tmp_path / "train_8x8.mat"))
    assert np.array_equal(found, x.transpose(3, 2, 0, 1))
    assert classes.tolist() == (y[:, 0] - 1).tolist()


def test_a_lone_matrix_of_bytes_holds_an_image_in_each_column(tmp_path: Path) -> None:
    faces = noise(56, 300)
    scipy.io.savemat(tmp_path / "faces.mat", {"ff": faces})
    assert np.array_equal(in_file_order(read_path(tmp_path / "faces.mat"))[0], faces.T)
    scipy.io.savemat(tmp_path / "rows.mat", {"ff": faces.T})
    assert np.array_equal(in_file_order(read_path(tmp_path / "rows.mat"))[0], faces.T)


def test_nothing_in_a_mat_file_is_unpickled(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"x": vectors(), "cells": np.array([["a", 1.5]], object)})
    opened = read_path(tmp_path / "a.mat")
    assert opened.splits.train.shape == (3,)
    assert said(opened, "cells")
    (tmp_path / "b.mat").write_bytes(pickle.dumps({"x": [1, 2]}))
    refused(tmp_path / "b.mat", ".mat")


def test_a_mat_file_that_inflates_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scipy.io.savemat(tmp_path / "zeros.mat", {"x": np.zeros((1000, 400))}, do_compression=True)
    assert read_path(tmp_path / "zeros.mat").splits.train.shape == (400,)
    monkeypatch.setattr("latentlab.data.files.containers.matlab.FREE_BYTES", 1_000_000)
    refused(tmp_path / "zeros.mat", ".mat")


# --- HDF5 ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_data_sets_of_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["set/train_x"], file["set/test_x"] = noise(20, 6, 6), noise(8, 6, 6, seed=1)
        file["set/train_y"], file["set/test_y"] = np.arange(20) % 2, np.arange(8) % 2
        file["words"] = np.array([f"wörd {k}" for k in range(28)], object)
        file.create_dataset("packed", data=np.arange(28.0), compression="gzip")
    opened = read_path(path)
    x, y = in_file_order(opened)
    assert np.array_equal(x[:, 0], np.concatenate([noise(20, 6, 6), noise(8, 6, 6, seed=1)]))
    assert sorted(opened.rows.test.tolist()) == list(range(20, 28))
    assert y.tolist() == [0, 1] * 14
    assert opened.columns["words"][27] == "wörd 27"
    assert opened.columns["packed"].tolist() == list(range(28))


@pytest.mark.slow
def test_matlab_7_3_has_its_axes_in_the_opposite_order(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.mat"
    x = noise(8, 9, 3, 50)  # as MATLAB shows it
    with h5py.File(path, "w", userblock_size=512) as file:
        file["X"], file["y"] = x.T, np.arange(50.0)[None] % 5
        file["#refs#/a"] = np.eye(3)
    found, y = in_file_order(read_path(path))
    assert np.array_equal(found, x.transpose(3, 2, 0, 1))
    assert y.tolist() == (np.arange(50) % 5).tolist()


@pytest.mark.slow
def test_nothing_outside_an_hdf5_file_is_opened(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = vectors(20, 7)
    (tmp_path / "raw").write_bytes(vectors(20, 7).tobytes())
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["vectors"] = vectors()
        file["x"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "x")
        file["soft"] = h5py.SoftLink("/vectors")
        file.create_dataset("images", (20, 7), "f4", external=[(str(tmp_path / "raw"), 0, 560)])
        layout = h5py.VirtualLayout((20, 7), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", (20, 7))
        file.create_virtual_dataset("data", layout)
    opened = read_path(tmp_path / "a.h5")
    assert opened.splits.train.shape == (3,)
    assert opened.columns == {}
    assert said(opened, "data", "images")


@pytest.mark.slow
def test_what_an_hdf5_file_only_claims_is_not_allocated(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (10**9, 10**4), "f4", chunks=(1000, 100))  # nothing of it is there
    refused(tmp_path / "a.h5", "MiB")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = vectors(2000)
        file["words"] = np.array(["long" * 100_000] + ["short"] * 1999, object)
    assert said(read_path(tmp_path / "b.h5"), "words")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_damaged_length_of_a_text_takes_no_memory(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["words"] = vectors(), np.array([f"w{k}" + "x" * 7_777 for k in range(20)], object)
    whole, length = (tmp_path / "a.h5").read_bytes(), (7_779).to_bytes(4, "little")
    assert whole.count(length) >= 10
    (tmp_path / "a.h5").write_bytes(whole.replace(length, (0x7FFFFFF0).to_bytes(4, "little")))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert said(read_path(tmp_path / "a.h5"), "words")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 1 << 20)  # KiB


def write_cells(path: Path, x: Any, kind: str = "") -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        if kind:
            group = file.create_group("X")
            group.attrs["encoding-type"], group.attrs["shape"] = f"{kind}_matrix", x.shape
            group["data"], group["indices"], group["indptr"] = x.data, x.indices, x.indptr
        else:
            file["X"] = x
        obs, var = file.create_group("obs"), file.create_group("var")
        obs.attrs["_index"], var.attrs["_index"] = "_index", "gene"
        obs["_index"] = np.array([f"cell{k}" for k in range(x.shape[0])], object)
        obs["n_counts"] = np.arange(x.shape[0]) / 2
        obs["cell_type/categories"] = np.array(["B", "T"], object)
        obs["cell_type/codes"] = np.arange(x.shape[0], dtype=np.int8) % 3 - 1
        var["gene"] = np.array([f"gene{k}" for k in range(x.shape[1])], object)
        file["obsm/X_pca"] = vectors(x.shape[0], 2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", "csr"])
def test_the_cells_of_anndata(tmp_path: Path, kind: str) -> None:
    x = scipy.sparse.random_array((21, 5), density=0.4, rng=np.random.default_rng(0), dtype=np.float32)
    write_cells(tmp_path / "a.h5ad", x.asformat(kind) if kind else x.toarray(), kind)
    opened = read_path(tmp_path / "a.h5ad")
    found, y = in_file_order(opened)
    assert np.array_equal(found, x.toarray())
    assert opened.features == tuple(f"gene{k}" for k in range(5))
    assert opened.splits.train.classes == ("B", "T")
    assert y.tolist() == [-1, 0, 1] * 7
    assert opened.columns[opened.id].tolist() == [f"cell{k}" for k in range(21)]
    assert opened.columns["n_counts"].tolist() == [k / 2 for k in range(21)]
    reduced = read_path(tmp_path / "a.h5ad", ReadOptions(vector=("X_pca",)))
    assert np.array_equal(in_file_order(reduced)[0], vectors(21, 2))
    refused(tmp_path / "a.h5ad", "X_tsne", "X_pca", vector=("X_tsne",))


@pytest.mark.slow
def test_a_matrix_of_cells_that_is_too_large_names_the_smaller_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cells(tmp_path / "a.h5ad", scipy.sparse.csr_array((21, 5), dtype=np.float32), "csr")
    monkeypatch.setattr("latentlab.data.files.containers.annotated.MAX_DENSE", 100)
    refused(tmp_path / "a.h5ad", "--vector", "X_pca", 21)


# --- sparse matrices and safetensors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sparse.FORMATS)
def test_a_sparse_matrix_is_made_dense(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = scipy.sparse.random_array((30, 12), density=0.2, rng=np.random.default_rng(0), dtype=np.float32)
    scipy.sparse.save_npz(tmp_path / "a.npz", x.asformat(kind))
    opened = read_path(tmp_path / "a.npz")
    assert np.array_equal(in_file_order(opened)[0], x.toarray())
    monkeypatch.setattr(sparse, "MAX_DENSE", 1000)
    refused(tmp_path / "a.npz", 30, 12, "MiB")


def test_other_kinds_of_sparse_and_indices_outside_are_refused(tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "a.npz", scipy.sparse.dia_array(np.eye(4)))
    refused(tmp_path / "a.npz", "dia", "tocsr")
    good = {"format": "csr", "shape": [3, 4], "data": [1.0, 2.0], "indices": [0, 1], "indptr": [0, 1, 2, 2]}
    bad: list[dict[str, Any]] = [
        {"indices": [0, 4]}, {"indices": [0, -1]}, {"indptr": [0, 2, 1, 2]}, {"indptr": [0, 1, 2]}, {"data": [1.0]},
        {"indptr": [0, 1, 2, 9]}, {"shape": [3]}, {"shape": [-3, 4]}, {"data": ["a", "b"]}, {"indices": [0.5, 1.0]},
    ]  # fmt: skip
    for change in bad:
        np.savez(tmp_path / "b.npz", **(good | change))
        refused(tmp_path / "b.npz", "sparse")


def test_safetensors_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file({"embeddings": vectors(), "labels": np.arange(20) % 2, "w": np.eye(2)}, path)
    opened = read_path(path)
    x, y = in_file_order(opened)
    assert np.array_equal(x, vectors())
    assert y.tolist() == [0, 1] * 10
    assert said(opened, "w")
    path.write_bytes(path.read_bytes()[:-9])
    refused(path, ".safetensors")


# --- what is not opened ----------------------------------------------------------------------------------------------


def test_the_lines_that_convert_a_pickle_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the message says, done, gives a file that opens with the same numbers."""
    monkeypatch.chdir(tmp_path)
    x = noise(20, 3072)
    torch.save(torch.from_numpy(vectors()), "a.pt")
    torch.save({"features": torch.from_numpy(vectors()), "labels": torch.arange(20)}, "b.pth")
    Path("data_batch_1").write_bytes(pickle.dumps({b"data": x, b"labels": list(range(20)), b"filenames": [b"a"]}))
    Path("c.pkl").write_bytes(pickle.dumps(vectors(), protocol=5))
    wanted: list[NDArray[Any]] = [vectors(), vectors(), x.reshape(-1, 3, 32, 32), vectors()]
    for name, array in zip(("a.pt", "b.pth", "data_batch_1", "c.pkl"), wanted, strict=True):
        message = refused(Path(name).absolute(), "Python")
        exec(message.split("`")[1])
        found, _ = in_file_order(read_path(Path(name.partition(".")[0] + ".npz")))
        assert np.array_equal(found, array)
    assert read_path(Path("data_batch_1.npz")).splits.train.kind is Kind.IMAGE


@pytest.mark.parametrize("suffix", [*foreign.TO_CONVERT, *foreign.PICTURES, *foreign.PICKLES, *foreign.TORCH])
def test_each_kind_that_is_not_opened_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(b"what is in it doesn't matter")
    with pytest.raises(DataError) as caught:
        read_path(path)
    assert ".safetensors" not in str(caught.value)  # as the list of known kinds has


def test_an_archive_of_pytorch_is_no_zip_of_images(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights", "w") as archive:
        archive.writestr("weights/data.pkl", b"\x80\x02}.")
    refused(tmp_path / "weights", "torch.load")


def test_what_people_bring() -> None:
    pytest.importorskip("h5py")
    assert in_file_order(read_path(field("20_other_containers/frey_like.mat")))[0].shape == (400, 64)
    assert in_file_order(read_path(field("20_other_containers/emb.safetensors")))[0].shape == (300, 64)
    assert in_file_order(read_path(field("21_r_and_scipy/tfidf.npz")))[0].shape == (200, 500)
    refused(field("20_other_containers/cells.h5ad"))
    for name in ("embeddings.pt", "data_batch_1", "table.xlsx"):
        refused(field(f"20_other_containers/{name}"))
