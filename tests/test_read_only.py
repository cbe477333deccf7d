"""An app for looking only: each function that changes what is stored refuses, whatever a page offers."""

from __future__ import annotations

import inspect
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentlab import settings
from latentlab.__main__ import main
from latentlab.data import DataError, Library
from latentlab.data.files.read import read_path
from latentlab.jobs import queue, sweep, worker
from latentlab.jobs.clear_up import clear_up
from latentlab.jobs.worker import ensure_worker, perform
from latentlab.runs import labelled
from latentlab.runs.export import pack, unpack
from latentlab.runs.labelled import Labelled
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from tests.runs.test_run import RUN
from tests.runs.test_store import DATA, HISTORY, saved

Change = Callable[[Store, Library], object]
STORE: dict[str, Change] = {
    "save": lambda store, _: store.save(RUN, store.load("one"), HISTORY, DATA),
    "save_snapshot": lambda store, _: store.save_snapshot("one", store.load("one"), 3),
    "rename": lambda store, _: store.rename("one", "Another"),
    "remeasure": lambda store, _: store.remeasure("one", {"loss": 0.0}),
    "delete": lambda store, _: store.delete("one"),
    "restore": lambda store, _: store.restore("gone"),
}
QUEUE: dict[str, Change] = {
    "submit": lambda store, _: queue.submit(store, "ppca", "digits", {}, {}),
    "enqueue": lambda store, _: queue.enqueue(store, queue.jobs(store)[0]),
    "order": lambda store, _: queue.order(store, queue.jobs(store)[0].id, "discard"),
    "resume": lambda store, _: queue.resume(store, queue.jobs(store)[0].id),
    "remove": lambda store, _: queue.remove(store, "one"),
    "restore": lambda store, _: queue.restore(store, "gone"),
}
SWEEP: dict[str, Change] = {
    "go_on": lambda store, _: sweep.go_on(store, sweep.plan("ppca", "digits", {"z_dim": (2, 3)}, 1, {}, {})),
    "pause": lambda store, _: sweep.pause(store, sweep.sweeps(store)[0]),
}
WORKER: dict[str, Change] = {
    "perform": lambda store, _: list(perform(store, queue.jobs(store)[0].id)),
    "ensure_worker": lambda store, _: ensure_worker(store),
}
EXPORT: dict[str, Change] = {
    "unpack": lambda store, _: unpack(store, store.root.parent / "elsewhere.zip"),
}
LABELLED: dict[str, Change] = {
    "add": lambda store, _: labelled.add(store, "one", Labelled("a", np.ones((2, 3)))),
    "undo": lambda store, _: labelled.undo(store, "elsewhere"),
    "given_to": lambda store, _: labelled.given_to(store, "elsewhere", "one"),
}
LIBRARY: dict[str, Change] = {
    "add": lambda _, library: library.add(library.root.parent.parent / "new.npy"),
    "save": lambda _, library: library.save(read_path(library.root.parent.parent / "new.npy"), "new.npy"),
    "remove": lambda _, library: library.remove("kept"),
    "restore": lambda _, library: library.restore("dropped"),
}
CHANGES = [
    *STORE.values(),
    *QUEUE.values(),
    *SWEEP.values(),
    *WORKER.values(),
    *EXPORT.values(),
    *LABELLED.values(),
    *LIBRARY.values(),
]
NAMES = [f"{part}.{name}" for part, changes in (("store", STORE), ("queue", QUEUE), ("sweep", SWEEP),
         ("worker", WORKER), ("export", EXPORT), ("labelled", LABELLED),
         ("library", LIBRARY)) for name in changes]  # fmt: skip
LOOKS = {  # the public functions that change nothing of the user's
    Store: {"default", "is_shipped", "folder", "read", "snapshots", "load", "examples", "history", "probes",
            "baselines", "obstacle", "rows", "runs", "deleted", "trash"},
    Library: {"default", "names", "card", "open", "open_with_scale", "load", "scale", "trash"},
}  # fmt: skip


@pytest.fixture
def stored(store: Store, tmp_path: Path) -> tuple[Store, Library]:
    """A run, a deleted one, one as a zip, a paused training, a queued one, and data of one's own, kept and removed."""
    for name in ("one", "gone"):
        saved(store, name)
    store.delete("gone")
    saved(store, "elsewhere", created="2025-01-01")
    with (tmp_path / "elsewhere.zip").open("wb") as out:
        pack(store, "elsewhere", out)
    shutil.rmtree(store.root / "elsewhere")
    queue.order(store, queue.submit(store, "ppca", "digits", {}, {}), "pause")
    queue.submit(store, "ppca", "digits", {}, {})
    sweep.go_on(store, sweep.plan("ppca", "digits", {"z_dim": (4, 5)}, 1, {}, {}))
    library = Library(store.root / ".data")
    for k, name in enumerate(("kept", "dropped", "new")):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(k).random((30, 3)))
    labelled.add(store, "elsewhere", Labelled("a", np.ones((2, 3))))
    for name in ("kept", "dropped"):
        library.add(tmp_path / f"{name}.npy")
    library.remove("dropped")
    return store, library


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_what_changes_anything_refuses(
    stored: tuple[Store, Library], change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(stored[0].root)
    monkeypatch.setenv(settings.READ_ONLY, "1")
    with pytest.raises((RunError, DataError)) as refused:
        change(*stored)
    assert str(refused.value) == settings.FOR_LOOKING
    assert contents(stored[0].root) == before


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_otherwise_it_is_done(stored: tuple[Store, Library], change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: None)
    monkeypatch.setattr(worker, "_started", [])
    monkeypatch.setenv(settings.READ_ONLY, "0")
    before = contents(stored[0].root)
    change(*stored)
    assert contents(stored[0].root) != before


@pytest.mark.parametrize(("kind", "changes"), [(Store, STORE), (Library, LIBRARY)])
def test_each_function_is_known_to_change_something_or_not(kind: type, changes: dict[str, Change]) -> None:
    public = {name for name, _ in inspect.getmembers_static(kind) if not name.startswith("_")}
    fields = {"root", "shipped", "reserved"}
    assert public - fields == set(changes) | LOOKS[kind]


def test_a_start_of_the_app_removes_nothing(stored: tuple[Store, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    root, long_ago = stored[0].root, 1e9
    monkeypatch.setenv("LATENTLAB_RUNS", str(root))
    (root / ".run.json.0123abcd").touch()
    os.utime(root / ".run.json.0123abcd", (long_ago, long_ago))
    (root / ".trash" / "old~1000").mkdir()
    for read_only, stay in (("1", True), ("0", False)):
        monkeypatch.setenv(settings.READ_ONLY, read_only)
        clear_up()
        assert (root / ".run.json.0123abcd").exists() == stay
        assert (root / ".trash" / "old~1000").exists() == stay


def test_what_is_there_can_be_looked_at(stored: tuple[Store, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.READ_ONLY, "1")
    store, library = stored
    assert [run.id for run in store.runs()] == ["one"]
    assert store.load("one").size > 0
    assert len(library.load("kept").train) == 24


def test_the_command_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, str]] = []

    def call(words: list[str], env: dict[str, str]) -> int:  # noqa: ARG001
        started.append(env)
        return 0

    monkeypatch.delenv(settings.READ_ONLY, raising=False)
    monkeypatch.setattr("subprocess.call", call)
    assert main(["app", "--read-only"]) == 0
    assert main(["app"]) == 0
    assert [env.get(settings.READ_ONLY) for env in started] == ["1", None]
