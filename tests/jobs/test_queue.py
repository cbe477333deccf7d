"""Jobs are files: what is asked of one, what it says of itself, and what is made of damaged ones."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any, get_args

import pytest
import safetensors.torch
import torch
from filelock import FileLock

from latentlab import device
from latentlab.data import spec_of
from latentlab.jobs import queue
from latentlab.jobs.queue import JobState, Order, Status, status, write_status
from latentlab.jobs.reporting import last_preview
from latentlab.knobs import KnobError, from_dict
from latentlab.models import MODELS, build
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from tests.conftest import mentions, naming, numbers_in
from tests.runs.test_run import sentence
from tests.runs.test_store import saved

KNOBS: dict[str, Any] = {"likelihood": "bernoulli", "hidden": 16}
EPOCHS = {"epochs": 2}


def submit(store: Store, title: str = "") -> str:
    return queue.submit(store, "vae", "digits", KNOBS, EPOCHS, title)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# submitting


def test_a_submitted_job_waits_and_says_what_it_trains(store: Store) -> None:
    job_id = submit(store)
    job = queue.read(store, job_id)
    title = queue.default_title("vae", "digits", KNOBS)
    assert (job.id, job.title, job.model, job.dataset) == (job_id, title, "vae", "digits")
    assert (job.config, job.train, job.note) == (KNOBS, EPOCHS, "")
    assert status(store, job_id) == Status("queued")
    assert queue.queue(store) == [job_id]
    assert queue.jobs(store) == [job]
    assert set(files(store.folder(job_id))) == {"job.json", "status.json"}


def test_a_plane_is_learned_with_a_warmup_unless_another_is_given(store: Store) -> None:
    """Without, one of its two dimensions is lost: see `python -m benchmarks.defaults --only moons`."""

    def warmup(model: str, dataset: str, **train: float) -> Any:
        return queue.read(store, queue.submit(store, model, dataset, {}, train)).train.get("warmup")

    assert warmup("vae", "moons") == 0.5
    assert warmup("vae", "moons", warmup=0.0) == 0.0
    assert warmup("vae", "digits") is None
    assert warmup("dae", "moons") is None


def test_a_paused_job_of_an_older_version_is_still_read(store: Store) -> None:
    path = store.folder(submit(store)) / "job.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"train": {"labels": 20, "spread": True, "moments": True}}))
    assert queue.read(store, values["id"]).train == {"labels": 20, "diverse_labels": True, "snapshots": True}


@pytest.mark.parametrize(
    ("model", "dataset", "config", "train", "error"),
    [
        ("oracle", "digits", {}, {}, RunError),
        ("../x", "digits", {}, {}, RunError),
        ("vae", "../../x", {}, {}, RunError),
        ("vae", "a\0b", {}, {}, RunError),
        ("vae", "x" * 60, {}, {}, RunError),
        ("vae", "digits", {"z_dim": 0}, {}, KnobError),
        ("vae", "digits", {"depth": 3}, {}, KnobError),
        ("cnn", "digits", {"z_dim": 2}, {}, KnobError),
        ("vae", "digits", {}, {"epochs": True}, KnobError),
        ("vae", "digits", {}, {"learning_rate": math.nan}, KnobError),
        ("vae", "digits", {}, {"epochs": 10**400}, KnobError),
    ],
)
def test_what_cannot_be_trained_is_not_queued(
    store: Store, model: str, dataset: str, config: dict[str, Any], train: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        queue.submit(store, model, dataset, config, train)
    sentence(caught.value)
    assert not store.root.exists()


@pytest.mark.parametrize("title", ["\ud800", "caf\udce9", "x" * 81, " \n"])
def test_a_title_that_a_run_cannot_have_is_not_queued(store: Store, title: str) -> None:
    with pytest.raises(RunError) as caught:
        submit(store, title)
    sentence(caught.value)
    assert not store.root.exists()


def test_a_note_that_a_run_cannot_have_is_not_queued(store: Store) -> None:
    job = dataclasses.replace(queue.read(store, submit(store)), id="other", note="\ud800")
    with pytest.raises(RunError) as caught:
        queue.enqueue(store, job)
    sentence(caught.value)
    assert not store.folder("other").exists()


def test_a_title_says_what_matters() -> None:
    assert mentions(queue.default_title("vae", "mnist", {"network": "conv", "z_dim": 10}), "conv", "vae", "mnist", 10)
    plain = queue.default_title("cnn", "digits", {})
    assert mentions(plain, "cnn", "digits")
    assert numbers_in(plain) == []


def test_jobs_wait_in_the_order_in_which_they_came(store: Store) -> None:
    first, second, third = (submit(store, f"number {n}") for n in range(3))
    assert queue.queue(store) == [first, second, third]
    queue.order(store, second, "pause")
    assert queue.queue(store) == [first, third]
    assert [job.title for job in queue.jobs(store)] == ["number 0", "number 1", "number 2"]
    queue.resume(store, second)
    assert queue.queue(store) == [first, second, third]


def test_a_finished_run_is_no_job(store: Store) -> None:
    job_id = submit(store)
    saved(store, job_id)
    assert queue.jobs(store) == []
    assert status(store, job_id) == Status("done")


def test_an_empty_store_has_no_jobs(store: Store) -> None:
    assert (queue.jobs(store), queue.queue(store)) == ([], [])


# what a job says of itself


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"state": "running"',
        b"{}",
        b'{"state": "running", "mood": "good"}',
        b'{"state": "asleep"}',
        b'{"state": 5}',
        b'{"state": ["queued"]}',
        b'{"state": "queued", "step": "12"}',
        b'{"state": "queued", "message": 5}',
        b'{"state": "paused", "seconds": null}',
        b"[" * 100_000,
    ],
)
def test_a_status_that_cannot_be_read_is_an_interruption(store: Store, content: bytes | None) -> None:
    job_id = submit(store)
    path = store.folder(job_id) / "status.json"
    path.unlink() if content is None else path.write_bytes(content)
    said = status(store, job_id)
    assert said.state == "interrupted"
    sentence(ValueError(said.message))
    assert queue.queue(store) == []
    queue.resume(store, job_id)
    assert queue.queue(store) == [job_id]


def test_a_job_that_ends_while_it_is_looked_at_is_done(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = submit(store)
    folder = store.folder(job_id)

    def ends(_: Path) -> bool:
        (folder / "run.json").touch()
        return False

    monkeypatch.setattr(queue, "is_held", ends)
    write_status(folder, Status("running"))
    assert status(store, job_id) == Status("done")


@pytest.mark.parametrize("state", get_args(JobState))
def test_a_job_that_says_it_trains_is_interrupted_if_nobody_holds_it(store: Store, state: JobState) -> None:
    job_id = submit(store)
    said = Status(state, step=5, n_steps=10, seconds=1.0)
    write_status(store.folder(job_id), said)
    lock = store.folder(job_id) / "job.lock"
    with FileLock(lock):
        assert status(store, job_id) == said
    if state in ("loading", "running"):
        found = status(store, job_id)
        sentence(ValueError(found.message))
        assert found == dataclasses.replace(said, state="interrupted", message=found.message)
    else:
        assert status(store, job_id) == said


def test_progress_is_a_share_and_a_time_to_wait() -> None:
    assert Status("queued").fraction == 0
    assert Status("queued").seconds_left == math.inf
    said = Status("running", step=25, n_steps=100, seconds=10.0)
    assert (said.fraction, said.seconds_left) == (0.25, 30.0)
    assert {state for state in get_args(JobState) if Status(state).is_live} == {"queued", "loading", "running"}


def test_a_lock_that_nobody_holds_is_not_held(tmp_path: Path) -> None:
    lock = tmp_path / "job.lock"
    assert not queue.is_held(lock)
    assert not lock.exists()
    with FileLock(lock):
        assert queue.is_held(lock)
    assert not queue.is_held(lock)


# damaged jobs


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"id": "../x"},
        {"id": 5},
        {"id": ["a"]},
        {"title": 5},
        {"model": "oracle"},
        {"model": ["vae"]},
        {"dataset": 5},
        {"dataset": ["digits"]},
        {"config": {"z_dim": 0}},
        {"config": {"z_dim": 10**400}},
        {"config": []},
        {"config": None},
        {"config": "hidden"},
        {"train": []},
        {"train": {"epochs": 0}},
        {"submitted": 5},
        {"submitted": None},
        {"note": 5},
        {"mood": "good"},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_damaged_job_is_refused_and_hides_no_other(store: Store, change: dict[str, Any]) -> None:
    good = submit(store)
    bad = submit(store)
    path = store.folder(bad) / "job.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError) as caught:
        queue.read(store, bad)
    sentence(caught.value)
    assert [job.id for job in queue.jobs(store)] == queue.queue(store) == [good]
    with pytest.raises(RunError):
        queue.resume(store, bad)
    assert {row.id for row in store.rows()} == {good, bad}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_a_job_that_is_no_job_is_refused_and_hides_no_other(store: Store, content: bytes) -> None:
    good = submit(store)
    bad = submit(store)
    (store.folder(bad) / "job.json").write_bytes(content)
    with pytest.raises(RunError, match=r"job\.json"):
        queue.read(store, bad)
    assert queue.queue(store) == [good]


def test_folders_that_are_no_jobs_are_left_out(store: Store) -> None:
    good = submit(store)
    text = (store.folder(good) / "job.json").read_text()
    for name in (".gone.deleted", "some notes", f"{good} (copy)", f"{good}-copy"):
        (store.root / name).mkdir()
        (store.root / name / "job.json").write_text(text)
        (store.root / name / "status.json").write_text('{"state": "queued"}')
    assert queue.queue(store) == [good]


# orders


def test_pausing_a_waiting_job_takes_it_off_the_queue(store: Store) -> None:
    job_id = submit(store)
    queue.order(store, job_id, "pause")
    assert status(store, job_id).state == "paused"
    assert not (store.folder(job_id) / "control").exists()


def test_discarding_a_waiting_job_removes_it(store: Store) -> None:
    job_id = submit(store)
    queue.order(store, job_id, "discard")
    assert queue.jobs(store) == []
    queue.restore(store, job_id)
    assert status(store, job_id) == Status("paused")  # and not at once in the queue again
    with pytest.raises(RunError):
        queue.restore(store, job_id)


def test_a_job_without_a_step_cannot_be_stopped_and_kept(store: Store) -> None:
    job_id = submit(store)
    before = files(store.folder(job_id))
    with pytest.raises(RunError):
        queue.order(store, job_id, "stop")
    assert files(store.folder(job_id)) == before


def test_stopping_a_paused_job_queues_it_to_be_kept(store: Store) -> None:
    job_id = submit(store)
    (store.folder(job_id) / "checkpoint.safetensors").write_bytes(b"one")
    write_status(store.folder(job_id), Status("paused", 5, 10))
    queue.order(store, job_id, "stop")
    assert status(store, job_id) == Status("queued", 5, 10)
    assert (store.folder(job_id) / "control").read_text() == "stop"


@pytest.mark.parametrize("what", get_args(Order))
def test_a_job_that_trains_is_asked_through_its_control_file(store: Store, what: Order) -> None:
    job_id = submit(store)
    said = Status("running", 5, 10)
    write_status(store.folder(job_id), said)
    with FileLock(store.folder(job_id) / "job.lock"):
        queue.order(store, job_id, what)
        assert status(store, job_id) == said
    assert (store.folder(job_id) / "control").read_text() == what


def test_resuming_forgets_what_was_asked(store: Store) -> None:
    job_id = submit(store)
    write_status(store.folder(job_id), Status("failed", 5, 10, message="No space left."))
    (store.folder(job_id) / "control").write_text("stop")
    queue.resume(store, job_id)
    assert status(store, job_id) == Status("queued", 5, 10)
    assert not (store.folder(job_id) / "control").exists()


@pytest.mark.parametrize("what", get_args(Order))
def test_an_order_to_no_job_is_refused(store: Store, what: Order) -> None:
    for job_id in ("none", "../x"):
        with pytest.raises(RunError):
            queue.order(store, job_id, what)
        with pytest.raises(RunError):
            queue.resume(store, job_id)
    assert not store.root.exists()


@pytest.mark.parametrize("what", ["pause", "stop"])
def test_an_order_that_comes_too_late_leaves_the_run_as_it_is(store: Store, what: Order) -> None:
    saved(store)
    before = files(store.folder("one"))
    with contextlib.suppress(RunError):  # saying so is as good as saying nothing
        queue.order(store, "one", what)
    assert files(store.folder("one")) == before


def test_a_finished_run_is_not_resumed(store: Store) -> None:
    saved(store)
    before = files(store.folder("one"))
    with pytest.raises(RunError):
        queue.resume(store, "one")
    assert files(store.folder("one")) == before


# previews


@pytest.mark.parametrize("content", [None, b"", b"rubbish", safetensors.torch.save({"x": torch.zeros(1)})])
def test_a_job_without_a_readable_preview_has_none(store: Store, content: bytes | None) -> None:
    job_id = submit(store)
    if content is not None:
        (store.folder(job_id) / "preview.safetensors").write_bytes(content)
    assert last_preview(store, job_id) is None


# memory


def test_what_no_memory_of_this_machine_can_hold_is_not_queued(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.device("meta"):
        size = build("vae", from_dict(MODELS["vae"].Config, KNOBS), spec_of("digits")).size
    needed = 4 * 4 * size  # float32: a parameter, its gradient, two moments
    monkeypatch.setattr(device, "memory", lambda _: device.Memory(0, needed - 1))
    with pytest.raises(RunError) as caught:
        submit(store)
    sentence(caught.value)
    assert not store.root.exists()
    monkeypatch.setattr(device, "memory", lambda _: device.Memory(0, needed))
    job_id = submit(store)
    assert queue.queue(store) == [job_id]


# a disk that is full or may not be written


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_cannot_be_written_is_a_sentence_and_leaves_all_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    saved(store, "finished")
    waiting, paused = submit(store), submit(store)
    queue.order(store, paused, "pause")
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)
    for attempt in (
        lambda: submit(store),
        lambda: queue.order(store, waiting, "pause"),
        lambda: queue.resume(store, paused),
        lambda: store.rename("finished", "Another"),
    ):
        with pytest.raises(RunError, match=naming(os.strerror(number).lower())) as caught:
            attempt()
        sentence(caught.value)
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before
    assert {path.name for path in store.root.iterdir() if path.is_dir()} == {"finished", waiting, paused}


def test_a_lock_that_cannot_be_opened_is_held_by_nobody(tmp_path: Path) -> None:
    assert not queue.is_held(tmp_path)


def test_a_store_says_what_keeps_it_from_being_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.obstacle() == ""
    submit(store)
    assert store.obstacle() == ""
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda *_: False)
        forbidden = sentence(RunError(store.obstacle()))
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 0))
    assert sentence(RunError(store.obstacle())) != forbidden
