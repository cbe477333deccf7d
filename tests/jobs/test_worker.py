"""A job ends as what was asked of it, to the last bit, whatever happens to the processes on the way."""

from __future__ import annotations

import errno
import functools
import gzip
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from latentlab import device, serialization
from latentlab.analysis.maps.procrustes import procrustes
from latentlab.analysis.preview import Preview, preview
from latentlab.data import DataError, Dataset, Kind, Splits, hide_labels, labelled_part, load
from latentlab.data.builtin import images
from latentlab.data.builtin.images import Idx, IdxSet
from latentlab.jobs import queue, reporting, worker
from latentlab.jobs.queue import Status, status
from latentlab.jobs.reporting import last_preview
from latentlab.jobs.worker import perform, work
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, Layered, Trains
from latentlab.runs import unit_kl
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train
from tests.conftest import ROOT, mentions, naming, noise_images, numbers_in
from tests.runs.test_run import sentence

pytestmark = pytest.mark.training

KNOBS: dict[str, Any] = {"likelihood": "bernoulli", "hidden": 16}
EPOCHS = 3
STEPS_AN_EPOCH = 10  # 1,257 digits in batches of 128
RUN_FILES = {"run.json", "weights.safetensors", "history.csv"}
Curve = list[dict[str, float]]
Weights = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the CPU promises the same bits again."""
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")


def submit(store: Store, epochs: int = EPOCHS, dataset: str = "digits", **config: Any) -> str:
    return queue.submit(store, "vae", dataset, KNOBS | config, {"epochs": epochs})


def curve(rows: Curve) -> Curve:
    """A history without its timings."""
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in rows]


@functools.cache
def straight(epochs: int = EPOCHS) -> tuple[Curve, Weights]:
    """What an undisturbed training gives: its curve and its weights."""
    splits = load("digits")
    config = from_dict(TrainConfig, {"epochs": epochs})
    kind = MODELS["vae"]
    model = start("vae", from_dict(kind.Config, KNOBS), splits.train.spec, config)
    rows = [metrics.row for metrics in train(model, splits, config)]
    return curve(rows), model.state_dict()


def assert_straight(store: Store, run_id: str, epochs: int = EPOCHS) -> None:
    """The run is the one that an undisturbed training gives."""
    rows, weights = straight(epochs)
    assert curve(store.history(run_id)) == rows
    found = store.load(run_id).state_dict()
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Look every moment until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It never came."
        time.sleep(0.02)


def run_until(training: Iterator[Status], step: int) -> Status:
    return next(said for said in training if said.step >= step)


def leave(training: Iterator[Status]) -> None:
    """Ask for no more, as a process does that ends."""
    assert isinstance(training, Generator)
    training.close()


# a job becomes a run


@pytest.mark.parametrize(("labels", "alpha"), [(0, 0.1), (20, 0.1 * 1_257 / 20)])
def test_a_run_keeps_the_weight_of_the_labels_that_followed_from_its_data(
    store: Store, labels: int, alpha: float
) -> None:
    settings = {"epochs": 1, "labels": labels}
    run_id = queue.submit(store, "m2", "digits", KNOBS | {"likelihood": "gray-bernoulli"}, settings)
    assert list(perform(store, run_id))[-1].state == "done"
    assert store.read(run_id).config["alpha"] == pytest.approx(alpha)


def test_a_job_becomes_the_run_that_training_gives(store: Store) -> None:
    job_id = submit(store)
    said = list(perform(store, job_id))
    assert [s.state for s in said] == ["running"] * EPOCHS + ["done"]
    assert [s.step for s in said[:-1]] == [10, 20, 30]
    assert said[-1].fraction == 1
    run = store.read(job_id)
    assert (run.id, run.model, run.dataset) == (job_id, "vae", "digits")
    assert mentions(run.title, "vae", "digits")
    assert (run.steps, run.shape, run.classes) == (30, (1, 8, 8), tuple("0123456789"))
    assert run.size == store.load(job_id).size
    assert (run.config["hidden"], run.config["z_dim"], run.train["epochs"]) == (16, 2, EPOCHS)
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES
    assert status(store, job_id) == Status("done")
    assert queue.jobs(store) == []
    assert_straight(store, job_id)


def test_the_card_states_the_means_over_the_test_split(store: Store, digits: Splits) -> None:
    job_id = submit(store)
    list(perform(store, job_id, n_bound=20))
    metrics = dict(store.read(job_id).metrics)
    bound = metrics.pop("bound_200")
    assert metrics == evaluate(store.load(job_id), digits.test)
    assert set(metrics) == {"loss", "bound", "reconstruction", "kl"}
    assert all(math.isfinite(value) for value in (bound, *metrics.values()))
    assert torch.equal(store.examples(job_id).x, digits.test.x)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_trained_as_a_job(store: Store, model: str) -> None:
    kind = MODELS[model]
    small = {"z_dim": 2, "hidden": 8, "width": 4, "channels": 4}
    config = {knob.name: small[knob.name] for knob in knobs(kind.Config) if knob.name in small}
    training = {"epochs": 1} if issubclass(kind, Trains) else {}
    data = "digits" if Kind.IMAGE in kind.kinds else "moons"
    if issubclass(kind, Trains) and kind.needs_factors:
        data, config = "three-d", config | {"z_dim": 4}
    job_id = queue.submit(store, model, data, config, training)
    assert list(perform(store, job_id))[-1].state == "done"
    run = store.read(job_id)
    assert set(kind.units) | set(kind.set_units) <= set(run.metrics)
    assert kind.headline.term in run.metrics
    assert all(math.isfinite(value) for value in run.metrics.values())


def test_moments_of_the_training_are_what_a_shorter_one_passes_through(store: Store) -> None:
    job_id = queue.submit(store, "vae", "digits", KNOBS, {"epochs": 5, "snapshots": True, "schedule": "constant"})
    list(perform(store, job_id))
    assert store.snapshots(job_id) == [0, 1, 2]
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES | {
        "weights-1.safetensors",
        "weights-2.safetensors",
    }
    short = queue.submit(store, "vae", "digits", KNOBS, {"epochs": 2, "schedule": "constant"})
    list(perform(store, short))
    assert store.snapshots(short) == [0]
    kept, trained = store.load(job_id, 2).state_dict(), store.load(short).state_dict()
    assert all(torch.equal(kept[name], trained[name]) for name in trained)
    assert not any(torch.equal(kept[name], value) for name, value in store.load(job_id).state_dict().items())


def test_a_resumed_training_keeps_the_same_moments(store: Store) -> None:
    config = {"epochs": 5, "snapshots": True}
    straight_id, broken = (queue.submit(store, "vae", "digits", KNOBS, config) for _ in range(2))
    list(perform(store, straight_id))
    training = perform(store, broken)
    run_until(training, 2 * STEPS_AN_EPOCH)
    queue.order(store, broken, "pause")
    list(training)
    queue.resume(store, broken)
    list(perform(store, broken))
    for epoch in (1, 2):
        one, other = (store.load(run_id, epoch).state_dict() for run_id in (straight_id, broken))
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_probes_while_training_read_the_model_and_change_no_bit_of_it(store: Store) -> None:
    probed = queue.submit(store, "vae", "digits", KNOBS, {"epochs": EPOCHS, "probes": True})
    list(perform(store, probed))
    assert_straight(store, probed)
    rows = store.probes(probed)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert {"input", "latent"} < rows[0].keys()
    assert rows[0]["input"] == rows[-1]["input"] < 0.2
    assert rows[0]["latent"] != rows[-1]["latent"]
    assert all(0 <= value <= 1 for row in rows for name, value in row.items() if name != "epoch")
    assert store.probes(submit(store)) == []


def test_what_latent_units_carry_is_recorded_through_a_pause_and_changes_no_bit(store: Store, digits: Splits) -> None:
    small = {"z_dim": 3, "z2_dim": 2, "hidden": 16, "inference": "bottom-up"}
    straight_id, broken = (queue.submit(store, "lvae", "digits", small, {"epochs": EPOCHS}) for _ in range(2))
    list(perform(store, straight_id))
    training = perform(store, broken)
    run_until(training, STEPS_AN_EPOCH + 1)
    queue.order(store, broken, "pause")
    list(training)
    queue.resume(store, broken)
    list(perform(store, broken))
    rows, model = unit_kl.read(store, broken), store.load(broken)
    assert rows == unit_kl.read(store, straight_id)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert isinstance(model, Layered)
    kl = torch.cat([*model.unit_kl(digits.valid.batch().x[:1_000], device.generator(1)).values()], 1).mean(0)
    found = [value for name, value in rows[-1].items() if name != "epoch"]
    assert found == pytest.approx(kl.tolist(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("epoch", "kept"),
    [(0, False), (1, True), (2, True), (3, False), (2.5, False), (10, True), (15, False), (500, True)],
)
def test_moments_are_as_the_marks_on_a_ruler_of_decades(epoch: float, kept: bool) -> None:
    assert worker._is_snapshot_epoch(float(epoch)) == kept


def test_weights_may_be_kept_in_half_precision(store: Store) -> None:
    job_id = submit(store)
    list(perform(store, job_id, dtype=torch.float16))
    kept = safetensors.torch.load_file(store.folder(job_id) / "weights.safetensors")
    assert {value.dtype for value in kept.values()} == {torch.float16}


def test_a_training_shows_what_it_learned_so_far(store: Store, digits: Splits) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    said = next(training)
    assert status(store, job_id) == said
    assert len(store.history(job_id)) == 1
    seen = last_preview(store, job_id)
    assert seen is not None
    assert np.array_equal(seen.examples, digits.valid.x[:12])
    assert seen.samples is not None
    assert seen.reconstructions is not None
    leave(training)


def test_a_look_at_the_latent_space_is_turned_onto_the_last_one_also_after_a_pause(store: Store) -> None:
    def codes() -> np.ndarray:
        seen = last_preview(store, job_id)
        assert seen is not None
        assert seen.codes is not None
        return seen.codes

    job_id = submit(store, z_dim=5)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "pause")
    list(training)
    before = codes()
    queue.resume(store, job_id)
    training = perform(store, job_id)
    next(training)
    assert not np.array_equal(codes(), before)
    np.testing.assert_allclose(procrustes(before, codes()).rotation, np.eye(2), atol=1e-3)
    leave(training)


def test_a_look_that_takes_long_is_taken_rarely(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look(*args: Any) -> Preview:
        looks.append(1)
        return preview(*args)

    monkeypatch.setattr(worker, "STATUS_SECONDS", -1.0)
    monkeypatch.setattr(reporting, "LOOK_SHARE", 1e-9)  # one, then none for days
    monkeypatch.setattr(reporting, "preview", look)
    job_id = submit(store)
    training = perform(store, job_id)
    run_until(training, 20)
    assert looks == [1]
    assert len(store.history(job_id)) == 2  # the curves go on
    leave(training)


# classifiers of the same labels


def few_labels(store: Store, model: str = "m2", **train: Any) -> str:
    config = {"width": 4, "hidden": 8} if model == "cnn" else KNOBS
    return queue.submit(store, model, "digits", config, {"epochs": 1, "labels": 50, "seed": 1} | train)


def test_classifiers_of_the_same_labels_stand_beside_a_model_of_few(store: Store, digits: Splits) -> None:
    job_id = few_labels(store)
    training = perform(store, job_id)
    next(training)
    found = store.baselines(job_id)
    few, held = labelled_part(hide_labels(digits.train, 50, 1)).batch(), digits.valid.batch()
    linear = LogisticRegression(max_iter=5_000).fit(few.x.flatten(1), few.y)
    mlp = MLPClassifier([16, 16], max_iter=2_000, random_state=1).fit(few.x.flatten(1), few.y)
    assert found == pytest.approx(
        {name: 1 - one.score(held.x.flatten(1), held.y) for name, one in (("linear", linear), ("mlp", mlp))}
    )
    list(training)
    assert store.baselines(job_id) == found
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES | {"baselines.csv"}


@pytest.mark.parametrize(("model", "labels"), [("m2", 0), ("cvae", 50), ("vae", 0)])
def test_others_have_none_to_be_compared_with(store: Store, model: str, labels: int) -> None:
    job_id = few_labels(store, model, labels=labels)
    list(perform(store, job_id))
    assert store.baselines(job_id) == {}


@pytest.mark.parametrize("model", ["cnn", "m1", "sdgm"])
def test_every_classifier_of_few_labels_has_them(store: Store, model: str) -> None:
    job_id = few_labels(store, model)
    list(perform(store, job_id))
    assert set(store.baselines(job_id)) == {"linear", "mlp"}


def test_they_are_fitted_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = few_labels(store, epochs=2)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "pause")
    list(training)
    queue.resume(store, job_id)
    monkeypatch.setattr(reporting, "baseline_errors", lambda *_: pytest.fail("fitted again"))
    list(perform(store, job_id))
    assert store.baselines(job_id)


def test_a_training_goes_on_where_they_cannot_be_fitted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> dict[str, float]:
        raise ValueError("Too few classes.")

    refused = few_labels(store)
    with monkeypatch.context() as broken:
        broken.setattr(reporting, "baseline_errors", refuse)
        assert list(perform(store, refused))[-1].state == "done"
    monkeypatch.setattr(reporting, "MAX_FITTED", 50 * 64 - 1)
    large = few_labels(store)
    assert list(perform(store, large))[-1].state == "done"
    assert store.baselines(refused) == store.baselines(large) == {}


# pause, stop, discard


@pytest.mark.parametrize("step", [10, 20])
def test_a_paused_job_goes_on_where_it_was(store: Store, step: int) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    run_until(training, step)
    queue.order(store, job_id, "pause")
    rest = [said.state for said in training]
    assert rest == ["running", "paused"]
    assert status(store, job_id).state == "paused"
    assert status(store, job_id).step == step + 10
    assert len(store.history(job_id)) == step / 10 + 1
    assert queue.queue(store) == []
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert store.read(job_id).steps == 30
    assert_straight(store, job_id)


def test_a_job_may_be_paused_again_and_again(store: Store) -> None:
    job_id = submit(store)
    n_pauses = 0
    while status(store, job_id).state != "done":
        queue.resume(store, job_id)
        for said in perform(store, job_id):
            n_pauses += said.state == "paused"
            if said.state == "running":
                queue.order(store, job_id, "pause")
    assert n_pauses > 0
    assert_straight(store, job_id)


def test_a_stopped_job_is_kept_with_what_it_learned(store: Store, digits: Splits) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "stop")
    assert [said.state for said in training] == ["running", "done"]
    run = store.read(job_id)
    assert run.steps == 20
    assert run.metrics == evaluate(store.load(job_id), digits.test)
    assert curve(store.history(job_id)) == straight()[0][:2]
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES


def test_a_paused_job_that_is_stopped_is_kept_without_another_step(store: Store, digits: Splits) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "pause")
    seconds = list(training)[-1].seconds
    queue.order(store, job_id, "stop")
    assert [said.state for said in perform(store, job_id)] == ["done"]
    run = store.read(job_id)
    assert (run.steps, run.seconds) == (20, round(seconds, 1))
    assert run.metrics == evaluate(store.load(job_id), digits.test)
    assert curve(store.history(job_id)) == straight()[0][:2]
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES


def test_a_job_stopped_while_it_loads_is_kept_after_its_first_report(store: Store) -> None:
    job_id = submit(store)
    (store.folder(job_id) / "control").write_text("stop")
    assert [said.state for said in perform(store, job_id)] == ["running", "done"]
    assert store.read(job_id).steps == STEPS_AN_EPOCH


def test_a_discarded_job_is_gone_and_when_brought_back_goes_on_where_it_was(store: Store) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "discard")
    list(training)
    assert queue.jobs(store) == []
    assert store.rows() == []
    queue.restore(store, job_id)
    assert (status(store, job_id).state, status(store, job_id).step) == ("paused", 20)
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert_straight(store, job_id)


def test_a_job_is_brought_back_before_its_process_reads_that_it_goes(store: Store) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "discard")
    queue.restore(store, job_id)
    assert list(training)[-1].state == "done"
    assert_straight(store, job_id)


# a process that ends in the middle


def test_a_training_that_was_left_goes_on_from_its_last_checkpoint(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(worker, "STATUS_SECONDS", -1.0)
    job_id = submit(store)
    training = perform(store, job_id)
    run_until(training, 20)
    leave(training)
    said = status(store, job_id)
    assert (said.state, said.step) == ("interrupted", 20)
    sentence(ValueError(said.message))
    assert queue.queue(store) == []
    queue.resume(store, job_id)
    assert [said.step for said in perform(store, job_id)] == [30, 30]
    assert_straight(store, job_id)


def test_the_history_reaches_as_far_as_the_checkpoint(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "CHECKPOINT_SECONDS", -1.0)
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    monkeypatch.setattr(worker, "STATUS_SECONDS", math.inf)  # checkpoints come between two looks of a page
    next(training)
    leave(training)
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert_straight(store, job_id)


def test_a_training_without_a_checkpoint_starts_again(store: Store) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    leave(training)
    assert not (store.folder(job_id) / "checkpoint.safetensors").exists()
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert_straight(store, job_id)


def test_a_killed_worker_leaves_a_job_that_goes_on_to_the_same_end(store: Store) -> None:
    epochs = 200
    job_id = submit(store, epochs)
    code = (
        "import sys, pathlib; from latentlab.jobs import worker; from latentlab.runs.store import Store;"
        "worker.CHECKPOINT_SECONDS = 0.05; worker.work(Store(pathlib.Path(sys.argv[1])))"
    )
    checkpoint = store.folder(job_id) / "checkpoint.safetensors"
    seen: set[int] = set()

    def has_two_behind_it() -> bool:
        if checkpoint.exists():
            seen.add(checkpoint.stat().st_mtime_ns)
        return len(seen) > 2

    process = subprocess.Popen([sys.executable, "-c", code, str(store.root)], cwd=ROOT)
    try:
        wait_for(lambda: has_two_behind_it() or process.poll() is not None)
    finally:
        process.kill()
        process.wait(60)
    said = status(store, job_id)
    assert said.state == "interrupted"
    assert 0 < said.step < epochs * STEPS_AN_EPOCH
    queue.resume(store, job_id)
    training = perform(store, job_id)
    assert next(training).step > 2 * STEPS_AN_EPOCH  # it went on, it didn't start again
    list(training)
    assert_straight(store, job_id, epochs)


# jobs that fail


def failed(store: Store, job_id: str) -> str:
    said = status(store, job_id)
    assert said.state == "failed"
    return sentence(ValueError(said.message))


def test_a_network_that_cannot_take_the_data_fails_in_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    small = noise_images(40, (1, 4, 4))
    monkeypatch.setattr(worker, "load", lambda *_: Splits(small, small, small))
    job_id = submit(store, network="conv")
    with pytest.raises(ValueError, match=naming("8×8", (1, 4, 4))) as caught:
        list(perform(store, job_id))
    assert failed(store, job_id) == str(caught.value)


def test_a_loss_that_is_no_number_fails_in_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Dataset(
        "odd", torch.full((40, 1, 8, 8), torch.nan), torch.zeros(40, dtype=torch.int64), ("zero",), Kind.IMAGE
    )
    monkeypatch.setattr(worker, "load", lambda *_: Splits(odd, odd, odd))
    job_id = submit(store, likelihood="gaussian")
    with pytest.raises(TrainingError, match=naming("loss", "nan", 1)) as caught:
        list(perform(store, job_id))
    assert failed(store, job_id) == str(caught.value)


def test_data_that_cannot_be_had_fail_in_a_sentence(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(monkeypatch, tmp_path, "http://127.0.0.1:9/")
    job_id = submit(store, dataset="mnist")
    with pytest.raises(DataError, match="mnist") as caught:
        list(perform(store, job_id))
    assert failed(store, job_id) == str(caught.value)


def test_damaged_data_fail_in_a_sentence(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere(monkeypatch, tmp_path, "http://127.0.0.1:9/")
    content = bytearray(gzip.compress(CONTENTS["train-images-idx3-ubyte"]))
    content[100:120] = bytes(20)  # in the middle of the compressed data
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    (tmp_path / "data" / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(content)
    job_id = submit(store, dataset="mnist")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz") as caught:
        list(perform(store, job_id))
    said = status(store, job_id)
    assert said.state == "failed"
    assert said.message == str(caught.value)


def test_a_full_disk_fails_in_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(worker, "_save_checkpoint", full)
    queue.order(store, job_id, "pause")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        list(training)
    said = status(store, job_id)
    assert said.state == "failed"
    assert os.strerror(errno.ENOSPC) in said.message


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_worker_that_can_write_nothing_waits_longer_and_longer_and_says_so_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    job_id, waits = submit(store), list[float]()

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 9:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        patch.setattr("time.sleep", sleep)
        with pytest.raises(KeyboardInterrupt):
            work(store)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    (line,) = capsys.readouterr().err.splitlines()
    assert mentions(line, job_id, os.strerror(number))
    list(perform(store, job_id))
    assert_straight(store, job_id)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _of_another_model(path: Path) -> None:
    safetensors.torch.save_file({n: v for n, v in safetensors.torch.load_file(path).items() if "bias" not in n}, path)


def _without_its_seconds(path: Path) -> None:
    safetensors.torch.save_file({n: v for n, v in safetensors.torch.load_file(path).items() if n != "seconds"}, path)


def _odd_randomness(path: Path) -> None:
    safetensors.torch.save_file(safetensors.torch.load_file(path) | {"rng": torch.zeros(8)}, path)


@pytest.mark.parametrize("damage", [_cut, _of_another_model, _without_its_seconds, _odd_randomness])
def test_a_damaged_checkpoint_fails_in_a_sentence(store: Store, damage: Callable[[Path], None]) -> None:
    job_id = paused(store)
    damage(store.folder(job_id) / "checkpoint.safetensors")
    queue.resume(store, job_id)
    with pytest.raises((RunError, TrainingError)):
        list(perform(store, job_id))
    assert "checkpoint" in failed(store, job_id)


def test_a_checkpoint_and_weights_of_any_size_are_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "MAX_TENSORS", 1 << 10)  # as a large model has more than the limit is
    job_id = paused(store)
    assert (store.folder(job_id) / "checkpoint.safetensors").stat().st_size > 1 << 10
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert_straight(store, job_id)


def test_a_checkpoint_larger_than_any_of_its_model_is_not_read(store: Store) -> None:
    job_id = paused(store)
    with (store.folder(job_id) / "checkpoint.safetensors").open("r+b") as stream:
        stream.truncate(1 << 30)
    queue.resume(store, job_id)
    with pytest.raises(RunError, match=naming("checkpoint.safetensors", f"{1 << 30:,}")):
        list(perform(store, job_id))


def test_a_training_that_the_free_memory_cannot_hold_does_not_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = paused(store)
    queue.resume(store, job_id)
    with monkeypatch.context() as patch:
        patch.setattr(device, "memory", lambda _: device.Memory(1 << 10, 1 << 40))
        with pytest.raises(TrainingError):
            next(perform(store, job_id))
    failed(store, job_id)
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert_straight(store, job_id)


@pytest.mark.parametrize("content", ["", "loss\n1\n", "step,loss\n,1\nten,2\n", "\0\0\0"])
def test_a_damaged_history_does_not_stop_a_training(store: Store, content: str) -> None:
    job_id = paused(store)
    (store.folder(job_id) / "history.csv").write_text(content)
    queue.resume(store, job_id)
    list(perform(store, job_id))
    assert store.read(job_id).steps == 30
    assert curve(store.history(job_id))[-1] == straight()[0][-1]
    weights = store.load(job_id).state_dict()
    assert all(torch.equal(weights[name], value) for name, value in straight()[1].items())


def paused(store: Store) -> str:
    """A job that was paused after 20 steps."""
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    queue.order(store, job_id, "pause")
    list(training)
    return job_id


# several jobs, several processes


def test_a_failing_job_does_not_keep_the_others_from_their_turn(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.3)
    elsewhere(monkeypatch, tmp_path, "http://127.0.0.1:9/")
    bad = submit(store, dataset="mnist")
    good = submit(store)
    work(store)
    assert "mnist" in failed(store, bad)
    assert bad in capsys.readouterr().err
    assert_straight(store, good)
    assert queue.queue(store) == []
    assert not queue.is_held(store.root / ".worker-cpu.lock")


def test_a_worker_leaves_a_paused_job_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.3)
    waiting, never_begun, other = paused(store), submit(store), submit(store)
    queue.order(store, never_begun, "pause")
    before = store.history(waiting)
    work(store)
    assert status(store, other).state == "done"
    assert status(store, waiting).state == status(store, never_begun).state == "paused"
    assert store.history(waiting) == before


def test_a_job_is_trained_by_one_process_at_a_time(store: Store) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    next(training)
    with pytest.raises(RunError):
        next(perform(store, job_id))
    assert status(store, job_id).state == "running"
    list(training)
    assert_straight(store, job_id)


def test_a_process_that_waited_for_another_does_not_train_the_job_again(store: Store) -> None:
    job_id = submit(store)
    training = perform(store, job_id)
    run_until(training, 30)
    said: list[Status] = []

    def second() -> None:
        try:
            said.extend(perform(store, job_id))
        except RunError as error:
            sentence(error)

    thread = threading.Thread(target=second)
    thread.start()
    time.sleep(0.3)  # it waits for the lock by now; if it doesn't yet, it finds no job
    list(training)
    run = store.read(job_id)
    thread.join(60)
    assert not thread.is_alive()
    assert not any(s.state == "running" for s in said)
    assert store.read(job_id) == run
    assert {path.name for path in store.folder(job_id).iterdir()} == RUN_FILES


def test_no_worker_is_started_without_a_job(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("A worker was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    worker.ensure_worker(store)
    paused(store)
    worker.ensure_worker(store)


class Started:
    """A process that does nothing: it is on its way until it is said to have ended."""

    ended: int | None = None

    def poll(self) -> int | None:
        return self.ended


def test_while_a_worker_is_on_its_way_no_other_is_started(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Started] = []

    def begin(*_: object, **__: object) -> Started:
        started.append(Started())
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", begin)
    monkeypatch.setattr(worker, "_started", [])
    other = Store(tmp_path / "other", shipped=tmp_path / "none")
    for one in (store, other):
        submit(one)
        worker.ensure_worker(one)
        worker.ensure_worker(one)
    assert len(started) == 2  # one for each store
    started[0].ended = 1
    worker.ensure_worker(store)
    worker.ensure_worker(store)
    assert len(started) == 3  # the first broke off
    monkeypatch.setattr(worker, "STARTING_SECONDS", 0.0)
    worker.ensure_worker(store)
    assert len(started) == 4  # it takes too long


LAUNCH = """
import pathlib, subprocess, sys, time
from latentlab.runs.store import Store
from latentlab.jobs.worker import ensure_worker

class Popen(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        print(self.pid, end=" ")

subprocess.Popen = Popen
print("ready", flush=True)
sys.stdin.readline()
ensure_worker(Store(pathlib.Path(sys.argv[1])))
print("done", flush=True)
time.sleep(600)
"""


class Aftermath:
    """Two jobs; two web processes started a worker in the same moment, and were then killed with their group."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root / "runs", shipped=root / "none")
        self.ids = [submit(self.store), submit(self.store)]
        webs = [
            subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(self.store.root)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            for _ in range(2)
        ]
        self.workers: list[int] = []
        try:
            for web in webs:
                assert web.stdout is not None
                assert web.stdout.readline() == "ready\n"
            for web in webs:
                assert web.stdin is not None
                web.stdin.write("go\n")
                web.stdin.flush()
            for web in webs:
                assert web.stdout is not None
                *pids, last = web.stdout.readline().split()
                assert last == "done"
                self.workers += map(int, pids)
        finally:
            for web in webs:
                os.killpg(web.pid, signal.SIGKILL)
                web.communicate()
        self.when_killed = [status(self.store, job_id).state for job_id in self.ids]
        self.written: list[set[int]] = [set(), set()]  # when each run.json was written
        wait_for(self._all_gone, 120)

    def _all_gone(self) -> bool:
        for job_id, times in zip(self.ids, self.written, strict=True):
            path = self.store.folder(job_id) / "run.json"
            if path.exists():
                times.add(path.stat().st_mtime_ns)
        return not any(is_alive(pid) for pid in self.workers)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended, but that nobody has requested yet, doesn't."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # no /proc on this system, or gone between the two lines
        return not Path("/proc").is_dir()


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTLAB_DEVICE", "cpu")
        return Aftermath(tmp_path_factory.mktemp("aftermath"))


def test_a_worker_outlives_the_web_process(aftermath: Aftermath) -> None:
    assert "done" not in aftermath.when_killed
    for job_id in aftermath.ids:
        assert_straight(aftermath.store, job_id)


def test_a_worker_trains_one_job_after_the_other_and_goes_home(aftermath: Aftermath) -> None:
    first, second = (aftermath.store.read(job_id).created for job_id in aftermath.ids)
    assert first < second
    assert queue.queue(aftermath.store) == []
    assert not queue.is_held(aftermath.store.root / ".worker-cpu.lock")
    assert (aftermath.store.root / "worker.log").read_bytes() == b""
    for job_id in aftermath.ids:
        assert {path.name for path in aftermath.store.folder(job_id).iterdir()} == RUN_FILES


def test_two_workers_started_at_once_train_each_job_once(aftermath: Aftermath) -> None:
    assert len(aftermath.workers) in (1, 2)
    assert [len(times) for times in aftermath.written] == [1, 1]


# downloads


SHAPES = {
    "train-images-idx3-ubyte": (40, 8, 8),
    "train-labels-idx1-ubyte": (40,),
    "t10k-images-idx3-ubyte": (20, 8, 8),
    "t10k-labels-idx1-ubyte": (20,),
}
FILES = tuple(Idx(name, shape) for name, shape in SHAPES.items())
CONTENTS = {
    file.name: file.header + np.random.default_rng(0).integers(0, 10, file.shape, dtype=np.uint8).tobytes()
    for file in FILES
}


class Mirror(BaseHTTPRequestHandler):
    """Serves the four files of a tiny MNIST."""

    def do_GET(self) -> None:
        body = gzip.compress(CONTENTS[self.path.strip("/").removesuffix(".gz")])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mirror: str) -> None:
    """Let MNIST be tiny, not on this machine, and served by `mirror`."""
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))
    monkeypatch.setattr(images, "ATTEMPTS", 1)
    assert len(FILES) == 4
    tiny = IdxSet(FILES, tuple("0123456789"), (mirror,), n_valid=10)
    monkeypatch.setitem(images.IDX_SETS, "mnist", tiny)


def test_a_download_shows_in_the_status(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    elsewhere(monkeypatch, tmp_path, f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(reporting, "STATUS_SECONDS", 0.0)
    said: list[Status] = []

    def listen(folder: Path, now: Status) -> None:
        queue.write_status(folder, now)
        said.append(status(store, folder.name))

    monkeypatch.setattr(worker, "write_status", listen)
    monkeypatch.setattr(reporting, "write_status", listen)
    job_id = submit(store, epochs=1, dataset="mnist")
    try:
        assert list(perform(store, job_id))[-1].state == "done"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    loading = [s.message for s in said if s.state == "loading"]
    assert numbers_in(loading[0]) == []  # nothing is counted before the first byte
    assert len(loading) > 4  # a report for each file at least
    assert all(numbers_in(text) == [0.0, 0.0] for text in loading[1:])
    assert [s.message for s in said if s.state == "running"] == [""]
    assert store.read(job_id).dataset == "mnist"


def test_the_bar_of_a_download_counts_megabytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "STATUS_SECONDS", 0.0)
    folder = store.folder(submit(store))
    bar = reporting.DownloadStatus(folder)
    bar.total = 9_912_422
    texts = []
    for n_bytes in (1_000_000, 4_000_000):
        bar.update(n_bytes)
        texts.append(json.loads((folder / "status.json").read_text())["message"])
    bar.reset()
    bar.close()
    assert [numbers_in(text) for text in texts] == [[1.0, 9.9], [5.0, 9.9]]  # MB so far, of so many
