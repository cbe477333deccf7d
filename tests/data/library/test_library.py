"""What is kept comes back as it was opened, under a name of its own; a folder that someone edited is a sentence."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import safetensors.torch
import torch
from torch import Tensor

from latentlab import data
from latentlab.data import NAMES, UNLABELLED, DataError
from latentlab.data.files.options import ReadOptions, Scaling
from latentlab.data.files.read import Opened, read_path
from latentlab.data.library import format
from latentlab.data.library.library import LONGEST_NAME, Library
from latentlab.data.library.scaling import about, unit_scale
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from tests.conftest import naming
from tests.data.files.conftest import pets, write_folder, write_zip
from tests.runs.test_run import sentence

N = 30


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The shelf that the library uses, empty."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    return Library.default()


def images(path: Path, n: int = N, shape: tuple[int, ...] = (9, 8), seed: int = 0) -> Path:
    """An .npz of gray images in three classes."""
    rng = np.random.default_rng(seed)
    np.savez(path, x=rng.integers(0, 256, (n, *shape), dtype=np.uint8), y=np.arange(n) % 3)
    return path


def table(path: Path, n: int = N, **columns: Any) -> Path:
    """A .csv of vectors with a label and text next to them."""
    rng = np.random.default_rng(1)
    numbers = {"mass": rng.normal(50, 9, n), "width": rng.random(n), "height": rng.normal(-2, 1, n)}
    beside = {"label": ["ant", "bee", ""] * (n // 3), "name": [f"no {k}" for k in range(n)]}
    pd.DataFrame(numbers | beside | columns).to_csv(path, index=False)
    return path


def alike(found: Opened, opened: Opened) -> None:
    for one, other in zip(found.splits, opened.splits, strict=True):
        assert torch.equal(one.x, other.x)
        assert one.x.dtype == other.x.dtype
        assert torch.equal(one.y, other.y)
        assert one.classes == other.classes
    for rows, others in zip(found.rows, opened.rows, strict=True):
        assert rows.tolist() == others.tolist()
    assert list(found.columns) == list(opened.columns)
    for name, column in opened.columns.items():
        assert np.array_equal(found.columns[name], column, equal_nan=column.dtype.kind == "f")
    assert found.features == opened.features
    assert found.summary[: len(opened.summary)] == opened.summary


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


# there and back


def sources(folder: Path) -> dict[str, Path]:
    rng = np.random.default_rng(3)
    np.save(folder / "vectors.npy", rng.normal(size=(N, 5)).astype(np.float32))
    np.savez(
        folder / "columns.npz",
        x=rng.random((N, 4)),
        big=np.full(N, 2**64 - 1, np.uint64),
        small=np.arange(N, dtype=np.int8),
        half=np.linspace(0, 1, N, dtype=np.float16),
        gap=np.where(np.arange(N) < 3, np.nan, 1.0),
        yes=np.arange(N) % 2 == 0,
        word=np.array([f"é{k}" for k in range(N)]),
        raw=np.array([b"\xff%d" % k for k in range(N)]),
    )
    return {
        "folder": write_folder(folder / "pets", pets()),
        "zip": write_zip(folder / "zoo.zip", pets()),
        "npz": images(folder / "images.npz"),
        "few": images(folder / "few.npz", 4),
        "csv": table(folder / "table.csv"),
        "npy": folder / "vectors.npy",
    }


@pytest.mark.parametrize("kind", ["folder", "zip", "npz", "few", "csv", "npy"])
def test_it_comes_back_as_it_was_opened(library: Library, tmp_path: Path, kind: str) -> None:
    path = sources(tmp_path)[kind]
    name = library.add(path)
    alike(library.open(name), read_path(path))
    card = library.card(name)
    assert name == (path.stem if path.is_file() else path.name)
    assert (card.source, card.n) == (path.name, {"few": 4, "folder": 12, "zip": 12}.get(kind, N))
    assert {part.name for part in (*library.open(name).splits, *library.load(name))} == {name}
    assert library.names() == (name,)
    assert not [path for path in library.root.iterdir() if path.name not in (name, ".lock")]


def test_columns_of_every_kind_come_back(library: Library, tmp_path: Path) -> None:
    sources(tmp_path)
    found = library.open(library.add(tmp_path / "columns.npz")).columns
    opened = read_path(tmp_path / "columns.npz").columns
    assert list(found) == list(opened) == ["big", "small", "half", "gap", "yes", "word", "raw"]
    for name in ("small", "half", "gap", "yes"):
        assert np.array_equal(found[name], opened[name], equal_nan=name == "gap")
    assert found["big"].tolist() == [float(2**64)] * N
    assert found["word"][7] == "é7"
    assert found["raw"][7] == "�7"


def test_options_are_those_of_the_reader(library: Library, tmp_path: Path) -> None:
    write_folder(tmp_path, pets())
    rows = {"path": list(pets()), "kind": ["a", "b"] * 6, "legs": range(12)}
    pd.DataFrame(rows).to_csv(tmp_path / "list.csv", index=False)
    options = ReadOptions(label="kind", image="path", size=3)
    name = library.add(tmp_path / "list.csv", options, name="My pets!")
    assert name == "My-pets"
    assert library.card(name).shape == read_path(tmp_path / "list.csv", options).splits.train.shape
    assert library.card(name).classes == ("a", "b")
    assert library.open(name).columns["legs"].tolist() == list(range(12))


def test_a_model_sees_vectors_between_0_and_1_and_the_way_back_is_kept(library: Library, tmp_path: Path) -> None:
    name = library.add(table(tmp_path / "table.csv"))
    raw, scale = library.open(name).splits, library.scale(name)
    assert scale is not None
    unit = data.load(name)
    assert unit.train.x.min(0).values.tolist() == [0] * 3
    assert unit.train.x.max(0).values.tolist() == [1] * 3
    for part, before in zip(unit, raw, strict=True):
        torch.testing.assert_close(scale.back(part.x), before.x)
    assert library.open(name).summary[-1] == about(scale, Scaling.RANGE)
    known = unit_scale(raw.train.x)
    assert known is not None
    assert np.array_equal(scale.low, known.low)


def test_images_are_not_scaled(library: Library, tmp_path: Path) -> None:
    name = library.add(images(tmp_path / "images.npz"))
    assert library.scale(name) is None
    assert library.load(name).train.x.dtype == torch.uint8


def test_names_that_nothing_can_show_are_mended(library: Library, tmp_path: Path) -> None:
    opened = read_path(images(tmp_path / "images.npz"))
    classes = ("a\udc80", "a\udc81", "b" * 1_000)
    splits = data.Splits(*(data.Dataset("x", part.x, part.y, classes, part.kind) for part in opened.splits))
    names = [f"c{half}" for half in classes[0][1:] + classes[1][1:]]
    columns = dict(zip(names, (np.array(["d\udc80"] * N, object), np.arange(N)), strict=True))
    name = library.save(Opened(splits, opened.rows, (), columns, ()), "odd\udc80.npz")
    found = library.open(name)
    assert found.splits.train.classes == ("a?", "a?'", "b" * 39 + "…" + "b" * 20)
    assert list(found.columns) == ["c?", "c?'"]
    assert found.columns["c?"][0] == "d?"
    assert library.card(name).source == "odd?.npz"


# names


def test_the_same_content_is_kept_once(library: Library, tmp_path: Path) -> None:
    path = images(tmp_path / "images.npz")
    assert library.add(path) == "images"
    before = everything(library.root)
    times = {path: path.stat().st_mtime_ns for path in (library.root / "images").iterdir()}
    assert library.add(path) == "images"
    assert everything(library.root) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_other_content_gets_a_number(library: Library, tmp_path: Path) -> None:
    path = images(tmp_path / "images.npz")
    assert library.add(path) == "images"
    for seed, name in ((1, "images-2"), (2, "images-3"), (1, "images-2"), (0, "images")):
        assert library.add(images(path, seed=seed)) == name
    assert library.names() == ("images", "images-2", "images-3")
    x = read_path(images(path, seed=1)).splits.train.x
    assert torch.equal(library.open("images-2").splits.train.x, x)


def test_labels_are_content_too(library: Library, tmp_path: Path) -> None:
    path = table(tmp_path / "table.csv", other=["u", "v"] * 15)
    assert library.add(path) == "table"
    assert library.add(path, ReadOptions(label="other")) == "table-2"


def test_the_names_of_classes_are_content_too(library: Library, tmp_path: Path) -> None:
    words = (["ant", "bee"], ["ant", "wasp"])
    kept_as = [library.add(table(tmp_path / "table.csv", label=pair * 15)) for pair in words]
    assert kept_as == ["table", "table-2"]
    assert [library.card(name).classes for name in kept_as] == [tuple(pair) for pair in words]


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("digits", "digits-2"),
        ("MNIST", "MNIST-2"),
        ("../../etc/passwd", "etc-passwd"),
        ("---", "data"),
        ("käfer & co.", "k-fer-co"),
        ("-rf", "rf"),
        ("x" * 99, "x" * LONGEST_NAME),
        (".gone", "gone"),
    ],
)
def test_a_name_is_safe_and_no_others(library: Library, tmp_path: Path, wish: str, name: str) -> None:
    path = images(tmp_path / "images.npz")
    assert library.add(path, name=wish) == name
    assert library.add(path, name=wish) == name
    second = library.add(images(path, seed=1), name=wish)
    assert second != name
    assert len(second) <= LONGEST_NAME
    assert set(library.names()) == {name, second}


def test_names_differ_by_more_than_case(library: Library, tmp_path: Path) -> None:
    path = images(tmp_path / "images.npz")
    assert library.add(path, name="Pets") == "Pets"
    assert library.add(path, name="pets") == "Pets"
    assert library.add(images(path, seed=1), name="pets") == "pets-2"


def test_a_removed_name_comes_back_for_the_same_content_only(library: Library, tmp_path: Path) -> None:
    path = images(tmp_path / "images.npz")
    library.add(path)
    library.remove("images")
    assert library.names() == ()
    assert "images" not in library
    assert library.add(images(path, seed=1)) == "images-2"
    assert library.add(images(path, seed=0)) == "images"
    assert sorted(path.name for path in library.root.iterdir()) == [".gone", ".lock", ".trash", "images", "images-2"]


def test_removed_data_come_back_as_they_were(library: Library, tmp_path: Path) -> None:
    name = library.add(images(tmp_path / "images.npz"))
    before = library.load(name)
    library.remove(name)
    library.restore(name)
    assert torch.equal(library.load(name).train.x, before.train.x)
    for gone in (name, "images-2", "../x"):
        with pytest.raises(DataError):
            library.restore(gone)


@pytest.mark.parametrize("name", ["none", "../runs", "", ".gone", "a/b", "digits", "x" * 99, "a\0b", "\udc80"])
def test_what_is_not_there_is_a_sentence(library: Library, tmp_path: Path, name: str) -> None:
    library.add(images(tmp_path / "images.npz"))
    before = everything(library.root)
    ways: tuple[Callable[[str], object], ...] = (
        library.open,
        library.load,
        library.card,
        library.remove,
        library.scale,
    )
    for way in ways:
        with pytest.raises(DataError) as caught:
            way(name)
        sentence(caught.value)
    assert everything(library.root) == before


def test_an_empty_shelf_has_no_names(tmp_path: Path) -> None:
    assert Library(tmp_path / "none").names() == ()
    (tmp_path / "file").write_text("")
    assert Library(tmp_path / "file").names() == ()


# whole or not at all


def test_a_write_that_breaks_off_leaves_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "data.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(content)

    with monkeypatch.context() as broken:
        broken.setattr("latentlab.data.library.library.write", full)
        with pytest.raises(DataError, match=naming("images.npz", os.strerror(errno.ENOSPC))) as caught:
            library.add(images(tmp_path / "images.npz"))
    sentence(caught.value)
    assert [path.name for path in library.root.iterdir()] == [".lock"]
    assert library.add(tmp_path / "images.npz") == "images"


def test_a_folder_that_cannot_be_made_is_a_sentence(library: Library, tmp_path: Path) -> None:
    library.root.parent.write_text("not a folder")
    with pytest.raises(DataError) as caught:
        library.add(images(tmp_path / "images.npz"))
    sentence(caught.value)


def test_what_is_too_much_is_refused(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "long.npy", np.zeros((2, format.LONGEST + 1), np.float32))
    with pytest.raises(DataError, match="most") as caught:
        library.add(tmp_path / "long.npy")
    sentence(caught.value)
    monkeypatch.setattr(format, "MAX_TENSORS", (64 << 20) + 100)
    with pytest.raises(DataError, match="gigabyte"):
        library.add(images(tmp_path / "images.npz"))
    monkeypatch.setattr(format, "MAX_TENSORS", 1 << 30)
    monkeypatch.setattr(format, "MAX_TEXT", 100)
    with pytest.raises(DataError, match=naming("table.csv", "text")):
        library.add(table(tmp_path / "table.csv"))
    assert library.names() == ()


def test_what_was_saved_in_the_first_format_still_opens(library: Library, tmp_path: Path) -> None:
    name = library.add(table(tmp_path / "table.csv"))
    before = library.open(name)
    path = library.root / name / "data.json"
    card = json.loads(path.read_text())
    old = {key: value for key, value in card.items() if key not in ("kind", "id", "title", "factors")}
    path.write_text(json.dumps(old | {"schema": 1}))
    alike(library.open(name), before)
    path.write_text(json.dumps({key: value for key, value in card.items() if key != "factors"} | {"schema": 2}))
    alike(library.open(name), before)
    assert library.open(name).splits.train.factors is None


def test_factors_come_back_and_are_content_too(library: Library, tmp_path: Path) -> None:
    path = table(tmp_path / "table.csv", size=[1.5, 2.5, 4] * (N // 3), hue=["red", "blue"] * (N // 2))
    plain = library.add(path, ReadOptions(label="label"))
    name = library.add(path, ReadOptions(label="label", factors=("size", "hue")))
    assert name != plain
    opened, found = read_path(path, ReadOptions(label="label", factors=("size", "hue"))), library.load(name)
    for part, before in zip(found, opened.splits, strict=True):
        assert part.factors is not None
        assert before.factors is not None
        assert torch.equal(part.factors.levels, before.factors.levels)
        assert part.factors.values == before.factors.values == ((1.5, 2.5, 4.0), ("blue", "red"))
    assert data.factor_names(name) == library.card(name).factors == ("size", "hue")
    assert data.factor_names(plain) == data.factor_names("digits") == ()
    store = Store(library.root.parent, tmp_path / "none")
    run_id = train(store, "vae", name, hidden=8)
    library.remove(name)
    kept, made = store.examples(run_id).factors, found.test.factors
    assert kept is not None
    assert made is not None
    assert (kept.names, kept.values) == (made.names, made.values)
    assert kept.levels.tolist() == made.levels.tolist()


# hostile folders


def change_card(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "data.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def change_tensors(**changes: Any) -> Callable[[Path], None]:
    """Replace tensors by a function of the old one; None removes it. A double underscore stands for the dot."""

    def change(folder: Path) -> None:
        path = folder / "arrays.safetensors"
        tensors = safetensors.torch.load_file(path)
        for key, how in changes.items():
            name = key.replace("__", ".")
            if how is None:
                del tensors[name]
            else:
                tensors[name] = how(tensors.get(name)).contiguous()
        safetensors.torch.save_file(tensors, path)

    return change


def change_file(name: str, content: bytes | None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return change


def with_nan(x: Tensor) -> Tensor:
    x[0, 0] = torch.nan
    return x


HOSTILE: dict[str, Callable[[Path], None]] = {
    "no arrays": change_file("arrays.safetensors", None),
    "cut arrays": change_file("arrays.safetensors", b"\x00" * 20),
    "no text": change_file("text.json", None),
    "text": change_file("text.json", b"[]"),
    "other text": change_file("text.json", b'{"7": []}'),
    "short text": change_file("text.json", b'{"0": ["a"]}'),
    "numbers as text": change_file("text.json", json.dumps({"0": [1] * N}).encode()),
    "more text": change_file("text.json", json.dumps({"0": ["a"] * N, "1": ["a"] * N}).encode()),
    "bytes": change_file("data.json", b"\xff\xfe\x00"),
    "brackets": change_file("data.json", b"[" * 100_000),
    "empty": change_file("data.json", b""),
    "list": change_file("data.json", b"[]"),
    "large": change_file("data.json", b" " * (format.MAX_CARD + 1)),
    "schema": change_card(schema=format.SCHEMA + 1),
    "kind": change_card(kind="thing"),
    "kind of another shape": change_card(kind="image"),
    "id that isn't there": change_card(id="passport"),
    "factor that isn't there": change_card(factors=["size"]),
    "factor of another value each": change_card(factors=["name"]),
    "schema true": change_card(schema=True),
    "unknown field": change_card(mood="good"),
    "shape": change_card(shape=[4]),
    "shape text": change_card(shape=["3"]),
    "shape zero": change_card(shape=[0]),
    "shape huge": change_card(shape=[10**30]),
    "shape empty": change_card(shape=[]),
    "shape 2": change_card(shape=[3, 1]),
    "channels": change_card(shape=[2, 1, 1]),
    "n": change_card(n=N - 1),
    "n true": change_card(n=True),
    "n huge": change_card(n=10**20),
    "classes": change_card(classes=["ant"]),
    "classes 5": change_card(classes=[5, 6]),
    "half a pair": change_card(classes=["\ud800", "b"]),
    "many classes": change_card(classes=[str(k) for k in range(2_000)]),
    "features": change_card(features=["a"]),
    "columns": change_card(columns=[]),
    "two columns": change_card(columns=["name", "name"]),
    "summary": change_card(summary="text"),
    "source": change_card(source=None),
    "no x": change_tensors(train__x=None),
    "no rows": change_tensors(valid__rows=None),
    "x of doubles": change_tensors(train__x=Tensor.double),
    "x of bytes": change_tensors(test__x=Tensor.byte),
    "x shorter": change_tensors(train__x=lambda x: x[1:]),
    "x empty": change_tensors(train__x=lambda x: x[:0], train__y=lambda y: y[:0], train__rows=lambda r: r[:0]),
    "x wider": change_tensors(train__x=lambda x: torch.cat([x, x], 1)),
    "nan": change_tensors(valid__x=with_nan),
    "y": change_tensors(train__y=lambda y: y + 1),
    "y below": change_tensors(train__y=lambda y: y - 1),
    "y of floats": change_tensors(train__y=Tensor.float),
    "rows": change_tensors(test__rows=lambda rows: rows + N),
    "rows below": change_tensors(test__rows=lambda rows: rows - N),
    "scale": change_tensors(scale__low=None),
    "scale of floats": change_tensors(scale__low=Tensor.float),
    "scale length": change_tensors(scale__span=lambda span: span[:2]),
    "scale zero": change_tensors(scale__span=torch.zeros_like),
    "scale nan": change_tensors(scale__low=lambda low: low / 0),
    "more": change_tensors(more=lambda _: torch.zeros(2)),
    "a column": change_tensors(column__0=lambda _: torch.zeros(N)),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_damaged_folder_is_a_sentence_and_hides_no_other(library: Library, tmp_path: Path, how: str) -> None:
    library.add(table(tmp_path / "table.csv"))
    library.add(images(tmp_path / "images.npz"))
    HOSTILE[how](library.root / "table")
    for way in (library.open, library.load, data.load):
        with pytest.raises(DataError, match="table") as caught:
            way("table")
        sentence(caught.value)
    assert library.names() == ("images", "table")
    assert library.open("images")
    assert library.add(images(tmp_path / "other.npz", seed=5), name="table") == "table-2"
    library.remove("table")
    assert "table" not in library


def test_an_unchanged_folder_is_no_damage(library: Library, tmp_path: Path) -> None:
    library.add(table(tmp_path / "table.csv"))
    change_card()(library.root / "table")
    change_tensors(train__x=lambda x: x)(library.root / "table")
    assert library.open("table")


def test_links_litter_and_names_of_others_are_not_kept(library: Library, tmp_path: Path) -> None:
    name = library.add(images(tmp_path / "images.npz"))
    (library.root / "link").symlink_to(library.root / name)
    (library.root / "empty").mkdir()
    (library.root / "file").write_text("")
    shutil.copytree(library.root / name, library.root / "digits")
    shutil.copytree(library.root / name, library.root / "a b")
    assert library.names() == (name,)
    assert data.load("digits").train.shape == (1, 8, 8)
    for taken in ("link", "empty", "file"):
        assert library.add(images(tmp_path / "other.npz", seed=5), name=taken) == f"{taken}-2"


# a data set like any other


def test_its_name_is_known_wherever_data_are(library: Library, tmp_path: Path) -> None:
    assert data.names() == NAMES
    name = library.add(images(tmp_path / "images.npz"))
    assert data.names() == (*NAMES, "images")
    assert data.is_local(name)
    assert data.class_names(name) == data.load(name).train.classes
    assert not data.is_local("none")
    assert not data.is_local("../runs")
    library.remove(name)
    assert not data.is_local(name)
    with pytest.raises(DataError, match=naming(f"'{name}'")):
        data.load(name)
    with pytest.raises(DataError, match=naming("'photovoltaics'", "photovoltaic")):
        data.load("photovoltaics")
    with pytest.raises(DataError):
        data.class_names(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_classes_are_known_without_the_data(name: str) -> None:
    known = data.class_names(name)
    assert known == (data.load(name).train.classes if data.is_local(name) else known)
    assert known or name in ("photovoltaic-normal", "photovoltaic-windows")  # all of it is of one kind


def train(store: Store, model: str, dataset: str, **config: Any) -> str:
    job_id = queue.submit(store, model, dataset, config, {"epochs": 1, "batch_size": 8})
    list(perform(store, job_id))
    return job_id


@pytest.mark.parametrize("model", ["vae", "ae", "cnn"])
@pytest.mark.parametrize("shape", [(9, 14), (11, 8, 3)])
def test_images_of_any_shape_are_trained_on(
    library: Library, tmp_path: Path, model: str, shape: tuple[int, ...]
) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    name = library.add(images(tmp_path / "images.npz", shape=shape), name="a" * LONGEST_NAME)
    small: list[dict[str, Any]] = [{"hidden": 8}, {"network": "conv", "width": 4}]
    for config in [{"width": 4, "hidden": 8}] if model == "cnn" else small:
        run_id = train(store, model, name, **config)
        run = store.read(run_id)
        assert (run.dataset, run.shape[1:]) == (name, shape[:2])
        assert store.examples(run_id).shape == run.shape


@pytest.mark.parametrize("likelihood", ["bernoulli", "gray-bernoulli", "continuous-bernoulli", "gaussian"])
def test_vectors_of_any_range_are_trained_on(library: Library, tmp_path: Path, likelihood: str) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    name = library.add(table(tmp_path / "table.csv", charge=np.linspace(-1e6, 1e6, N)))
    run_id = train(store, "vae", name, likelihood=likelihood, hidden=8)
    assert store.read(run_id).shape == (4,)
    examples, known = store.examples(run_id), library.scale(name)
    assert known is not None
    assert examples.scale is not None
    assert np.array_equal(examples.scale.span, known.span)  # of the examples for training: others may lie beyond
    assert -0.5 < examples.x.min() <= examples.x.max() < 1.5
    library.remove(name)
    assert store.load(run_id)
    assert store.examples(run_id).shape == (4,)


def test_a_long_vector_can_be_trained_on(library: Library, tmp_path: Path) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    np.save(tmp_path / "genes.npy", np.random.default_rng(0).random((12, 5_000), np.float32))
    assert store.read(train(store, "ae", library.add(tmp_path / "genes.npy"), hidden=8)).shape == (5_000,)


def test_who_needs_labels_learns_from_the_examples_that_have_one(library: Library, tmp_path: Path) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    np.savez(
        tmp_path / "some.npz", x=np.zeros((N, 8, 8), np.uint8), y=np.where(np.arange(N) < 25, np.arange(N) % 2, -1)
    )
    np.savez(tmp_path / "none.npz", x=np.zeros((N, 8, 8), np.uint8))
    some, none = library.add(tmp_path / "some.npz"), library.add(tmp_path / "none.npz")
    assert {int(y) for part in data.load(some) for y in part.y} == {UNLABELLED, 0, 1}
    for name in (some, none):
        assert store.read(train(store, "vae", name, hidden=8)).classes == data.load(name).train.classes
    run = store.read(train(store, "cnn", some))
    labelled = int((data.load(some).train.y != UNLABELLED).sum())
    assert run.steps == run.train["epochs"] * -(-labelled // run.train["batch_size"])
    assert 0 <= run.metrics["error"] <= 1
    with pytest.raises(ValueError, match="classes") as other:
        train(store, "cnn", none)
    sentence(other.value)


def test_a_model_that_does_not_fit_is_refused_before_it_waits(library: Library, tmp_path: Path) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    name = library.add(table(tmp_path / "table.csv"))
    wrong: list[tuple[str, dict[str, Any], str]] = [("vae", {"network": "conv"}, "8×8"), ("cnn", {}, "classifier")]
    for model, config, named in wrong:
        with pytest.raises(RunError, match=f"(?i){named}") as caught:
            queue.submit(store, model, name, config, {})
        sentence(caught.value)
    assert queue.jobs(store) == []


def test_a_training_whose_data_were_removed_says_so(library: Library, tmp_path: Path) -> None:
    store = Store(library.root.parent, tmp_path / "none")
    job_id = queue.submit(store, "vae", library.add(images(tmp_path / "images.npz")), {}, {})
    library.remove("images")
    with pytest.raises(DataError) as caught:
        list(perform(store, job_id))
    assert queue.status(store, job_id).message == sentence(caught.value)
    assert [job.id for job in queue.jobs(store)] == [job_id]  # so that it can be discarded
    queue.order(store, job_id, "discard")
    assert queue.jobs(store) == []
