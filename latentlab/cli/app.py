"""`latentlab app`: start the app in a browser."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from latentlab.cli.output import found_in
from latentlab.cli.own_data import add_options, save_data
from latentlab.cluster import connect
from latentlab.data import DataError, names
from latentlab.data.files.read import KNOWN
from latentlab.serving.file import packages
from latentlab.serving.functions import ServingError
from latentlab.serving.process import ServingProcess
from latentlab.settings import CLUSTER, FIRST_DATA, LESSONS, READ_ONLY, ROOT
from latentlab.subjects import served


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `app` takes."""
    parser.add_argument("--port", type=int, help="the port to listen on")
    text = f"save data of your own and start with them: {KNOWN}; or the name of a data set"
    parser.add_argument("--data", metavar="PATH", help=text)
    text = "a model of your own: .onnx files, or a .py file with encode, decode, classify, denoise, log_prob or sample"
    parser.add_argument("--model", metavar="FILE", type=Path, nargs="+", action="append", default=[], help=text)
    text = "for a class: visitors look at what there is, and can't train, upload, rename, delete or bring back"
    parser.add_argument("--read-only", action="store_true", help=text)
    text = "a folder of lessons of your own, a .toml file each, beside those that ship"
    parser.add_argument("--lessons", metavar="FOLDER", type=Path, help=text)
    text = "a Ray cluster that trains what is queued: auto, or host:port (extra `[ray]`); else this machine"
    parser.add_argument("--address", metavar="ADDRESS", help=text)
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Start the app in a browser; returns when it is stopped."""
    flags = ["--server.port", str(options.port)] if options.port else []
    environment = dict(os.environ)
    if options.data:
        known = options.data in names() and not Path(options.data).exists()
        environment[FIRST_DATA] = options.data if known else save_data(options.data, options)
    if options.address:
        connect(options.address).shutdown()  # so that a wrong one is noticed now
        environment[CLUSTER] = options.address
    if options.read_only:
        environment[READ_ONLY] = "1"
    if options.lessons:
        folder = options.lessons.expanduser().absolute()
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}.")
        environment[LESSONS] = str(folder)
    dataset = environment.get(FIRST_DATA, "")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what it started ends with it
    with ExitStack() as running:
        for files in options.model:
            running.enter_context(_served([str(path.expanduser().absolute()) for path in files], dataset))
        for name in packages():
            try:
                running.enter_context(_served(["--package", name], ""))
            except ServingError as error:
                print(f"{name}: {error}", file=sys.stderr)
        return subprocess.call([sys.executable, str(ROOT / "app.py"), *flags], env=environment)


@contextmanager
def _served(what: Sequence[str], dataset: str) -> Iterator[None]:
    """Inside, a model of the user's own is served by a process of its own; what was found in it is printed.

    Raises:
        ServingError: it can't be, for a reason that it says.
    """
    process = ServingProcess([*what, "--data", dataset])
    try:
        opened = process.opened.result()
        for own in served():
            if own.described.id == opened:
                print(found_in(own), flush=True)
        yield
    finally:
        process.stop()
