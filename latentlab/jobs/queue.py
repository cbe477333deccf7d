"""Training outside the web process: a job is a run's folder that isn't finished yet.

    <root>/<run id>/job.json                what to train
                    status.json             how far it is, as the process that trains it last reported
                    control                 what a person requested: pause, stop, discard
                    checkpoint.safetensors  where to go on from
                    preview.safetensors     reconstructions of a few examples
                    job.lock                held while a process trains it, so a killed one is noticed

This file is what the pages need; the process that trains is in `worker.py`.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from filelock import FileLock, Timeout

from latentlab.data import is_local, names, spec_of, unknown
from latentlab.jobs.job import Job, check_fit, suited_config
from latentlab.knobs import KnobError
from latentlab.models import MODELS
from latentlab.nn.layers import OF_IMAGES, OF_SEQUENCES
from latentlab.runs import trunks
from latentlab.runs.run import checked_title
from latentlab.runs.store import Store, new_id
from latentlab.serialization import RunError, write, writing
from latentlab.training.config import current_names, suited_training

JobState = Literal["queued", "loading", "running", "paused", "done", "failed", "interrupted"]
Order = Literal["pause", "stop", "discard"]
T = TypeVar("T")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "JobState": (str,),
    "int": (int,),
    "float": (int, float),
    "dict[str, Any]": (dict,),
}


@dataclass(frozen=True)
class Status:
    """How far a job is."""

    state: JobState
    step: int = 0
    n_steps: int = 0
    seconds: float = 0.0  # of training so far
    images_per_second: float = 0.0
    message: str = ""  # why it failed, or what it waits for

    @property
    def fraction(self) -> float:
        """Share of the steps that are done."""
        return self.step / self.n_steps if self.n_steps else 0.0

    @property
    def seconds_left(self) -> float:
        """Time until the end at the average pace so far; infinite before the first step."""
        return self.seconds / self.step * (self.n_steps - self.step) if self.step else float("inf")

    @property
    def is_live(self) -> bool:
        """Whether it waits for its turn or trains: worth looking again."""
        return self.state in ("queued", "loading", "running")


def submit(
    store: Store, model: str, dataset: str, config: dict[str, Any], train: dict[str, Any], title: str = ""
) -> str:
    """Queue a training and return the id of the run it will become. Knobs that aren't given suit the data.

    Raises:
        RunError, KnobError: it can't be trained.
    """
    job_id = new_id(model, dataset)
    config = suited_config(model, dataset, config) | config
    if model in MODELS and dataset in names() and is_local(dataset):
        train = suited_training(MODELS[model], spec_of(dataset)) | train
    job = Job(
        job_id, checked_title(title or default_title(model, dataset, config)), model, dataset, config, train, now()
    )
    enqueue(store, job)
    return job_id


@writing("The training")
def enqueue(store: Store, job: Job) -> None:
    """Write a job's folder, whole or not at all.

    Raises:
        RunError, KnobError: it can't be trained, or written.
    """
    job.check()
    if job.dataset not in names():
        raise RunError(unknown(job.dataset))
    job = dataclasses.replace(job, config=trunks.described(store, job.model, job.config))
    check_fit(job)
    folder = store.folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write(folder / "job.json", json.dumps(dataclasses.asdict(job), indent=2).encode())
        write_status(folder, Status("queued"))
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def default_title(model: str, dataset: str, config: dict[str, Any]) -> str:
    """A name for a run: model, data set, and the size of the latent space where there is one."""
    kind = f"{config['network']} " if config.get("network") in (*OF_IMAGES, *OF_SEQUENCES) else ""
    return f"{kind}{model} on {dataset}" + (f", {config['z_dim']}-D" if "z_dim" in config else "")


def read(store: Store, job_id: str) -> Job:
    """What a job trains.

    Raises:
        RunError: there is none, or its `job.json` is damaged.
    """
    try:
        job = _parse(Job, (store.folder(job_id) / "job.json").read_text(encoding="utf-8"))
        if job.id != job_id:
            raise RunError("Its job.json is of another job.")
        job = dataclasses.replace(job, train=current_names(job.train))
        job.check()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, RunError | KnobError):
            raise RunError(str(error)) from error
        raise RunError("Its job.json is missing or damaged, so it can't be resumed.") from error
    return job


def status(store: Store, job_id: str) -> Status:
    """How far a job is; one whose process has died is "interrupted"."""
    folder = store.folder(job_id)
    if (folder / "run.json").exists():
        return Status("done")
    try:
        status_now = _parse(Status, (folder / "status.json").read_text(encoding="utf-8"))
        if status_now.state not in get_args(JobState):
            raise ValueError("an unknown state")
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        status_now = Status("interrupted", message="Its status can't be read.")
    if status_now.state in ("loading", "running") and not is_held(folder / "job.lock"):
        gone = "The process that trained it is gone."
        status_now = dataclasses.replace(status_now, state="interrupted", message=gone)
    ended = status_now.state == "interrupted" and (folder / "run.json").exists()  # while its files were looked at
    return Status("done") if ended else status_now


def jobs(store: Store) -> list[Job]:
    """Every unfinished job, oldest first."""
    if not store.root.is_dir():
        return []
    found = []
    for path in store.root.glob("[!.]*/job.json"):
        if not path.with_name("run.json").exists():
            try:
                found.append(read(store, path.parent.name))
            except RunError:
                continue  # the list of runs shows it with the reason
    return sorted(found, key=lambda job: (job.submitted, job.id))


@writing("What is requested")
def order(store: Store, job_id: str, what: Order) -> None:
    """Request a job to be paused, stopped and saved, or discarded. One that isn't training does so at once.

    Raises:
        RunError: it has made no step yet, so there is nothing to save; or the request can't be written.
    """
    folder, now = store.folder(job_id), status(store, job_id)
    if not folder.is_dir():
        raise RunError(f"There is no job called {job_id!r}.")
    if now.state == "done" and what != "discard":
        raise RunError("It is finished.")
    if now.state in ("loading", "running"):
        write(folder / "control", what.encode())
    elif what == "discard":
        store.delete(job_id)
    elif what == "pause":
        write_status(folder, dataclasses.replace(now, state="paused"))
    elif not (folder / "checkpoint.safetensors").exists():
        raise RunError("It has not been trained yet, so there is nothing to save.")
    else:
        write(folder / "control", what.encode())
        write_status(folder, dataclasses.replace(now, state="queued", message=""))


@writing("What is requested")
def resume(store: Store, job_id: str) -> None:
    """Queue a paused, failed or interrupted job again: it goes on from its last checkpoint. A live one just goes on.

    Raises:
        RunError: it can't be read, or the request can't be written.
    """
    read(store, job_id)
    if status(store, job_id).is_live:
        return
    folder = store.folder(job_id)
    (folder / "control").unlink(missing_ok=True)
    write_status(folder, dataclasses.replace(status(store, job_id), state="queued", message=""))


def remove(store: Store, run_id: str) -> None:
    """Move a run into the trash; one that is still being trained is discarded: its process does it.

    Raises:
        RunError: as `Store.delete`.
    """
    if not store.is_shipped(run_id) and status(store, run_id).is_live:
        order(store, run_id, "discard")
    else:
        store.delete(run_id)


def is_discarded(store: Store, job_id: str) -> bool:
    """Whether a job that is being trained has been discarded, which its process does at its next report."""
    try:
        ordered = (store.folder(job_id) / "control").read_bytes()
    except (OSError, RunError):
        return False
    return ordered == b"discard" and status(store, job_id).is_live


@writing("What is requested")
def restore(store: Store, run_id: str) -> None:
    """Bring back a run, or a training that was discarded, which is then paused.

    Raises:
        RunError: as `Store.restore`.
    """
    if is_discarded(store, run_id):
        (store.folder(run_id) / "control").unlink(missing_ok=True)
    else:
        store.restore(run_id)
    if (store.folder(run_id) / "job.json").is_file() and status(store, run_id).state == "queued":
        order(store, run_id, "pause")


def queue(store: Store) -> list[str]:
    """The ids of the jobs that wait, in the order of their turn."""
    return [job.id for job in jobs(store) if status(store, job.id).state == "queued"]


def write_status(folder: Path, status_now: Status) -> None:
    """Write a job's status; only the process that trains it, or a page when none does, may."""
    write(folder / "status.json", json.dumps(dataclasses.asdict(status_now)).encode())


def is_held(path: Path) -> bool:
    """Whether a living process holds a lock file; the system releases that of an ended one."""
    if not path.exists():
        return False
    try:
        with FileLock(path).acquire(timeout=0.05, poll_interval=0.01):  # another may be looking just now
            return False
    except Timeout:
        return True
    except OSError:  # nobody can hold what can't be opened
        return False


def _parse(kind: type[T], text: str) -> T:
    """A dataclass out of JSON that anyone may have edited; TypeError if a field is unknown or of the wrong type."""
    values = json.loads(text)
    allowed = {field.name: _TYPES[str(field.type)] for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict) or any(type(value) not in allowed[name] for name, value in values.items()):
        raise TypeError("a value of the wrong kind")
    return kind(**values)


def now() -> str:
    """The time as jobs and runs write it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
