"""Several files that are one data set: arrays in a file each, numbered pieces, and files for training and testing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentlab.data import DataError
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from tests.conftest import naming
from tests.data.files.conftest import Trap, in_file_order, said, write_folder, write_zip

N = 40
X = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
Y = np.arange(N) % 3
HOW = pytest.mark.parametrize("how", ["folder", "zip"])


def npy(values: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, values, allow_pickle=True)
    return out.getvalue()


def opened(tmp_path: Path, how: str, files: dict[str, bytes], **options: Any) -> Opened:
    """Some files, with what operating systems leave behind, read as one data set."""
    files = {f"set/{name}": content for name, content in files.items()} | {"set/.DS_Store": b"x"}
    tmp_path.mkdir(exist_ok=True)
    path = write_zip(tmp_path / "a.zip", files) if how == "zip" else write_folder(tmp_path / "a", files)
    return read_path(path, ReadOptions(**options))


def sizes(found: Opened) -> tuple[int, ...]:
    return tuple(map(len, found.splits))


@HOW
def test_arrays_in_a_file_each_are_joined_by_their_names(tmp_path: Path, how: str) -> None:
    names = np.array([f"n{k}" for k in range(N)])
    files = {"embeddings.npy": npy(X), "labels.npy": npy(Y), "names.npy": npy(names), "year.npy": npy(np.arange(N))}
    found = opened(tmp_path, how, files)
    x, y = in_file_order(found)
    assert np.array_equal(x, X)
    assert np.array_equal(y, Y)
    assert found.columns[found.id].tolist() == names.tolist()
    assert found.columns["year"].tolist() == list(range(N))


@HOW
def test_arrays_of_parts_keep_them(tmp_path: Path, how: str) -> None:
    files = {f"{part}_{key}.npy": npy(values[rows]) for key, values in (("x", X), ("y", Y))
             for part, rows in (("train", slice(0, 24)), ("val", slice(24, 30)), ("test", slice(30, N)))}  # fmt: skip
    found = opened(tmp_path, how, files)
    assert sizes(found) == (24, 6, 10)
    assert np.array_equal(np.sort(found.rows.test), np.arange(30, N))
    assert np.array_equal(in_file_order(found)[1], Y)


@pytest.mark.parametrize(
    ("names", "ends"),
    [
        (("part_000", "part_001", "part_002", "part_010"), (10, 20, 30)),
        (("x-00000-of-00003", "x-00001-of-00003", "x-00002-of-00003"), (15, 30)),
        (("emb1", "emb2", "emb10"), (15, 30)),  # the last is shorter
    ],
)
def test_numbered_pieces_are_joined_end_to_end(tmp_path: Path, names: tuple[str, ...], ends: tuple[int, ...]) -> None:
    files = {f"{name}.npy": npy(values) for name, values in zip(names, np.split(X, ends), strict=True)}
    found = opened(tmp_path, "folder", files)
    assert np.array_equal(in_file_order(found)[0], X)
    assert said(found, len(names), names[0])


def test_pieces_of_examples_have_pieces_of_labels(tmp_path: Path) -> None:
    files = {f"{key}_{k}.npy": npy(part) for key, values in (("x", X), ("y", Y))
             for k, part in enumerate(np.split(values, 2))}  # fmt: skip
    x, y = in_file_order(opened(tmp_path, "folder", files))
    assert np.array_equal(x, X)
    assert np.array_equal(y, Y)


def test_arrays_have_a_table_and_their_own_labels_win(tmp_path: Path) -> None:
    table = "\n".join(["year,place", *(f"{2000 + k},p{k % 4}" for k in range(N))]).encode()
    files = {"X.npy": npy(X), "y.npy": npy(Y), "meta.csv": table}
    found = opened(tmp_path, "zip", files)
    assert np.array_equal(in_file_order(found)[1], Y)
    assert set(found.columns) == {"year", "place"}
    assert opened(tmp_path, "folder", files, label="place").splits.train.classes == ("p0", "p1", "p2", "p3")


@HOW
def test_objects_are_never_unpickled(tmp_path: Path, how: str) -> None:
    traps = npy(np.array([Trap(tmp_path / "trace")] * N, object))
    found = opened(tmp_path, how, {"X.npy": npy(X), "names.npy": traps})
    assert np.array_equal(in_file_order(found)[0], X)
    assert said(found, "names")
    with pytest.raises(DataError, match=naming("X.npy")):
        opened(tmp_path / "other", how, {"X.npy": traps, "y.npy": npy(Y)})
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"a.npy": npy(X), "b.npy": npy(X)}, ("a", "b", "--vector")),
        ({"img_000.npy": npy(X), "img_001.npy": npy(X)}, (2, "img_000", "np.stack", "part_0")),  # an example each?
        ({"a.csv": b"a,b\n1,2\n3,4", "b.csv": b"a,b\n1,2\n3,4"}, (2, "a.csv", "b.csv")),
        ({"train.csv": b"a,b\n1,2\n3,4", "b.mat": b"x"}, (2, "train.csv", "b.mat")),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path: Path, files: dict[str, bytes], named: tuple[object, ...]) -> None:
    with pytest.raises(DataError, match=naming(*named)):
        opened(tmp_path, "folder", files)


CURVES = np.round(np.sin(np.arange(20) / 3 + np.arange(N)[:, None]), 4)


def tsv(rows: slice) -> bytes:
    return "\n".join("\t".join([str(Y[k]), *map(str, CURVES[k])]) for k in range(N)[rows]).encode()


def ts(rows: slice) -> bytes:
    lines = [f"{','.join(map(str, CURVES[k]))}:{Y[k]}" for k in range(N)[rows]]
    return "\n".join(["@timeStamps false", "@classLabel true 0 1 2", "@data", *lines]).encode()


@HOW
@pytest.mark.parametrize(("suffix", "write"), [("tsv", tsv), ("txt", tsv), ("ts", ts)])
def test_series_for_training_and_for_testing_are_one_data_set(
    tmp_path: Path, how: str, suffix: str, write: Any
) -> None:
    files = {
        f"Beat_TEST.{suffix}": write(slice(25, N)),
        f"Beat_TRAIN.{suffix}": write(slice(0, 25)),
        "README.txt": b"-",
    }
    found = opened(tmp_path, how, files)
    x, y = in_file_order(found)
    assert np.allclose(x[:, :, 0], CURVES)
    assert np.array_equal(y, Y)
    assert np.array_equal(np.sort(found.rows.test), np.arange(25, N))
    assert said(found, 25, 15)


def test_series_of_two_lengths_are_refused(tmp_path: Path) -> None:
    short = b"@classLabel true 0 1\n@data\n1,2,3:0\n3,2,1:1"
    with pytest.raises(DataError, match=naming("train", (20, 1), "test", (3, 1))):
        opened(tmp_path, "folder", {"Beat_TRAIN.ts": ts(slice(0, 25)), "Beat_TEST.ts": short})


@HOW
def test_tables_for_training_and_for_testing_are_one_data_set(tmp_path: Path, how: str) -> None:
    train = "\n".join(["a,b,kind", *(f"{k / 7},{k},{'uv'[k % 2]}" for k in range(24))]).encode()
    test = "\n".join(["b,a", *(f"{k},{k / 7}" for k in range(24, N))]).encode()
    found = opened(tmp_path, how, {"train.csv": train, "test.csv": test})
    x, y = in_file_order(found)
    assert np.allclose(x, np.stack([np.arange(N) / 7, np.arange(N)], axis=1))
    assert y.tolist() == [k % 2 if k < 24 else -1 for k in range(N)]
    assert np.array_equal(np.sort(found.rows.test), np.arange(24, N))


def test_the_only_file_of_a_zip_is_opened(tmp_path: Path) -> None:
    table = "\n".join(["a,b,kind", *(f"{k / 7},{k},{'uv'[k % 2]}" for k in range(24))]).encode()
    found = opened(tmp_path, "zip", {"bees.csv": table, "LICENSE.txt": b"do what you like"})
    assert found.splits.train.classes == ("u", "v")
