"""`latentlab worker`: perform the queued trainings of the app."""

from __future__ import annotations

import argparse

from latentlab.jobs.worker import work
from latentlab.runs.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """`worker` takes nothing."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 every command has the same signature
    """Perform the queued trainings of the app."""
    work(Store.default())
    return 0
