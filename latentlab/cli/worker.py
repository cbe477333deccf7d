"""`latentlab worker`: perform the queued trainings of the app."""

from __future__ import annotations

import argparse

from latentlab.jobs.worker import work
from latentlab.runs.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `worker` takes."""
    parser.add_argument("--slot", type=int, default=0, help="which of several workers it is, counted from 0")


def run(options: argparse.Namespace) -> int:
    """Perform the queued trainings of the app."""
    work(Store.default(), options.slot)
    return 0
