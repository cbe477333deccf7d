"""`latentlab worker`: perform the queued trainings of the app."""

from __future__ import annotations

import argparse

from latentlab import settings
from latentlab.jobs.worker import work
from latentlab.runs.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `worker` takes."""
    parser.add_argument("--slot", type=int, default=0, help="which of several workers it is, counted from 0")


def run(options: argparse.Namespace) -> int:
    """Perform the queued trainings of the app, here or on its cluster."""
    if address := settings.cluster():
        from latentlab.jobs.ray_cluster import work_on_cluster

        work_on_cluster(Store.default(), address)
    else:
        work(Store.default(), options.slot)
    return 0
