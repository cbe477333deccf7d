"""`latentlab export`: write a run as one zip, to be taken to another machine."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from latentlab.runs.export import pack
from latentlab.runs.store import Store
from latentlab.serialization import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    parser.add_argument("run", help="the id of a run, as `runs` lists it")
    parser.add_argument("path", nargs="?", type=Path, help="the zip to write; by default the id, in this folder")


def run(options: argparse.Namespace) -> int:
    """Write a run as one zip: its parameters, snapshots, curves, test examples, and a card that says what it is."""
    packed = io.BytesIO()
    pack(Store.default(), options.run, packed)
    path = options.path or Path(f"{options.run}.zip")
    write(path, packed.getvalue())
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0
