"""The process that trains: `perform` trains one job, `work` performs the queue of a store, one job after another.

It shares nothing with the web process but files, so it outlives a closed tab, a reload and a killed server.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from filelock import FileLock, Timeout

from latentlab import device, settings
from latentlab.analysis.columns import quantiles
from latentlab.analysis.maps.examples import all_examples
from latentlab.data import Splits, load
from latentlab.jobs.job import Job, fresh, untrained
from latentlab.jobs.queue import Status, is_held, now, queue, read, status, write_status
from latentlab.jobs.reporting import STATUS_SECONDS, DownloadStatus, TrainingReports
from latentlab.knobs import from_dict
from latentlab.models import Trains
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import (
    HEADER,
    RunError,
    check_writable,
    history_csv,
    read_history,
    read_tensors,
    write,
    write_tensors,
    writing,
)
from latentlab.training.config import TrainConfig, TrainingError, model_config
from latentlab.training.evaluation import final_metrics
from latentlab.training.loop import train
from latentlab.training.memory import batch_bytes, check_memory, parameter_bytes
from latentlab.training.state import TrainState

CHECKPOINT_SECONDS = 10.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds until a job is tried again whose folder can't be written
IDLE_SECONDS = 3.0  # a worker without jobs goes home
STARTING_SECONDS = 30.0  # a worker that doesn't work by then isn't counted on


class _Started(NamedTuple):
    process: subprocess.Popen[bytes]
    root: Path
    slot: int
    at: float  # on the monotonic clock


_started: list[_Started] = []  # by this process, so that it notices their end


def perform(
    store: Store, job_id: str, *, progressbar: object = None, dtype: torch.dtype = torch.float32, n_bound: int = 0
) -> Iterator[Status]:
    """Train a job from where it stands and yield its status at every report; the last one says how it ended.

    A caller that stops iterating leaves the job at its last checkpoint. `stop_and_save` makes a run of that.

    Args:
        store: where the job is.
        job_id: which one.
        progressbar: for a download: True for a bar in the terminal; None says it in the status.
        dtype: of the saved weights.
        n_bound: test images that get the 200-sample bound in the run's metrics.

    Raises:
        RunError: another process trains it, it can't be read, or the app is for looking only.
        DataError: its data set can't be had.
        TrainingError: the loss isn't finite, or the checkpoint doesn't fit.
    """
    check_writable()
    job, folder = read(store, job_id), store.folder(job_id)
    try:
        with FileLock(folder / "job.lock").acquire(timeout=5):
            if not (folder / "job.json").exists():  # another process finished it while this one waited for the lock
                (folder / "job.lock").unlink(missing_ok=True)
                return
            yield from _perform(store, job, progressbar or DownloadStatus(folder), dtype, n_bound)
    except Timeout as error:
        raise RunError("Another process is training it.") from error
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        about = error.strerror if isinstance(error, OSError) else None  # without the path, which a browser may not see
        sentence = (about or str(error)).partition("\n")[0]
        with contextlib.suppress(OSError):  # the disk is full: the error itself says so
            write_status(folder, dataclasses.replace(status(store, job_id), state="failed", message=sentence))
        raise


def work(store: Store, slot: int = 0) -> None:
    """The worker process: perform the queued jobs, oldest first; exits when idle for a while.

    One works in a slot: another waits until it exits, then checks whether jobs are left. The app has one slot, a sweep
    may have more.
    """
    device.limit_threads()
    try:
        with FileLock(worker_lock(store, slot)).acquire(timeout=2 * IDLE_SECONDS):
            idle_since, said, wait = time.monotonic(), "", FIRST_WAIT
            while time.monotonic() - idle_since < IDLE_SECONDS:
                job_id = _next(store, slot)
                if job_id is None:
                    time.sleep(0.2)
                    continue
                try:
                    for _ in perform(store, job_id):
                        pass
                except (ValueError, RuntimeError, OSError, MemoryError) as error:
                    if (sentence := f"{job_id}: {error}") != said:
                        said = sentence
                        with contextlib.suppress(OSError):
                            print(sentence, file=sys.stderr, flush=True)  # noqa: T201 the worker's log
                if status(store, job_id).state == "queued":  # nothing could be written, not even that it failed
                    time.sleep(wait)
                    wait = min(2 * wait, LONGEST_WAIT)
                else:
                    wait = FIRST_WAIT
                idle_since = time.monotonic()
    except Timeout:
        return


@writing("The log of the trainings")
def ensure_worker(store: Store, slot: int = 0) -> None:
    """Start a worker process of its own session if jobs wait, no worker runs in the slot, and none is starting.

    A worker takes seconds to start and a page calls this often: one for each call would delay the first. Of several
    GPUs each slot has one.

    Raises:
        RunError: its log can't be written.
    """
    if not queue(store) or is_held(worker_lock(store, slot)):
        return
    _started[:] = [worker for worker in _started if worker.process.poll() is None]
    root, clock = store.root.resolve(), time.monotonic()
    if any((one.root, one.slot) == (root, slot) and clock - one.at < STARTING_SECONDS for one in _started):
        return
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}  # numpy's: its small matrices are ten times slower with more
    own = {"LATENTLAB_RUNS": str(root)} | ({"LATENTLAB_DEVICE": str(device.of_slot(slot))} if slot else {})
    with (store.root / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "latentlab", "worker", "--slot", str(slot)],
            cwd=settings.ROOT,
            env=one_thread | settings.environment() | own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started.append(_Started(process, root, slot, clock))


def _perform(store: Store, job: Job, progressbar: object, dtype: torch.dtype, n_bound: int) -> Iterator[Status]:
    folder = store.folder(job.id)
    write_status(folder, dataclasses.replace(status(store, job.id), state="loading", message="Loading the data."))
    splits = load(job.dataset, progressbar)
    config = from_dict(TrainConfig, job.train)
    free = device.memory(device.pick()).free
    check_memory(parameter_bytes(untrained(job, splits.train.spec), config), free)
    model = fresh(store, job, splits.train, config)
    state = TrainState(model, config)
    if isinstance(model, Trains):
        check_memory(parameter_bytes(model, config) + batch_bytes(model, splits.train, config), free)
    history, before = _restore(folder, state, len(splits.train))
    reports = TrainingReports(store, job, state, splits)
    if reports.has_baselines():
        message = "Fitting a linear classifier and an MLP to the same labels."
        write_status(folder, dataclasses.replace(status(store, job.id), message=message))
        reports.baselines()
    began = time.perf_counter()
    saved, shown = began, -1.0
    said = status(store, job.id)
    requested = _requested(folder)
    for metrics in [] if requested == "stop" and state.step else train(state.model, splits, config, state):
        clock = time.perf_counter()
        history.append(metrics.row)
        if config.snapshots and not metrics.done and _is_snapshot_epoch(metrics.epoch):
            store.save_snapshot(job.id, state.model, int(metrics.epoch), dtype)
        if config.probes and metrics.epoch.is_integer():
            reports.probe(metrics.epoch)
        reports.unit_kl(metrics.epoch)
        said = Status("running", metrics.step, metrics.n_steps, before + clock - began, metrics.images_per_second)
        requested = _requested(folder)
        if requested or clock - saved > CHECKPOINT_SECONDS:
            write(folder / "history.csv", history_csv(history).encode())  # first: it may reach beyond a checkpoint
            _save_checkpoint(folder, state, said.seconds)
            saved = clock
        if requested or clock - shown > STATUS_SECONDS:
            reports.show(history)
            write_status(folder, said)
            shown = clock
        yield said
        if requested in ("pause", "discard"):
            (folder / "control").unlink(missing_ok=True)
            said = dataclasses.replace(said, state="paused")
            write_status(folder, said)
            if requested == "discard":  # brought back, it is a paused training
                store.delete(job.id)
                return
            yield said
            return
        if requested == "stop":
            break
    yield _finish(store, job, state, splits, history, said, dtype, n_bound)


def _finish(
    store: Store,
    job: Job,
    state: TrainState,
    splits: Splits,
    history: list[dict[str, float]],
    said: Status,
    dtype: torch.dtype,
    n_bound: int,
) -> Status:
    """Make the job a run, and remove what only a job needs."""
    test = splits.test
    run = Run(
        id=job.id,
        title=job.title,
        model=job.model,
        dataset=job.dataset,
        config=dataclasses.asdict(model_config(job.model, job.config, splits.train, state.config)),
        train=dataclasses.asdict(state.config),
        shape=test.shape,
        classes=test.classes,
        data_kind=test.kind,
        columns=test.names,
        steps=state.step,
        seconds=round(said.seconds, 1),
        created=now(),
        size=state.model.size,
        metrics=final_metrics(state.model.eval(), test, n_bound),
        note=job.note,
    )
    if test.scale is not None:  # data of the user's own, which may be removed
        every = quantiles(all_examples(splits).x.numpy())
        test = dataclasses.replace(test, quantiles=torch.from_numpy(every))
    store.save(run, state.model, history, test, dtype)
    folder = store.folder(job.id)
    for name in ("checkpoint.safetensors", "preview.safetensors", "control", "status.json", "job.json", "job.lock"):
        (folder / name).unlink(missing_ok=True)
    return dataclasses.replace(said, state="done")


def _restore(folder: Path, state: TrainState, n: int) -> tuple[list[dict[str, float]], float]:
    """Restore the last checkpoint of a training on n examples, if there is one: its history and its seconds."""
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return [], 0.0
    tensors = read_tensors(path, HEADER + state.most_bytes(n))
    try:
        state.restore(tensors)
        seconds = float(tensors["seconds"])
    except (KeyError, TypeError) as error:
        raise TrainingError("The checkpoint is damaged, so training can't be resumed.") from error
    history = [row for row in read_history(folder / "history.csv") if row.get("step", math.inf) <= state.step]
    return history, seconds


def _save_checkpoint(folder: Path, state: TrainState, seconds: float) -> None:
    tensors = state.views() | {"seconds": torch.tensor(seconds, dtype=torch.float64)}
    write_tensors(folder / "checkpoint.safetensors", tensors)


def _requested(folder: Path) -> str:
    try:
        return (folder / "control").read_text()
    except OSError:
        return ""


def _is_snapshot_epoch(epoch: float) -> bool:
    """Whether a snapshot is saved after so many epochs: 1, 2, 5, 10, 20, 50, …"""
    return epoch.is_integer() and str(int(epoch)).rstrip("0") in ("1", "2", "5")


def _next(store: Store, slot: int) -> str | None:
    """The oldest queued job that nobody trains; workers of several slots look at different ones."""
    waiting = [job_id for job_id in queue(store) if not is_held(store.folder(job_id) / "job.lock")]
    return waiting[slot % len(waiting)] if waiting else None


def worker_lock(store: Store, slot: int = 0) -> Path:
    """The file that the worker of a slot holds while it works."""
    return store.root / f".worker-{device.pick().type}{f'-{slot}' if slot else ''}.lock"
