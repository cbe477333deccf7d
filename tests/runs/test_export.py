"""A run leaves as a zip and comes back bit by bit; what is no such zip is one sentence, and nothing is written."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import random
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from latentlab.data import Library
from latentlab.data.files.archives import FREE_BYTES
from latentlab.models import MODELS
from latentlab.runs import export, unit_kl
from latentlab.runs.export import look, pack, unpack
from latentlab.runs.run import LONGEST_TITLE
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED, Store
from latentlab.serialization import RunError
from tests.conftest import mentions, naming
from tests.runs.test_run import RUN, sentence
from tests.runs.test_store import DATA, HISTORY, data_for, edit, examples_of, loss, saved

Members = dict[str, bytes]


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """The store of another machine."""
    return Store(tmp_path / "other" / "runs", shipped=tmp_path / "none")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.zip"


def packed(store: Store, run_id: str = "one") -> bytes:
    out = io.BytesIO()
    pack(store, run_id, out)
    return out.getvalue()


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def members(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(found: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return out.getvalue()


# there and back


@pytest.mark.parametrize("model", MODELS)
def test_what_comes_back_computes_the_same_bits(store: Store, other: Store, path: Path, model: str) -> None:
    end = saved(store, model=model, dataset=data_for(model).name)
    early = dataclasses.replace(store.read("one")).build().eval()
    store.save_snapshot("one", early, 2)
    path.write_bytes(packed(store))
    assert unpack(other, path) == "one"
    assert dataclasses.replace(other.read("one"), dataset=DATA.name) == dataclasses.replace(
        store.read("one"), dataset=DATA.name
    )
    assert torch.equal(loss(other.load("one")), loss(end))
    assert torch.equal(loss(other.load("one", 2)), loss(early))
    assert torch.equal(loss(other.load("one", 0)), loss(store.load("one", 0)))
    there, here = other.examples("one"), store.examples("one")
    assert torch.equal(there.x, here.x)
    assert torch.equal(there.y, here.y)
    assert other.history("one") == store.history("one") == HISTORY


def test_every_file_of_the_run_is_the_same(store: Store, other: Store, path: Path) -> None:
    saved(store)
    (store.folder("one") / "probes.csv").write_text("epoch,stem\n1,0.5\n")
    (store.folder("one") / "unit_kl.csv").write_text("epoch,z1 1\n1,0.25\n")
    (store.folder("one") / "baselines.csv").write_text("linear,mlp\n0.25,0.125\n")
    path.write_bytes(packed(store))
    unpack(other, path)
    there, here = contents(other.root), contents(store.root)
    assert there.pop(other.read("one").examples) == here.pop(store.read("one").examples)
    names = {"one/run.json"}
    assert {name: c for name, c in there.items() if name not in names} == {
        n: c for n, c in here.items() if n not in names
    }
    assert other.probes("one") == [{"epoch": 1.0, "stem": 0.5}]
    assert unit_kl.read(other, "one") == [{"epoch": 1.0, "z1 1": 0.25}]
    assert other.baselines("one") == {"linear": 0.25, "mlp": 0.125}


@pytest.mark.slow
@pytest.mark.parametrize("run_id", [path.parent.name for path in sorted(SHIPPED.glob("*/run.json"))])
def test_what_ships_can_be_taken_elsewhere(other: Store, path: Path, run_id: str) -> None:
    ships = SHIPPED_RUNS
    path.write_bytes(packed(ships, run_id))
    assert unpack(other, path) == run_id
    theirs, ours = other.load(run_id).state_dict(), ships.load(run_id).state_dict()
    assert all(torch.equal(theirs[name], value) for name, value in ours.items())
    assert other.snapshots(run_id) == ships.snapshots(run_id)
    assert other.read(run_id) == ships.read(run_id)


def test_a_run_of_the_first_format_brings_its_own_examples(store: Store, other: Store, path: Path) -> None:
    saved(store)
    before = store.examples("one").x
    examples_of(store).rename(store.folder("one") / "examples.safetensors")
    edit(store.folder("one") / "run.json", examples="")
    path.write_bytes(packed(store))
    unpack(other, path)
    assert torch.equal(other.examples("one").x, before)
    assert not (other.folder("one") / "examples.safetensors").exists()


def test_the_same_run_is_the_same_zip(store: Store) -> None:
    saved(store)
    assert packed(store) == packed(store)


def test_before_it_is_imported_one_sees_what_it_is(store: Store, other: Store, path: Path) -> None:
    saved(store)
    store.save_snapshot("one", store.load("one"), 5)
    path.write_bytes(packed(store))
    found = look(other, path)
    assert (found.run, found.snapshots, found.n_examples, found.known_as) == (store.read("one"), (5,), len(DATA), "")
    assert not other.root.exists()
    unpack(other, path)
    assert look(other, path).known_as == "one"


def test_the_card_says_what_the_run_is(store: Store) -> None:
    saved(store)
    store.save_snapshot("one", store.load("one"), 5)
    text = members(packed(store))["README.md"].decode()
    lines = text.splitlines()
    assert lines[0] == f"# {RUN.title}"
    for name, value in {**RUN.metrics, **store.read("one").config, **RUN.train}.items():
        shown = f"{value:.6g}" if name in RUN.metrics else value
        assert any(mentions(line, name, shown) for line in lines), name
    assert any(mentions(line, "5") for line in lines if "snapshot" in line)
    assert mentions(text, RUN.note, RUN.dataset, "one.zip", f"{len(DATA):,}")


@pytest.mark.parametrize("broken", ["run.json", "weights.safetensors", "examples"])
def test_a_damaged_run_is_not_exported(store: Store, broken: str) -> None:
    saved(store)
    (examples_of(store) if broken == "examples" else store.folder("one") / broken).write_bytes(b"")
    with pytest.raises(RunError) as caught:
        packed(store)
    sentence(caught.value)


# ids


def test_a_run_that_is_there_is_found_again(store: Store, path: Path) -> None:
    saved(store)
    path.write_bytes(packed(store))
    store.rename("one", "Another title")
    before = contents(store.root)
    assert unpack(store, path) == "one"
    assert contents(store.root) == before


def test_a_run_that_ships_is_found_again(tmp_path: Path, path: Path) -> None:
    path.write_bytes(packed(SHIPPED_RUNS, "moons-dae"))
    mine = Store(tmp_path / "mine")
    assert unpack(mine, path) == "moons-dae"
    assert contents(mine.root) == {}


@pytest.mark.parametrize("where", ["there", "trash", "shipped"])
def test_an_id_is_not_used_twice(store: Store, path: Path, where: str, tmp_path: Path) -> None:
    saved(store, title="From elsewhere", dataset=DATA.name)
    path.write_bytes(packed(store))
    mine = Store(tmp_path / "mine", shipped=tmp_path / "ships")
    saved(
        Store(mine.shipped, tmp_path / "none") if where == "shipped" else mine,
        "one",
        title="Mine",
        created="2026-01-01",
    )
    if where == "trash":
        mine.delete("one")
    new = unpack(mine, path)
    assert new != "one"
    assert mine.read(new) == dataclasses.replace(store.read("one"), id=new, dataset=mine.read(new).dataset)
    if where == "trash":
        mine.restore("one")
    assert mine.read("one").title == "Mine"
    assert unpack(mine, path) == new  # found again under its new id
    assert len(mine.rows()) == 2


def test_examples_go_by_their_content_and_not_by_the_name_they_claim(store: Store, other: Store, path: Path) -> None:
    saved(store, dataset=DATA.name)
    claimed = "examples-mnist-010c0a9b665f.safetensors"
    found = members(packed(store))
    own = next(name for name in found if name.startswith("examples-"))
    found[claimed] = found.pop(own)
    found["run.json"] = json.dumps(json.loads(found["run.json"]) | {"examples": claimed}).encode()
    path.write_bytes(zipped(found))
    unpack(other, path)
    assert not (other.root / claimed).exists()
    assert other.read("one").examples == own


def test_data_of_ones_own_keep_their_name_only_where_they_are(
    store: Store, other: Store, path: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for name, numbers in (("mine", rng.random((40, 3))), ("theirs", rng.random((40, 3)))):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "own.npz", x=numbers, y=np.arange(40) % 2)
    library = Library(store.root / ".data")
    name = library.add(tmp_path / "mine" / "own.npz")
    test = library.load(name).test
    run = dataclasses.replace(RUN, id="one", model="ppca", dataset=name, config={}, shape=(3,), classes=test.classes,
                              data_kind=test.kind)  # fmt: skip
    store.save(run, run.build(), HISTORY, test)
    path.write_bytes(packed(store))
    shutil.rmtree(store.root / "one")
    assert store.read(unpack(store, path)).dataset == name  # they are here
    elsewhere = other.read(unpack(other, path)).dataset
    assert elsewhere.startswith(f"{name}-")
    shutil.rmtree(other.root / "one")
    assert Library(other.root / ".data").add(tmp_path / "theirs" / "own.npz") == name
    assert other.read(unpack(other, path)).dataset == elsewhere  # others of their name are


def test_data_that_only_claim_to_be_built_in_get_another_name(store: Store, other: Store, path: Path) -> None:
    saved(store, dataset="mnist")  # of 8 × 8 pixels
    path.write_bytes(packed(store))
    assert other.read(unpack(other, path)).dataset != "mnist"


def test_a_new_id_is_no_path_whatever_the_data_are_called(store: Store, path: Path, tmp_path: Path) -> None:
    saved(store, dataset="../../x")
    path.write_bytes(packed(store))
    edit(store.folder("one") / "run.json", created="2020-01-01")
    new = unpack(store, path)
    assert store.folder(new).parent == store.root
    assert {p.name for p in tmp_path.iterdir()} == {"runs", "run.zip"}


@pytest.mark.parametrize(("title", "kept"), [("x" * 1000, "x" * LONGEST_TITLE), ("two\n lines", "two lines")])
def test_a_title_becomes_one_that_a_run_can_have(store: Store, other: Store, path: Path, title: str, kept: str) -> None:
    saved(store)
    path.write_bytes(zipped(changed(members(packed(store)), title=title)))
    assert other.read(unpack(other, path)).title == kept


# hostile zips


def changed(found: Members, **values: object) -> Members:
    """The same with other fields of run.json."""
    return found | {"run.json": json.dumps(json.loads(found["run.json"]) | values).encode()}


def tensors(content: bytes, change: Callable[[torch.Tensor], torch.Tensor]) -> bytes:
    return safetensors.torch.save({k: change(v).contiguous() for k, v in safetensors.torch.load(content).items()})


def without(found: Members, start: str) -> Members:
    return {name: content for name, content in found.items() if not name.startswith(start)}


def with_examples(found: Members, change: Callable[[bytes], bytes]) -> Members:
    return {name: change(c) if name.startswith("examples-") else c for name, c in found.items()}


def as_link(found: Members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in found.items():
            info = zipfile.ZipInfo(name)
            if name == "history.csv":
                info.external_attr, content = (stat.S_IFLNK | 0o777) << 16, b"/etc/passwd"
            archive.writestr(info, content)
    return out.getvalue()


def twice(found: Members) -> bytes:
    out = io.BytesIO(zipped(found))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="run.json"):
        archive.writestr("run.json", found["run.json"])
    return out.getvalue()


def encrypted(found: Members) -> bytes:
    content = bytearray(zipped(found))
    for k in range(len(content) - 4):
        if content[k : k + 4] == b"PK\1\2":
            content[k + 8] |= 1
    return bytes(content)


def unusual_packing(found: Members) -> bytes:
    return zipped(found, zipfile.ZIP_LZMA)


def damaged(found: Members) -> bytes:
    content = bytearray(zipped(found))
    at = content.index(b"weights.safetensors") + 200
    content[at] ^= 0xFF
    return bytes(content)


class Harmful:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("harm",)


HARM = pickle.dumps(Harmful())
ZEROS = bytes(FREE_BYTES + 1)  # more than a small zip may hold
HOSTILE: dict[str, Callable[[Members], bytes]] = {
    "traversal": lambda found: zipped(found | {"../../escaped.csv": b"x"}),
    "traversal as a known name": lambda found: zipped(found | {"../history.csv": b"x"}),
    "absolute": lambda found: zipped(found | {"/tmp/history.csv": b"x"}),
    "backslash": lambda found: zipped(found | {"..\\history.csv": b"x"}),
    "folder": lambda found: zipped(found | {"weights/": b""}),
    "below a folder": lambda found: zipped({f"one/{name}": content for name, content in found.items()}),
    "an extra file": lambda found: zipped(found | {"setup.py": b"import os"}),
    "a job": lambda found: zipped(found | {"job.json": b"{}"}),
    "other examples": lambda found: zipped(found | {"examples-x-0123456789ab.safetensors": b""}),
    "many files": lambda found: zipped(found | {f"weights-{k}.safetensors": b"" for k in range(1, 99)}),
    "link": as_link,
    "twice": twice,
    "encrypted": encrypted,
    "unusual packing": unusual_packing,
    "damaged": damaged,
    "bomb as weights": lambda found: zipped(found | {"weights.safetensors": ZEROS}),
    "bomb as history": lambda found: zipped(found | {"history.csv": ZEROS}),
    "bomb as card": lambda found: zipped(found | {"README.md": ZEROS}),
    "long history": lambda found: zipped(found | {"history.csv": random.Random(0).randbytes(export.MAX_TABLE + 1)}),
    "long run.json": lambda found: zipped(found | {"run.json": b" " * (1 << 20) + found["run.json"]}),
    "pickled weights": lambda found: zipped(found | {"weights.safetensors": HARM}),
    "pickled run": lambda found: zipped(found | {"run.json": HARM}),
    "pickled examples": lambda found: zipped(with_examples(found, lambda _: HARM)),
    "pickle of torch": lambda found: zipped(without(found, "weights") | {"weights.pt": HARM}),
    "no run.json": lambda found: zipped(without(found, "run.json")),
    "no weights": lambda found: zipped(without(found, "weights")),
    "no examples": lambda found: zipped(without(found, "examples")),
    "newer format": lambda found: zipped(changed(found, schema=99)),
    "unknown model": lambda found: zipped(changed(found, model="os.system")),
    "unknown field": lambda found: zipped(changed(found, more=1)),
    "path as id": lambda found: zipped(changed(found, id="../one")),
    "path as examples": lambda found: zipped(changed(found, examples="../examples.safetensors")),
    "empty title": lambda found: zipped(changed(found, title=" ")),
    "huge model": lambda found: zipped(changed(found, shape=[4096, 4096, 4096])),
    "other shape": lambda found: zipped(changed(found, shape=[1, 9, 9])),
    "other classes": lambda found: zipped(changed(found, classes=["0"])),
    "weights of another": lambda found: zipped(changed(found, config={"z_dim": 3, "hidden": 8})),
    "infinite weights": lambda found: zipped(
        found | {"weights.safetensors": tensors(found["weights.safetensors"], lambda v: v * np.inf)}
    ),
    "whole weights": lambda found: zipped(
        found | {"weights.safetensors": tensors(found["weights.safetensors"], lambda v: v.long())}
    ),
    "snapshot of another": lambda found: zipped(
        found | {"weights-3.safetensors": tensors(found["weights.safetensors"], lambda v: v[:1])}
    ),
    "examples of another": lambda found: zipped(with_examples(found, lambda c: tensors(c, lambda v: v[:, None]))),
    "not a zip": lambda _: b"PK\3\4 and nothing else",
    "empty": lambda _: b"",
    "empty zip": lambda _: zipped({}),
    "cut off": lambda found: zipped(found)[:-30],
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("use", [unpack, look])
def test_what_is_no_run_is_a_sentence_and_leaves_nothing(
    store: Store,
    path: Path,
    use: Callable[[Store, Path], object],
    make: Callable[[Members], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(store)
    path.write_bytes(make(members(packed(store))))
    shutil.rmtree(store.root / "one")
    before = contents(tmp_path)
    if use is look and make is HOSTILE["empty title"]:
        return  # which a person sees before anything is written
    with pytest.raises(RunError) as caught:
        use(store, path)
    sentence(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert contents(tmp_path) == before
    assert not (tmp_path / "harm").exists()
    assert [p for p in store.root.iterdir() if p.is_dir()] == []


def test_the_sentence_names_what_does_not_belong(store: Store, path: Path) -> None:
    saved(store)
    path.write_bytes(zipped(members(packed(store)) | {"setup.py": b""}))
    with pytest.raises(RunError, match=naming("setup.py")):
        unpack(store, path)


def test_a_file_that_is_not_there_is_a_sentence(store: Store, path: Path) -> None:
    with pytest.raises(RunError, match=naming(path.name)) as caught:
        unpack(store, path)
    sentence(caught.value)


@pytest.mark.slow
def test_whatever_bytes_are_damaged_it_is_the_run_or_a_sentence(store: Store, other: Store, path: Path) -> None:
    saved(store)
    content, run, rng = packed(store), store.read("one"), random.Random(0)
    n_rejected = 0
    for _ in range(300):
        broken = bytearray(content)
        for _ in range(rng.choice((1, 1, 8))):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        path.write_bytes(broken)
        try:
            found = look(other, path).run
        except RunError as error:
            sentence(error)
            n_rejected += 1
        else:
            assert found == run
    assert n_rejected > 100
