"""Files that belong together are joined: vectors and a table by row, images and a table by the names of files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from PIL import Image

from latentlab.data import DataError
from latentlab.data.files.joined import matched
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from tests.conftest import mentions, naming

N = 12
VECTORS = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
SEASONS = [("spring", "summer", "autumn")[k % 3] for k in range(N)]


def rows_of(opened: Opened) -> tuple[Any, list[str]]:
    order = np.argsort(np.concatenate(opened.rows))
    x, y = (np.concatenate([getattr(part, name).numpy() for part in opened.splits])[order] for name in "xy")
    return x, [opened.splits.train.classes[k] if k >= 0 else "" for k in y]


def metadata(n: int = N) -> pd.DataFrame:
    years = [2000 + k for k in range(n)]
    return pd.DataFrame({"uuid": [f"u{k}" for k in range(n)], "year": years, "class": (SEASONS * 2)[:n]})


def write_vectors(path: Path) -> Path:
    frame = pd.DataFrame(VECTORS.astype(float), columns=["a", "b", "c"])
    if path.suffix == ".npy":
        np.save(path, VECTORS)
    elif path.suffix == ".npz":
        np.savez(path, x=VECTORS)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, header=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                archive.write(one, f"set/{one.relative_to(folder)}")
    return path


@pytest.mark.parametrize("how", ["table", "folder", "zip"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".tsv", ".csv", ".parquet"])
def test_vectors_and_a_table_are_joined_by_row(tmp_path: Path, suffix: str, how: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    path = write_vectors(folder / f"embeddings{suffix}")
    table = folder / "metadata.csv"
    metadata().to_csv(table, index=False)
    place = path if how == "table" else folder if how == "folder" else zipped(folder)
    opened = read_path(place, ReadOptions(table=table if how == "table" else None))
    x, labels = rows_of(opened)
    assert np.allclose(x, VECTORS)
    assert labels == SEASONS
    assert opened.columns["year"].tolist() == [2000 + k for k in range(N)]
    assert opened.columns[opened.id].tolist() == [f"u{k}" for k in range(N)]


def test_a_table_of_one_column_without_a_header_is_the_label(tmp_path: Path) -> None:
    write_vectors(tmp_path / "vectors.tsv")
    (tmp_path / "metadata.tsv").write_text("\n".join(SEASONS))
    assert rows_of(read_path(tmp_path))[1] == SEASONS
    words = [f"word{k}" for k in range(N)]
    (tmp_path / "metadata.tsv").write_text("\n".join(words))
    opened = read_path(tmp_path)
    assert opened.splits.train.classes == ()
    assert opened.columns[opened.id].tolist() == words


def test_another_number_of_rows_is_refused(tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "embeddings.npy")
    for n in (N - 1, N + 2):
        metadata(n).to_csv(tmp_path / "metadata.csv", index=False)
        with pytest.raises(DataError, match=naming("embeddings.npy", "metadata.csv", N, n)):
            read_path(path, ReadOptions(table=tmp_path / "metadata.csv"))


def test_a_row_that_is_dropped_takes_its_cells_along(tmp_path: Path) -> None:
    frame = pd.DataFrame(VECTORS.astype(float), columns=["a", "b", "c"])
    frame.loc[4, "b"] = np.nan
    frame.to_csv(tmp_path / "embeddings.csv", index=False)
    metadata().to_csv(tmp_path / "metadata.csv", index=False)
    opened = read_path(tmp_path)
    left = [k for k in range(N) if k != 4]
    assert rows_of(opened)[1] == [SEASONS[k] for k in left]
    assert opened.columns["year"].tolist() == [2000 + k for k in left]


def test_roles_of_the_table_can_be_said(tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "embeddings.npy")
    metadata().to_csv(tmp_path / "metadata.csv", index=False)
    how = ReadOptions(table=tmp_path / "metadata.csv", label="year", id="class", drop=("uuid",))
    opened = read_path(path, how)
    assert rows_of(opened)[1] == [str(2000 + k) for k in range(N)]
    assert set(opened.columns) == {"class"}
    with pytest.raises(DataError, match=naming("metadata.csv", "class")):
        read_path(path, ReadOptions(table=tmp_path / "metadata.csv", label="clas"))


NAMES: dict[str, Callable[[int], object]] = {
    "path": lambda k: f"images/{k:04}.jpg",
    "name": lambda k: f"{k:04}.jpg",
    "stem": lambda k: f"{k:04}",
    "number": lambda k: k,
    "windows": lambda k: f"images\\{k:04}.JPG",
    "absolute": lambda k: f"/home/someone/data/images/{k:04}.jpg",
    "drive": lambda k: f"C:\\data\\images\\{k:04}.jpg",
    "dotted": lambda k: f"./images/{k:04}.jpg",
}


def pictures(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    for k in range(N):
        out = io.BytesIO()
        Image.fromarray(np.full((6, 6), 10 * k, np.uint8)).save(out, "PNG")
        (folder / "images" / f"{k:04}.jpg").write_bytes(out.getvalue())
    return folder


@pytest.mark.parametrize("how", ["in", "zip", "table", "column"])
@pytest.mark.parametrize("names", NAMES)
def test_images_and_a_table_are_joined_by_the_names_of_files(tmp_path: Path, names: str, how: str) -> None:
    folder = pictures(tmp_path / "set")
    order = np.random.default_rng(1).permutation(N)
    frame = pd.DataFrame({"size": order * 1.5, "season": [SEASONS[k] for k in order]})
    frame.insert(0, "file_name", [NAMES[names](int(k)) for k in order])
    table = folder / "labels.csv"
    frame.to_csv(table, index=False)
    if how == "column":
        opened = read_path(table, ReadOptions(image="file_name"))
    else:
        opened = read_path(
            zipped(folder) if how == "zip" else folder, ReadOptions(table=table if how == "table" else None)
        )
    x, labels = rows_of(opened)
    numbers = (x[:, 0, 0, 0] // 10).tolist()
    assert sorted(numbers) == list(range(N))
    assert labels == [SEASONS[k] for k in numbers]
    assert opened.columns["size"].tolist() == [k * 1.5 for k in numbers]


def test_images_that_the_table_does_not_name_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set")
    pd.DataFrame({"name": [f"{k:04}" for k in range(N - 2)], "kind": SEASONS[: N - 2]}).to_csv(folder / "t.csv")
    opened = read_path(folder)
    assert rows_of(opened)[1] == SEASONS[: N - 2]
    assert any(mentions(one, 2, "t.csv") for one in opened.summary)


def test_a_table_that_names_other_things_is_not_used(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set")
    pd.DataFrame({"a": ["x", "y"], "kind": ["u", "v"]}).to_csv(folder / "other.csv", index=False)
    opened = read_path(folder)
    assert opened.splits.train.classes == ()
    with pytest.raises(DataError, match=naming("other.csv")):
        read_path(folder, ReadOptions(table=folder / "other.csv"))


def test_a_name_that_two_files_have_names_neither() -> None:
    assert matched(["cat/1.png", "dog/1.png", "dog/2.png"], np.array(["1.png", "2.png"], object)).tolist() == [
        -1,
        -1,
        1,
    ]
    assert matched(["cat/1.png", "dog/1.png"], np.array(["dog/1.png", "cat/1.png"], object)).tolist() == [1, 0]
