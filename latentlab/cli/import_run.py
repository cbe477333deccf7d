"""`latentlab import`: bring the run of a zip that `export` wrote into the store."""

from __future__ import annotations

import argparse
from pathlib import Path

from latentlab.cli.output import summary
from latentlab.runs.export import unpack
from latentlab.runs.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `import` takes."""
    parser.add_argument("path", type=Path, help="the zip of a run")


def run(options: argparse.Namespace) -> int:
    """Bring the run of a zip into the store; one that is there already is found again."""
    store = Store.default()
    run_id = unpack(store, options.path)
    print(f"{run_id}: {summary(store.read(run_id))}")
    return 0
