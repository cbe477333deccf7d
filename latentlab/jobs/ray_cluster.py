"""Trainings as tasks on a Ray cluster, on one machine or many that share the folder of the runs.

A task runs the worker's own code on one job and writes to the store; Ray decides where, with a GPU for each where the
cluster has any. Nothing of a training passes through the driver.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from latentlab import device, settings
from latentlab.cluster import connect
from latentlab.jobs import queue
from latentlab.jobs.sweep_engines import LOOK_EVERY, TRIES
from latentlab.jobs.worker import IDLE_SECONDS, perform, worker_lock
from latentlab.runs.store import Store
from latentlab.serialization import RunError


class RayCluster:
    """Lets a Ray cluster train jobs."""

    def __init__(self, store: Store, address: str, tries: int = TRIES) -> None:
        """Connect to a running cluster.

        Args:
            store: of the jobs; every machine of the cluster sees its folder under the same path.
            address: "auto" for the cluster that this machine belongs to, or host:port of its head.
            tries: times that a task is started again whose process or machine was lost before it reported anything.

        Raises:
            RunError: Ray isn't installed, or no cluster answers at the address.
        """
        ray = connect(address)
        self._ray: Any = ray
        self._folders = str(store.root.resolve()), str(store.shipped), str(settings.data() or "")
        self._store, self._tries = store, tries
        gpus = 1 if ray.cluster_resources().get("GPU") else 0
        self._task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(train_there)
        self._tasks: dict[str, Any] = {}
        self._started: Counter[str] = Counter()

    def tend(self, waiting: Sequence[str]) -> None:
        """Start a task for each job that has none, or has lost it.

        Raises:
            RunError: the cluster has gone.
        """
        if not self._ray.is_initialized():
            raise RunError("The Ray cluster has gone; the same command goes on when it is there again.")
        for job_id in waiting:
            if job_id in self._tasks and not self._ray.wait([self._tasks[job_id]], timeout=0)[0]:
                continue
            if why := self._result(job_id):
                fail(self._store, job_id, why)
            elif self._started[job_id] > self._tries:
                fail(self._store, job_id, f"Its process on the cluster ended {self._started[job_id]} times.")
            else:
                self._started[job_id] += 1
                self._tasks[job_id] = self._task.remote(*self._folders, job_id)

    def close(self) -> None:
        """Disconnect; Ray ends the tasks of a driver that has gone, and the jobs stay at their last checkpoints."""
        self._ray.shutdown()

    def _result(self, job_id: str) -> str:
        """Why an ended task couldn't train its job, in a sentence; empty if there is none or its process was lost."""
        if job_id not in self._tasks:
            return ""
        try:
            return str(self._ray.get(self._tasks[job_id]))
        except self._ray.exceptions.RayTaskError as error:
            return f"{type(error.cause).__name__} on the cluster: {error.cause}".partition("\n")[0]
        except self._ray.exceptions.RayError:
            return ""


def fail(store: Store, job_id: str, why: str) -> None:
    """Note why a queued job can't be trained."""
    now = queue.status(store, job_id)
    if now.state == "queued":
        queue.write_status(store.folder(job_id), dataclasses.replace(now, state="failed", message=why))


def work_on_cluster(store: Store, address: str) -> None:
    """The worker process of an app that has a cluster: hands it the queued jobs until none has been live for a while.

    Where the cluster can't be reached the jobs fail with the reason, and can be tried again.

    Args:
        store: of the jobs.
        address: as of `RayCluster`.
    """
    try:
        with FileLock(worker_lock(store)).acquire(timeout=2 * IDLE_SECONDS):
            cluster, idle_since = None, time.monotonic()
            while time.monotonic() - idle_since < IDLE_SECONDS:
                try:
                    if waiting := queue.queue(store):
                        cluster = cluster or RayCluster(store, address)
                        cluster.tend(waiting)
                except RunError as error:
                    for job_id in queue.queue(store):
                        fail(store, job_id, str(error))
                if any(queue.status(store, job.id).is_live for job in queue.jobs(store)):
                    idle_since = time.monotonic()
                time.sleep(LOOK_EVERY)
            if cluster:
                cluster.close()
    except Timeout:
        return


def train_there(root: str, shipped: str, data: str, job_id: str) -> str:
    """In a task: perform a job of a store; returns why it can't be, in a sentence, or nothing.

    Args:
        root: of the store.
        shipped: the folder of the runs that ship.
        data: the folder that is searched for data sets first; empty for none.
        job_id: which job.
    """
    os.environ |= {"LATENTLAB_RUNS": root} | ({"LATENTLAB_DATA": data} if data else {})
    device.limit_threads()
    store = Store(Path(root), Path(shipped))
    if not store.folder(job_id).is_dir():
        return f"{socket.gethostname()} doesn't see the folder of the runs, {root}: set LATENTLAB_RUNS to a shared one."
    try:
        for _ in perform(store, job_id):
            pass
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        return str(error).partition("\n")[0]
    return ""
