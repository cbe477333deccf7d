"""`latentlab runs`: list the runs, or say where one is."""

from __future__ import annotations

import argparse
import json

from latentlab.cli.output import as_json, summary
from latentlab.models import abilities
from latentlab.runs.store import Store
from latentlab.serialization import RunError


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `runs` takes."""
    parser.add_argument("--path", metavar="RUN", help="only print the folder of this run")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """List the runs, newest first; what can't be read is listed with the reason."""
    if options.path:
        folder = Store.default().folder(options.path)
        if not folder.is_dir():
            raise RunError(f"There is no run called {options.path!r}.")
        print(folder.absolute())
        return 0
    rows = Store.default().rows()
    if options.json:
        found = [
            {"id": r.id, "shipped": r.shipped, "reason": r.reason} | (as_json(r.run) if r.run else {}) for r in rows
        ]
        print(json.dumps(found, indent=2))
        return 0
    for row in rows:
        if row.run is None:
            print(f"{row.id:40} {row.reason}")
        else:
            can = ", ".join(abilities(row.run.kind))
            print(f"{row.id:40} {row.run.title:28} {row.run.size:>9,} parameters  {summary(row.run)}  [{can}]")
    return 0
