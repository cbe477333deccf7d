"""A training in the terminal: a progress bar, and Ctrl-C that saves what was trained."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import torch
from tqdm import tqdm

from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError


def train_job(store: Store, job_id: str, dtype: torch.dtype = torch.float32, n_bound: int = 0) -> Run:
    """Perform a job with a progress bar; the first Ctrl-C requests to stop and save, a second one aborts."""

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("\nStopping; what was trained is kept.", file=sys.stderr)
        try:
            queue.order(store, job_id, "stop")
        except RunError:  # nothing was trained yet
            raise KeyboardInterrupt from None

    before = signal.signal(signal.SIGINT, stop)
    try:
        with tqdm(unit="step", desc=job_id, dynamic_ncols=True) as bar:
            for status in perform(store, job_id, progressbar=True, dtype=dtype, n_bound=n_bound):
                bar.total = status.n_steps
                bar.update(status.step - bar.n)
                bar.set_postfix_str(f"{status.images_per_second:,.0f} examples/s", refresh=False)
    finally:
        signal.signal(signal.SIGINT, before)
    return store.read(job_id)
