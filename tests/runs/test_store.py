"""A store gives back what was saved; what is wrong with one folder is a sentence, and leaves the others alone."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from latentlab import device
from latentlab.data import UNLABELLED, Dataset, Kind
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, Classifies, Decodes, Encodes, Fits, Model, Samples, Trains
from latentlab.nn.initialise import initialise
from latentlab.runs.examples import N_EXAMPLES
from latentlab.runs.run import SCHEMA, Run
from latentlab.runs.store import MAX_JSON, SHIPPED, Row, Store, new_id
from latentlab.serialization import RunError, read_history, read_tensors, write
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start
from tests.conftest import examples_for, mentions, naming, noise_images
from tests.runs.test_run import RUN, sentence

DATA = noise_images(40, n_classes=10)
POINTS = Dataset("points", torch.randn(40, 2, generator=device.generator(7)), DATA.y, DATA.classes, Kind.PLANE)
HISTORY = [{"step": 5.0, "loss": 1 / 3}, {"step": 10.0, "loss": 0.1, "valid_loss": 1e-300}]
HOSTILE_IDS = ["../x", "/etc", "a/b", "", ".", "..", "x" * 65, "a\0b", "é", "a b", "a\n", "a\\b", "run.json", ".hidden"]


def saved(
    store: Store, run_id: str = "one", model: str = "vae", data: Dataset | None = None, **changes: object
) -> Model:
    """Save a small model with fresh parameters as a run, and return it."""
    config = {knob.name: int(knob.low or 0) for knob in knobs(MODELS[model].Config) if knob.name in ("hidden", "width")}
    data = data or data_for(model)
    of_data = {"shape": data.shape, "data_kind": data.kind}
    run = dataclasses.replace(RUN, id=run_id, model=model, config=config, **(of_data | changes))  # type: ignore[arg-type]
    built = run.build()
    initialise(built, device.generator(0))
    store.save(run, built, HISTORY, data)
    return built.eval()


def data_for(model: str) -> Dataset:
    """`DATA`, or points where a model can't learn images."""
    return (
        DATA
        if Kind.IMAGE in MODELS[model].kinds
        else dataclasses.replace(examples_for(model, 40), classes=DATA.classes)
    )


def examples_of(store: Store, run_id: str = "one") -> Path:
    """Where the examples of a run are."""
    return store.root / store.read(run_id).examples


def reason(store: Store, run_id: str) -> str:
    """Why the list of runs can't offer this one."""
    row = next(row for row in store.rows() if row.id == run_id)
    assert row.run is None
    return row.reason


def loss(model: Model) -> torch.Tensor:
    """What a model computes of examples, every network of it involved."""
    batch = data_for(model.name).batch()
    with torch.no_grad():
        if isinstance(model, Fits):
            return torch.cat(list(model.terms(batch).values()))
        assert isinstance(model, Trains)
        return torch.cat([loss.value for loss in model.losses(batch, device.generator(1))])


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# what is kept


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_computes_the_same_bits(store: Store, name: str) -> None:
    before = saved(store, model=name)
    after = store.load("one")
    assert type(after) is MODELS[name]
    assert torch.equal(loss(after), loss(before))


@pytest.mark.parametrize("name", MODELS)
def test_the_model_before_training_comes_from_the_seed_of_the_run(store: Store, name: str) -> None:
    saved(store, model=name)
    edit(store.folder("one") / "run.json", train={"seed": 7})
    run = store.read("one")
    fresh = start(name, from_dict(run.kind.Config, run.config), run.spec, TrainConfig(seed=7)).cpu().eval()
    assert store.snapshots("one") == [0]
    assert torch.equal(loss(store.load("one", 0)), loss(fresh))
    assert not torch.equal(loss(store.load("one", 0)), loss(store.load("one")))
    assert not any(p.requires_grad for p in store.load("one", 0).parameters())


def test_moments_are_kept_beside_the_end(store: Store) -> None:
    last = saved(store)
    for epoch, seed in ((10, 1), (2, 2)):
        other = store.load("one")
        initialise(other, device.generator(seed))
        store.save_snapshot("one", other, epoch, torch.float16)
        torch.testing.assert_close(loss(store.load("one", epoch)), loss(other), rtol=1e-2, atol=1e-2)
    (store.folder("one") / "weights-x.safetensors").write_bytes(b"")
    assert store.snapshots("one") == [0, 2, 10]
    assert torch.equal(loss(store.load("one")), loss(last))


@pytest.mark.parametrize("epoch", [1, -1, 10**9])
def test_a_moment_that_was_not_kept_is_a_sentence(store: Store, epoch: int) -> None:
    saved(store)
    with pytest.raises(RunError, match=naming(epoch)):
        store.load("one", epoch)


def test_a_damaged_moment_is_a_sentence(store: Store) -> None:
    saved(store)
    (store.folder("one") / "weights-1.safetensors").write_bytes(b"abc")
    with pytest.raises(RunError, match=naming("weights-1.safetensors")):
        store.load("one", 1)


@pytest.mark.parametrize("name", MODELS)
def test_half_precision_keeps_half_precision(store: Store, name: str) -> None:
    model = saved(store, model=name)
    path = store.root / "one" / "weights.safetensors"
    full = sum(value.nbytes for value in safetensors.torch.load_file(path).values())
    store.save(store.read("one"), model, HISTORY, data_for(name), torch.float16)
    halved = safetensors.torch.load_file(path).values()
    assert {value.dtype for value in halved} == {torch.float16}
    assert sum(value.nbytes for value in halved) == full / 2
    for name, value in store.load("one").state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, model.state_dict()[name], rtol=2**-11, atol=2**-25)


def test_a_loaded_model_is_frozen_and_in_eval_mode(store: Store) -> None:
    saved(store, model="cnn")
    model = store.load("one")
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(module.training for module in model.modules())


def test_examples_and_history_come_back(store: Store) -> None:
    saved(store)
    examples = store.examples("one")
    assert (examples.name, examples.classes) == ("digits", RUN.classes)
    assert examples.x.dtype == torch.uint8
    assert torch.equal(examples.x, DATA.x)
    assert torch.equal(examples.y, DATA.y)
    assert store.history("one") == HISTORY


def test_a_few_hundred_examples_are_kept(store: Store) -> None:
    model = saved(store)
    data = noise_images(N_EXAMPLES + 100, n_classes=10)
    store.save(store.read("one"), model, [], data)
    kept = store.examples("one").x
    assert len(kept) == N_EXAMPLES
    places = (kept[:, None] == data.x).flatten(2).all(2).int().argmax(1)  # which of the data each one is
    assert len(set(places.tolist())) == N_EXAMPLES
    assert int(places.max()) >= N_EXAMPLES  # not just the first ones: they may be easier than the rest
    assert store.history("one") == []


def test_what_was_saved_is_listed_newest_first_and_damaged_ones_last(store: Store) -> None:
    for run_id, created in [("old", "2026-01-01"), ("new", "2026-03-01"), ("middle", "2026-02-01")]:
        saved(store, run_id, created=f"{created}T00:00:00+00:00")
    (store.root / "zz-damaged").mkdir()
    assert [row.id for row in store.rows()] == ["new", "middle", "old", "zz-damaged"]
    assert store.rows()[0] == Row("new", store.read("new"), shipped=False)


def test_a_store_that_is_not_there_yet_is_empty(store: Store) -> None:
    assert (store.rows(), store.runs()) == ([], [])
    with pytest.raises(RunError, match="'one'"):
        store.read("one")
    assert not store.root.exists()


def test_new_ids_are_ids_and_never_the_same(store: Store) -> None:
    ids = {new_id("vae", "fashion-mnist") for _ in range(20)}
    assert len(ids) == 20
    assert all(store.folder(run_id).parent == store.root for run_id in ids)


def test_runs_are_chosen_by_ability_without_reading_weights(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ae", "vae", "cnn"):
        saved(store, name, model=name)

    def never(path: Path) -> None:
        raise AssertionError(f"{path.name} was read")

    monkeypatch.setattr("latentlab.runs.checkpoint.read_tensors", never)
    monkeypatch.setattr("safetensors.torch.load_file", never)

    def ids(*any_of: type[Model]) -> set[str]:
        return {run.id for run in store.runs(*any_of)}

    assert ids() == {"ae", "vae", "cnn"}
    assert ids(Encodes) == ids(Decodes) == {"ae", "vae"}
    assert ids(Samples) == {"vae"}
    assert ids(Samples, Classifies) == {"vae", "cnn"}


# what is damaged


def _another_id(folder: Path) -> None:
    edit(folder / "run.json", id="other")


def _newer(folder: Path) -> None:
    edit(folder / "run.json", schema=SCHEMA + 1)


def _impossible_knob(folder: Path) -> None:
    edit(folder / "run.json", config={"hidden": 7})


def _other_encoding(folder: Path) -> None:
    (folder / "run.json").write_bytes(RUN.to_json().encode("utf-16"))


def _cut(folder: Path) -> None:
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text[: len(text) // 2])


def _giant(folder: Path) -> None:
    (folder / "run.json").write_text(" " * MAX_JSON + RUN.to_json())


def _nested(folder: Path) -> None:
    (folder / "run.json").write_text("[" * 500_000)


def _without_run(folder: Path) -> None:
    (folder / "run.json").unlink()


def _run_is_a_folder(folder: Path) -> None:
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()


def _without_weights(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()


def _weights_are_a_folder(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").mkdir()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _link(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.with_name("good"))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_another_id, ("run.json", "'other'")),
        (_newer, (SCHEMA + 1, SCHEMA)),
        (_impossible_knob, ("hidden", 8, 4096, 7)),
        (_other_encoding, ("run.json", "text")),
        (_cut, ("run.json", "JSON")),
        (_giant, ("run.json", "large")),
        (_nested, ("run.json", "JSON")),
        (_without_run, ()),
        (_run_is_a_folder, ()),
        (_without_weights, ("weights",)),
        (_weights_are_a_folder, ("weights",)),
        (_empty, ()),
        (_link, ("run.json", "'good'")),
    ],
)
def test_a_damaged_folder_is_listed_with_the_reason(
    store: Store, damage: Callable[[Path], None], named: tuple[object, ...]
) -> None:
    saved(store, "good")
    saved(store, "bad")
    damage(store.root / "bad")
    why = reason(store, "bad")
    assert mentions(why, *named)
    if not named:  # nothing is damaged, it just never came
        (store.root / "empty").mkdir()
        assert why == reason(store, "empty")
        (store.root / "empty").rmdir()
    for method in (store.read, store.load, store.examples):
        with pytest.raises(RunError) as caught:
            method("bad")
        assert sentence(caught.value) == why
    assert [run.id for run in store.runs()] == ["good"]
    assert store.load("good") is not None


def test_a_folder_with_a_job_is_listed_as_unfinished(store: Store) -> None:
    (store.root / "one").mkdir(parents=True)
    (store.root / "one" / "job.json").write_text("{}")
    assert mentions(reason(store, "one"), "Train")  # where it can be resumed
    (store.root / "one" / "job.json").unlink()
    assert not mentions(reason(store, "one"), "Train")


def test_what_is_no_folder_is_no_run(store: Store) -> None:
    saved(store, "good")
    (store.root / "file").write_text("not a folder")
    (store.root / "dangling").symlink_to(store.root / "nowhere")
    (store.root / "loop").symlink_to(store.root / "loop")
    (store.root / ".good.deleted").mkdir()
    (store.root / "some notes").mkdir()
    assert [row.id for row in store.rows()] == ["good"]
    for run_id in ("file", "dangling", "loop"):
        for method in (store.read, store.load, store.delete):
            with pytest.raises(RunError, match=f"'{run_id}'"):
                method(run_id)
    assert (store.root / "file").read_text() == "not a folder"


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [1, 8, 9]},
        {"shape": []},
        {"shape": [64], "config": {"network": "conv"}},
        {"shape": [1, 4, 4], "config": {"network": "conv"}},
        {"shape": [4096] * 4},
        {"shape": [4096] * 8},
        {"shape": [1] * 1_000},
        {"config": {"hidden": 16}},
        {"config": {"hidden": 8, "layers": 3}},
        {"model": "cnn", "config": {"width": 4, "hidden": 8}},
        {"model": "cnn", "config": {"width": 4, "hidden": 8}, "classes": []},
    ],
    ids=str,
)
def test_a_run_edited_into_another_model_is_not_loaded(store: Store, changes: dict[str, object]) -> None:
    saved(store)
    edit(store.root / "one" / "run.json", **changes)
    with pytest.raises(RunError) as caught:
        store.load("one")
    sentence(caught.value)


def _rewrite(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        tensors = safetensors.torch.load(content)
        change(tensors)
        return safetensors.torch.save(tensors)

    return damage


def _first(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[bytes], bytes]:
    def edit_first(tensors: dict[str, torch.Tensor]) -> None:
        name = next(iter(tensors))
        tensors[name] = change(tensors[name]).contiguous()

    return _rewrite(edit_first)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:7],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: b"\x80\x04" + content,  # what a pickle starts with
        _rewrite(lambda tensors: tensors.clear()),
        _rewrite(lambda tensors: tensors.update(extra=torch.zeros(1))),
        _rewrite(lambda tensors: tensors.update({next(iter(tensors)) + "_": tensors.pop(next(iter(tensors)))})),
        _first(lambda value: value[..., :-1]),
        _first(lambda value: value[None]),
        _first(lambda value: value * torch.nan),
        _first(lambda value: value / 0),
        _first(lambda value: torch.full_like(value, 7e4).half()),  # more than a half can hold: infinite
        _first(lambda value: value.to(torch.complex64)),
        _first(lambda value: value.to(torch.float8_e4m3fn)),
    ],
    ids=[
        *("empty", "seven bytes", "half", "a byte short", "a byte long", "pickle", "no tensors", "one more", "renamed"),
        *("cut", "one more dimension", "nan", "infinite", "infinite half", "complex", "eight bits"),
    ],
)
def test_damaged_weights_are_not_loaded(store: Store, damage: Callable[[bytes], bytes]) -> None:
    saved(store, "good")
    saved(store, "bad")
    path = store.root / "bad" / "weights.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RunError) as caught:
        store.load("bad")
    sentence(caught.value)
    assert {run.id for run in store.runs()} == {"good", "bad"}
    assert store.load("good") is not None


@pytest.mark.parametrize(
    "change",
    [
        {"x": torch.zeros(40, 1, 8, 9, dtype=torch.uint8)},
        {"y": torch.zeros(39, dtype=torch.int64)},
        {"y": torch.full((40,), 10)},
        {"y": torch.full((40,), -2)},
        {"y": torch.zeros(40)},
        {"x": torch.zeros(40, 1, 8, 8, dtype=torch.int64)},
        {"scale.low": torch.zeros(1, 8, 8).double(), "scale.span": torch.zeros(1, 8, 8).double()},
        {"scale.low": torch.zeros(1, 8, 8).double()},
        {"quantiles": torch.zeros(7, 1, 8, 9)},
        {"quantiles": torch.full((7, 1, 8, 8), torch.nan)},
    ],
    ids=[
        "shape",
        "too few labels",
        "label beyond",
        "label below",
        "float labels",
        "integer pixels",
        "no span",
        "half a scale",
        "other quantiles",
        "no quantiles",
    ],
)
def test_damaged_examples_are_refused(store: Store, change: dict[str, torch.Tensor]) -> None:
    saved(store)
    safetensors.torch.save_file({"x": DATA.x, "y": DATA.y} | change, examples_of(store))
    with pytest.raises(RunError, match=r"examples|scale"):
        store.examples("one")


@pytest.mark.parametrize(
    ("levels", "about"),
    [
        (torch.zeros(40, 2, dtype=torch.int64) + 2, [["a", "b"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(40, 2, dtype=torch.int64) - 1, [["a", "b"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(40, 1, dtype=torch.int64), [["a", "b"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(39, 2, dtype=torch.int64), [["a", "b"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(40, 2), [["a", "b"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(40, 2, dtype=torch.int64), [["a", "a"], [[1, 2], ["u", "v"]]]),
        (torch.zeros(40, 2, dtype=torch.int64), [["a", "b"], [[1, 2], [None]]]),
        (torch.zeros(40, 2, dtype=torch.int64), [["a", "b"], [1, 2]]),
        (torch.zeros(40, 2, dtype=torch.int64), {"a": 1}),
    ],
)
def test_damaged_factors_are_refused(store: Store, levels: torch.Tensor, about: object) -> None:
    saved(store)
    tensors = safetensors.torch.load_file(examples_of(store)) | {"factors": levels}
    safetensors.torch.save_file(tensors, examples_of(store), {"factors": json.dumps(about)})
    with pytest.raises(RunError, match="factors") as caught:
        store.examples("one")
    sentence(caught.value)


def test_factors_without_names_are_refused(store: Store) -> None:
    saved(store)
    tensors = safetensors.torch.load_file(examples_of(store)) | {"factors": torch.zeros(40, 1, dtype=torch.int64)}
    safetensors.torch.save_file(tensors, examples_of(store))
    with pytest.raises(RunError, match="factors"):
        store.examples("one")


def test_examples_without_labels_are_examples(store: Store) -> None:
    saved(store)
    y = torch.full((40,), UNLABELLED)
    safetensors.torch.save_file({"x": DATA.x, "y": y}, examples_of(store))
    assert torch.equal(store.examples("one").y, y)


def test_missing_examples_are_refused_and_the_model_still_loads(store: Store) -> None:
    saved(store)
    path = examples_of(store)
    path.unlink()
    with pytest.raises(RunError, match=r"examples-noise-"):
        store.examples("one")
    path.mkdir()
    with pytest.raises(RunError, match=r"examples-noise-"):
        store.examples("one")
    assert store.load("one") is not None


def _tensor_file(header: object, data: bytes = bytes(8), size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def _entry(dtype: str = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def test_a_right_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(_tensor_file(_entry()))
    assert torch.equal(read_tensors(path)["a"], torch.zeros(2))


@pytest.mark.parametrize(
    "content",
    [
        _tensor_file(_entry(), size=2**63),
        _tensor_file(_entry(), size=10**6),
        _tensor_file(_entry(), size=3),
        _tensor_file(_entry(offsets=[0, 800])),
        _tensor_file(_entry(offsets=[8, 0])),
        _tensor_file(_entry(offsets=[-8, 0])),
        _tensor_file(_entry(offsets=[0, 2**65])),
        _tensor_file(_entry(offsets=[0])),
        _tensor_file(_entry(shape=[3])),
        _tensor_file(_entry(shape=[-2])),
        _tensor_file(_entry(shape=[2**62, 4])),
        _tensor_file(_entry(shape="2")),
        _tensor_file(_entry(dtype="F31")),
        _tensor_file(_entry() | {"b": _entry()["a"]}),
        _tensor_file([1, 2]),
        _tensor_file({"a": 5}),
        _tensor_file({"__metadata__": {"a": 5}} | _entry()),
        _tensor_file(b"\xff" * 40),
        _tensor_file(b"[" * 100_000),
        _tensor_file(b'{"a":' * 100_000),
    ],
)
def test_a_lying_header_is_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(RunError, match=naming("weights.safetensors")):
        read_tensors(path)


@pytest.mark.parametrize("bits", ["F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E5M2", "BF16", "C64", "U64", "I4", "BOOL"])
def test_every_kind_of_number_is_read_or_refused(tmp_path: Path, bits: str) -> None:
    for n in (1, 2, 4, 8, 16):
        path = tmp_path / "weights.safetensors"
        path.write_bytes(_tensor_file(_entry(bits, [n])))
        try:
            assert read_tensors(path)["a"].numel() >= n // 2
        except RunError as error:
            sentence(error)


@pytest.mark.parametrize("seed", range(2))
def test_changed_bytes_of_the_weights_give_a_model_or_a_reason(store: Store, seed: int) -> None:
    saved(store)
    path = store.root / "one" / "weights.safetensors"
    content = path.read_bytes()
    header = 8 + struct.unpack("<Q", content[:8])[0]
    rng = random.Random(seed)
    for _ in range(100):
        changed = bytearray(content)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(header)] = rng.randrange(256)
        path.write_bytes(changed)
        try:
            assert loss(store.load("one")).isfinite().all()
        except RunError as error:
            sentence(error)


def test_a_file_larger_than_any_weights_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(_tensor_file(_entry()))
    monkeypatch.setattr("latentlab.serialization.MAX_TENSORS", 10)
    with pytest.raises(RunError, match=naming("weights.safetensors", 10)):
        read_tensors(path)


# hostile ids


@pytest.mark.parametrize("run_id", HOSTILE_IDS, ids=repr)
def test_a_path_cannot_be_smuggled_in_as_an_id(store: Store, run_id: str) -> None:
    saved(store)
    for method in (store.folder, store.is_shipped, store.read, store.load, store.examples, store.history, store.delete):
        with pytest.raises(RunError, match=re.escape(repr(run_id[:80]))):
            method(run_id)
    with pytest.raises(RunError, match=re.escape(repr(run_id[:80]))):
        store.rename(run_id, "title")


@pytest.mark.parametrize("run_id", ["../x", "absolute", "a/b", "", ".", "..", "x" * 65, "a\0b", "é"], ids=repr)
def test_nothing_is_saved_under_a_hostile_id(store: Store, tmp_path: Path, run_id: str) -> None:
    model = saved(store)
    before = sorted(tmp_path.rglob("*"))
    run = dataclasses.replace(store.read("one"), id=str(tmp_path / "elsewhere") if run_id == "absolute" else run_id)
    with pytest.raises(RunError, match=re.escape(repr(run.id[:80]))):
        store.save(run, model, HISTORY, DATA)
    assert sorted(tmp_path.rglob("*")) == before


# what ships


@pytest.fixture
def over_shipped(tmp_path: Path) -> Store:
    """A store with one run of the user's and two that ship."""
    store = Store(tmp_path / "runs", shipped=tmp_path / "shipped")
    for run_id in ("b-shipped", "a-shipped"):
        saved(Store(store.shipped, shipped=tmp_path / "none"), run_id, note="A note.")
    saved(store, "mine", created="2020-01-01T00:00:00+00:00")
    return store


def test_shipped_runs_are_listed_after_the_users_own_by_name(over_shipped: Store) -> None:
    assert [(row.id, row.shipped) for row in over_shipped.rows()] == [
        ("mine", False),
        ("a-shipped", True),
        ("b-shipped", True),
    ]
    assert over_shipped.load("a-shipped") is not None
    assert over_shipped.read("a-shipped").note == "A note."
    assert over_shipped.is_shipped("a-shipped")
    assert not over_shipped.is_shipped("mine")


def test_a_folder_of_the_same_name_does_not_hide_a_shipped_run(over_shipped: Store) -> None:
    (over_shipped.root / "a-shipped").mkdir()
    assert [row.id for row in over_shipped.rows()] == ["mine", "a-shipped", "b-shipped"]
    assert over_shipped.read("a-shipped").note == "A note."


def test_a_shipped_run_cannot_be_renamed_or_deleted(over_shipped: Store) -> None:
    before = {path: path.read_bytes() for path in over_shipped.shipped.rglob("*") if path.is_file()}
    with pytest.raises(RunError):
        over_shipped.rename("a-shipped", "Mine")
    with pytest.raises(RunError):
        over_shipped.delete("a-shipped")
    assert {path: path.read_bytes() for path in over_shipped.shipped.rglob("*") if path.is_file()} == before


def test_the_users_runs_are_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "mine"))
    assert Store.default() == Store(tmp_path / "mine", SHIPPED)
    for unset in ("", None):
        monkeypatch.setenv("LATENTLAB_RUNS", "") if unset == "" else monkeypatch.delenv("LATENTLAB_RUNS")
        assert Store.default() == Store(SHIPPED.parent / "runs", SHIPPED)


# renaming and deleting


def test_renaming_keeps_the_id_and_all_else(store: Store) -> None:
    saved(store)
    store.rename("one", "  Another \n name ")
    assert store.read("one") == dataclasses.replace(
        RUN, id="one", title="Another name", config={"hidden": 8, "width": 4}, examples=examples_of(store).name
    )
    assert store.load("one") is not None


def test_a_run_is_parsed_once_until_it_is_written_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(store)
    parsed, from_json = list[str](), Run.from_json

    def counted(text: str) -> Run:
        parsed.append(text)
        return from_json(text)

    monkeypatch.setattr(Run, "from_json", counted)
    first = store.read("one")
    assert [row.run for row in store.rows()] == [store.read("one")] == [first]
    assert len(parsed) <= 1
    store.rename("one", "Another")
    assert store.read("one").title == "Another"
    path = store.folder("one") / "run.json"
    path.write_text(path.read_text().replace("Another", "Retitled"))
    assert store.read("one").title == "Retitled"
    path.write_text("{}")
    assert [row.run for row in store.rows()] == [None]


def test_what_one_reader_changes_another_does_not_get(store: Store) -> None:
    saved(store)
    mine = store.read("one")
    before = json.loads(mine.to_json())
    for part in (mine.config, mine.train, mine.metrics):
        assert isinstance(part, dict)
        part["of mine"] = 1.0
    assert json.loads(store.read("one").to_json()) == before


@pytest.mark.parametrize("title", ["", "  \n", "x" * 81])
def test_a_title_that_is_no_name_is_refused(store: Store, title: str) -> None:
    saved(store)
    with pytest.raises(RunError, match=naming(1, 80)):
        store.rename("one", title)
    assert store.read("one").title == RUN.title


def test_a_title_that_no_file_can_hold_is_refused(store: Store) -> None:
    saved(store)
    with pytest.raises(RunError):
        store.rename("one", "half a pair: \ud800")
    assert store.read("one").title == RUN.title


def test_a_title_may_be_anything_else(store: Store) -> None:
    saved(store)
    for title in ("x" * 80, "../x", "数字 \0", "<b>bold</b>", '"}'):
        store.rename("one", title)
        assert store.read("one").title == title


def test_what_is_deleted_is_out_of_sight_and_comes_back_whole(store: Store) -> None:
    model = saved(store, "one")
    saved(store, "two")
    (store.root / "one" / "deeper").mkdir()
    store.delete("one")
    assert {path.name for path in store.root.iterdir()} == {"two", ".trash", examples_of(store, "two").name}
    assert [row.id for row in store.rows()] == ["two"]
    with pytest.raises(RunError, match="'one'"):
        store.delete("one")
    ((deleted, run),) = store.deleted()
    assert (deleted.name, run and run.id) == ("one", "one")
    store.restore("one")
    assert torch.equal(loss(store.load("one")), loss(model))
    assert (store.root / "one" / "deeper").is_dir()
    for run_id in ("one", "two", "three"):
        with pytest.raises(RunError):
            store.restore(run_id)


def test_examples_are_kept_once_for_all_runs_of_the_same_data(store: Store) -> None:
    saved(store, "one")
    saved(store, "two", model="cnn")
    saved(store, "points", model="gan", data=POINTS)
    assert examples_of(store, "one") == examples_of(store, "two") != examples_of(store, "points")
    assert torch.equal(store.examples("two").x, DATA.x)
    assert torch.equal(store.examples("points").x, POINTS.x)


def test_examples_go_with_the_last_run_that_reads_them_if_they_are_old(store: Store) -> None:
    saved(store, "one")
    saved(store, "two")
    path = examples_of(store)
    os.utime(path, (0, 0))
    store.delete("one")
    assert path.exists()
    store.delete("two")
    assert path.exists()  # for a run in the trash
    store.trash.empty(0)
    saved(store, "three", model="gan", data=POINTS)
    store.delete("three")
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["../one/run.json", "/etc/passwd", "examples-x.safetensors", "examples-x-0123456789AB.safetensors"]
)
def test_examples_are_read_from_nowhere_else(store: Store, name: str) -> None:
    saved(store)
    edit(store.folder("one") / "run.json", examples=name)
    with pytest.raises(RunError):
        store.read("one")


def test_a_folder_of_the_first_format_is_opened_as_before(store: Store) -> None:
    model = saved(store)
    folder, examples = store.folder("one"), examples_of(store)
    examples.rename(folder / "examples.safetensors")
    values = json.loads((folder / "run.json").read_text()) | {"schema": 1}
    for name in ("data_kind", "columns", "examples"):
        del values[name]
    (folder / "run.json").write_text(json.dumps(values))
    assert torch.equal(store.examples("one").x, DATA.x)
    assert store.examples("one").kind is Kind.IMAGE
    assert torch.equal(loss(store.load("one")), loss(model))
    store.rename("one", "Renamed")
    assert torch.equal(store.examples("one").x, DATA.x)


def test_a_damaged_run_can_be_deleted(store: Store) -> None:
    (store.root / "one").mkdir(parents=True)
    store.delete("one")
    assert store.rows() == []


def test_a_link_is_not_followed_when_deleting(store: Store, tmp_path: Path) -> None:
    elsewhere = Store(tmp_path / "elsewhere", store.shipped)
    saved(elsewhere)
    store.root.mkdir()
    (store.root / "one").symlink_to(elsewhere.root / "one")
    with pytest.raises(RunError):
        store.delete("one")
    assert elsewhere.load("one") is not None


# files are written whole or not at all


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    path = tmp_path / "run.json"
    write(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(broken, fail)
        with pytest.raises(OSError, match="full"):
            write(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]
    assert path.read_bytes() == b"old"
    write(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_save_that_breaks_off_leaves_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "history.csv":
            raise OSError("full")
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr("latentlab.runs.store.write", full)
        with pytest.raises(OSError, match="full"):
            saved(store)
    (store.root / "empty").mkdir()
    assert reason(store, "one") == reason(store, "empty")  # it is as if nothing had come
    saved(store)
    assert [run.id for run in store.runs()] == ["one"]


# histories


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"step,loss\n", []),
        (b"step,loss\n1,2.5\n", [{"step": 1.0, "loss": 2.5}]),
        (b"step,loss\r\n1,2.5\r\n", [{"step": 1.0, "loss": 2.5}]),
        (b"step,loss\n1,\n2,nan\n3,inf\n4,low\n", [{"step": 1.0}, {"step": 2.0}, {"step": 3.0}, {"step": 4.0}]),
        (b"step,loss\n1,2,3,4\n5\n", [{"step": 1.0, "loss": 2.0}, {"step": 5.0}]),
        (b"step,loss\n1,2\n3,", [{"step": 1.0, "loss": 2.0}, {"step": 3.0}]),
        (b"\xff\xfe\x00", []),
        (b"step\n" + b"9" * 200_000, []),
        (b'step,loss\n1,"2\n', [{"step": 1.0, "loss": 2.0}]),
    ],
)
def test_rubbish_in_a_history_is_left_out(tmp_path: Path, content: bytes, rows: list[dict[str, float]]) -> None:
    (tmp_path / "history.csv").write_bytes(content)
    assert read_history(tmp_path / "history.csv") == rows


def test_random_bytes_are_a_history_of_numbers(tmp_path: Path) -> None:
    rng = random.Random(0)
    path = tmp_path / "history.csv"
    for _ in range(200):
        path.write_bytes(b"step,loss\n" + bytes(rng.choice(b'0123,.\n\r"ex-\0\xc3 ') for _ in range(40)))
        assert all(isinstance(value, float) for row in read_history(path) for value in row.values())


def test_a_missing_history_is_empty(store: Store, tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.csv") == []
    assert read_history(tmp_path) == []
    assert store.history("none") == []


def test_an_unreadable_folder_hides_no_other(store: Store) -> None:
    saved(store, "good")
    saved(store, "bad")
    (store.root / "bad").chmod(0)
    try:
        if os.access(store.root / "bad", os.X_OK):
            pytest.skip("this user may read everything")
        assert [run.id for run in store.runs()] == ["good"]
        assert reason(store, "bad")
    finally:
        (store.root / "bad").chmod(0o755)
