"""Who trains the jobs of a sweep: worker processes of this machine, or tasks on a Ray cluster.

All states are files of the store, so a driver may end at any time: the next one finds what is done, what a checkpoint
takes up again, and what has to begin anew.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from latentlab import device, settings
from latentlab.jobs import queue
from latentlab.jobs.sweep import Progress, Sweep, progress, statuses
from latentlab.jobs.worker import ensure_worker
from latentlab.runs.store import Store

TRIES = 3  # times that a training is taken up again after its worker was killed
LOOK_EVERY = 0.5  # seconds


class Engine(Protocol):
    """What sees to it that queued jobs are trained."""

    def tend(self, waiting: Sequence[str]) -> None:
        """Look after jobs, called again and again.

        Args:
            waiting: the ids of those that are queued, in their order.
        """

    def close(self) -> None:
        """Close its connection, if it has one."""


class LocalWorkers:
    """Worker processes of this machine, of several GPUs one each; they outlive whoever started them."""

    def __init__(self, store: Store, n: int) -> None:
        self.store, self.n = store, n

    def tend(self, waiting: Sequence[str]) -> None:
        """Start the workers that are missing, one that was killed among them."""
        for slot in range(min(self.n, len(waiting))):
            ensure_worker(self.store, slot)

    def close(self) -> None:
        """Workers exit when they are idle."""


def ensure_workers(store: Store) -> None:
    """Start what trains the queue of the app: a worker, or one a GPU; with a cluster, one that hands it the jobs.

    Raises:
        RunError: their log can't be written.
    """
    LocalWorkers(store, 1 if settings.cluster() else device.n_slots()).tend(queue.queue(store))


def drive(
    store: Store, sweep: Sweep, engine: Engine, tries: int = TRIES, every: float = LOOK_EVERY
) -> Iterator[Progress]:
    """Let an engine train the queued jobs of a sweep and yield how far it is, until none is left.

    A training whose worker was killed is taken up again from its last checkpoint, or begins anew where it has none.

    Args:
        store: where the jobs are.
        sweep: as `go_on` returned it.
        engine: trains; it isn't closed.
        tries: times that a training is taken up again.
        every: seconds between two looks.

    Raises:
        RunError: nothing can be trained.
    """
    again: Counter[str] = Counter()
    while True:
        found = statuses(store, sweep)
        for run_id, status in found.items():
            if status is not None and status.state == "interrupted" and again[run_id] < tries:
                again[run_id] += 1
                queue.resume(store, run_id)
                found[run_id] = queue.status(store, run_id)
        engine.tend([run_id for run_id, status in found.items() if status and status.state == "queued"])
        now = progress(found)
        yield now
        if not now.is_live:
            return
        time.sleep(every)
