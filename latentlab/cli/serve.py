"""`latentlab serve`: serve a model of the user's own until the process ends; the app starts one for each model."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from contextlib import redirect_stdout
from pathlib import Path

from latentlab.serving import uploaded
from latentlab.serving.file import from_files, from_package
from latentlab.serving.functions import ServingError
from latentlab.serving.own_model import OwnModel
from latentlab.serving.server import Server

EVERY = 10.0  # seconds between two looks at whether an uploaded model is still used


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `serve` takes."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a .py file, or .onnx files")
    parser.add_argument("--package", metavar="NAME", help="instead of files, the model that a package brings")
    parser.add_argument("--data", default="", metavar="NAME", help="the data set with which it is looked at")
    text = "the files are .onnx files of a visitor of the app: memory is limited, and it ends when nobody uses it"
    parser.add_argument("--uploaded", metavar="TITLE", help=text)


def run(options: argparse.Namespace) -> int:
    """Serve a model of your own: its id is printed as soon as it can be called; ends with its standard input."""
    said = sys.stdout
    with redirect_stdout(sys.stderr):  # what a file of the user's prints
        try:
            server = Server(_model(options), is_uploaded=options.uploaded is not None)
        except (ValueError, OSError) as error:
            if isinstance(error, ServingError) and error.details:
                print(error.details)
            print(json.dumps({"error": str(error)}), file=said, flush=True)
            return 1
        print(json.dumps({"id": server.id}), file=said, flush=True)
        try:
            _wait(server)
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()
    return 0


def _model(options: argparse.Namespace) -> OwnModel:
    if options.uploaded is not None:
        return uploaded.model(options.files, options.data, options.uploaded)
    if options.package:
        return from_package(options.package, options.data)
    if options.files:
        return from_files(options.files, options.data)
    raise ServingError("Nothing is to be served: give a file, or --package.")


def _wait(server: Server) -> None:
    """Until the standard input ends, or an uploaded model wasn't used for long."""
    ended = threading.Event()

    def read() -> None:
        while os.read(sys.stdin.fileno(), 1 << 12):
            pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    while not ended.wait(EVERY):
        if server.is_uploaded and time.monotonic() - server.used > uploaded.UNUSED:
            return
