"""`latentlab serve`: serve a model of the user's own until the process ends; `app --model` starts one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from latentlab.serving.file import from_files, from_package
from latentlab.serving.functions import ServingError
from latentlab.serving.server import Server


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `serve` takes."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a .py file, or .onnx files")
    parser.add_argument("--package", metavar="NAME", help="instead of files, the model that a package brings")
    parser.add_argument("--data", default="", metavar="NAME", help="the data set with which it is looked at")


def run(options: argparse.Namespace) -> int:
    """Serve a model of your own: its id is printed as soon as it can be called; ends with its standard input."""
    try:
        if options.package:
            model = from_package(options.package, options.data)
        elif options.files:
            model = from_files(options.files, options.data)
        else:
            raise ServingError("Nothing is to be served: give a file, or --package.")
        server = Server(model)
    except (ValueError, OSError) as error:
        if isinstance(error, ServingError) and error.details:
            print(error.details, file=sys.stderr)
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    print(json.dumps({"id": server.id}), flush=True)
    try:
        while sys.stdin.buffer.read(1 << 12):  # the app that started it holds the other end
            pass
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    return 0
