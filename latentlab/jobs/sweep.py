"""A sweep: one training for each setting of a grid of knobs and each seed, as jobs of the queue.

    <root>/.sweeps/<sweep id>.json   the grid, the seeds, the other knobs, and the run of each training

The id says what is trained, so the same request goes on where an earlier one was left: what is done isn't trained
again. Who trains the jobs is in `sweep_engines.py`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from latentlab.data import is_local, names, spec_of, unknown
from latentlab.jobs import queue
from latentlab.jobs.job import Job, check_fit, suited_config
from latentlab.jobs.queue import Status
from latentlab.knobs import KnobError, Value, knobs
from latentlab.models import MODELS
from latentlab.runs.run import LONGEST_TITLE
from latentlab.runs.store import Store, new_id
from latentlab.serialization import RunError, check_writable, write, writing
from latentlab.training.config import suited_training, training_knobs

MOST_RUNS = 200  # trainings of one sweep
MOST_SEEDS = 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FOLDER = ".sweeps"
_KINDS = {
    "id": str, "model": str, "dataset": str, "grid": dict, "seeds": list, "config": dict, "train": dict,
    "created": str, "runs": list,
}  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """What is trained: every setting of a grid, with every seed.

    Attributes:
        id: of what is trained; another grid has another.
        model: a name in `MODELS`.
        dataset: a name of data.
        grid: knob of the model or of its training -> its values.
        seeds: of the trainings of a setting, the same for all.
        config, train: the other knobs, as far as they were given.
        created: ISO 8601, UTC.
        runs: the id of each training, all seeds of the first setting first; empty before they are queued.
    """

    id: str
    model: str
    dataset: str
    grid: Mapping[str, Sequence[Value]]
    seeds: Sequence[int]
    config: Mapping[str, Value]
    train: Mapping[str, Value]
    created: str
    runs: Sequence[str] = ()

    @property
    def settings(self) -> list[dict[str, Value]]:
        """Each setting of the grid, the last knob varying fastest."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]

    def job(self, place: int, job_id: str) -> Job:
        """The training at a place of `runs`."""
        setting, seed = self.settings[place // len(self.seeds)], self.seeds[place % len(self.seeds)]
        of_model = {knob.name for knob in knobs(MODELS[self.model].Config)}
        config = dict(self.config) | {name: value for name, value in setting.items() if name in of_model}
        train = dict(self.train) | {name: value for name, value in setting.items() if name not in of_model}
        title = f"{self.model} on {self.dataset}, {said(setting)}, seed {seed}"[:LONGEST_TITLE]
        return Job(job_id, title, self.model, self.dataset, config, train | {"seed": seed}, queue.now())


class Progress(NamedTuple):
    """How far a sweep is: trainings in each state, and the share of the whole that is done."""

    n: int
    done: int
    running: int
    waiting: int
    failed: int  # and what was interrupted, paused or deleted: it doesn't go on by itself
    fraction: float

    @property
    def is_live(self) -> bool:
        """Whether anything of it waits for its turn or trains."""
        return self.running + self.waiting > 0


def said(setting: Mapping[str, Value]) -> str:
    """A setting in words: "z_dim 2, beta 4"."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in setting.items()
    )


def plan(
    model: str,
    dataset: str,
    grid: Mapping[str, Sequence[Value]],
    n_seeds: int,
    config: Mapping[str, Value],
    train: Mapping[str, Value],
) -> Sweep:
    """A sweep that can be trained, of which nothing is written yet.

    Args:
        model: a name in `MODELS`.
        dataset: a name of data.
        grid: knob -> its values.
        n_seeds: trainings of each setting, of the seeds 0, 1, 2, …
        config, train: the other knobs.

    Raises:
        RunError: an unknown model or data set, nothing to vary, too many trainings, or a model that can't be built.
        KnobError: an unknown knob, or a value that it can't take.
    """
    _check_grid(model, grid, n_seeds)
    if dataset not in names():
        raise RunError(unknown(dataset))
    seeds = tuple(range(n_seeds))
    request = [model, dataset, {k: list(v) for k, v in grid.items()}, seeds, dict(config), dict(train)]
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:8]
    name = re.sub("[^A-Za-z0-9_-]", "-", f"{model}-{dataset}")[:60]
    config = suited_config(model, dataset, {**config, **grid}) | dict(config)
    if is_local(dataset):
        train = suited_training(MODELS[model], spec_of(dataset)) | dict(train)
    found = Sweep(f"{name}-{digest}", model, dataset, grid, seeds, config, train, queue.now())
    for k in range(len(found.settings)):
        job = found.job(k * n_seeds, "planned")
        job.check()
        check_fit(job)
    return found


def _check_grid(model: str, grid: Mapping[str, Sequence[Value]], n_seeds: int) -> None:
    if model not in MODELS:
        raise RunError(f"There is no model called {model!r}; known are {', '.join(MODELS)}.")
    declared = {knob.name: knob for knob in (*knobs(MODELS[model].Config), *training_knobs(MODELS[model]))}
    declared.pop("seed", None)
    for name, values in grid.items():
        if name not in declared:
            raise KnobError(f"A sweep of {model} can't vary {name[:40]!r}; it can vary {', '.join(declared)}.")
        if len({declared[name].check(value) for value in values}) < len(values):
            raise KnobError(f"{name} has a value twice.")
    if not any(len(values) > 1 for values in grid.values()) or not all(grid.values()):
        raise RunError("A sweep needs two or more values of at least one knob, such as 2,5,10 of z_dim.")
    if not 1 <= n_seeds <= MOST_SEEDS:
        raise RunError(f"A sweep has between 1 and {MOST_SEEDS} seeds, not {n_seeds}.")
    n = n_seeds
    for values in grid.values():
        n *= len(values)
    if n > MOST_RUNS:
        raise RunError(f"That is {n:,} trainings; a sweep has at most {MOST_RUNS}.")


@writing("The sweep")
def go_on(store: Store, planned: Sweep) -> Sweep:
    """Queue what isn't done of a sweep, be it a new one or one that was begun before; what is done stays.

    Returns:
        The sweep with the ids of its runs.

    Raises:
        RunError, KnobError: it can't be trained, or written.
    """
    (folder := store.root / _FOLDER).mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{planned.id}.lock"):
        path = folder / f"{planned.id}.json"
        before = read(store, planned.id) if path.exists() else planned
        n = len(before.settings) * len(before.seeds)
        runs = list(before.runs) or [""] * n
        missing = [k for k, run_id in enumerate(runs) if not _is_there(store, run_id)]
        for k in missing:
            runs[k] = new_id(before.model, before.dataset)
        sweep = dataclasses.replace(before, runs=tuple(runs))
        if missing:
            write(path, json.dumps(dataclasses.asdict(sweep), indent=2).encode())
        for k, run_id in enumerate(runs):
            if k in missing:
                queue.enqueue(store, sweep.job(k, run_id))
            elif not (now := queue.status(store, run_id)).is_live and now.state != "done":
                queue.resume(store, run_id)
    return sweep


def pause(store: Store, sweep: Sweep) -> None:
    """Request every training that isn't done to be paused; `go_on` takes them up again.

    Raises:
        RunError: the request can't be written.
    """
    check_writable()
    for run_id in sweep.runs:
        if _is_there(store, run_id) and queue.status(store, run_id).is_live:
            queue.order(store, run_id, "pause")


def statuses(store: Store, sweep: Sweep) -> dict[str, Status | None]:
    """How far each training is; None for one that was deleted."""
    return {run_id: queue.status(store, run_id) if _is_there(store, run_id) else None for run_id in sweep.runs}


def progress(found: Mapping[str, Status | None]) -> Progress:
    """How far a sweep is whose trainings have these states."""
    states = [status.state if status else "deleted" for status in found.values()]
    done, running, waiting = (
        sum(state in some for state in states) for some in (("done",), ("loading", "running"), ("queued",))
    )
    parts = [1.0 if status.state == "done" else status.fraction for status in found.values() if status]
    n = len(states)
    return Progress(n, done, running, waiting, n - done - running - waiting, sum(parts) / max(1, n))


def sweeps(store: Store) -> list[Sweep]:
    """Every sweep that can be read, the newest first."""
    return sorted(_all(store), key=lambda sweep: sweep.created, reverse=True)


def read(store: Store, sweep_id: str) -> Sweep:
    """A sweep of the store.

    Raises:
        RunError: there is none, or its file is damaged.
    """
    path = store.root / _FOLDER / f"{sweep_id}.json"
    if not _ID.fullmatch(sweep_id) or not path.is_file():
        raise RunError(f"There is no sweep called {sweep_id[:80]!r}.")
    try:
        found = _parse(path)
        for run_id in found.runs:
            store.folder(run_id)
        return found
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(f"The file of the sweep {sweep_id!r} is damaged.") from error


def _all(store: Store) -> Iterator[Sweep]:
    for path in (store.root / _FOLDER).glob("*.json"):
        try:
            yield read(store, path.stem)
        except RunError:
            continue  # it can be trained anew


def _parse(path: Path) -> Sweep:
    """A sweep out of JSON that anyone may have edited; an error of some kind if it can't be one."""
    values: Any = json.loads(path.read_text(encoding="utf-8"))
    if {name: type(value) for name, value in values.items()} != _KINDS or values["id"] != path.stem:
        raise TypeError("a field is missing, unknown or of the wrong kind")
    _check_grid(values["model"], values["grid"], len(values["seeds"]))
    found = Sweep(**values)
    if len(found.runs) != len(found.settings) * len(found.seeds) or len(set(found.runs)) != len(found.runs):
        raise ValueError("not a run for each training")
    if not all(isinstance(run_id, str) for run_id in found.runs) or not all(type(s) is int for s in found.seeds):
        raise TypeError("a run or a seed of the wrong kind")
    found.job(0, found.runs[0]).check()
    return found


def _is_there(store: Store, run_id: str) -> bool:
    """Whether a training is in the store, finished or not."""
    if not run_id:
        return False
    folder = store.folder(run_id)
    return (folder / "run.json").exists() or (folder / "job.json").exists()
