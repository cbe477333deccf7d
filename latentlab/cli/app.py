"""`latentlab app`: start the app in a browser."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from latentlab.cli.own_data import add_options, save_data
from latentlab.data.files.read import KNOWN
from latentlab.settings import FIRST_DATA


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `app` takes."""
    parser.add_argument("--port", type=int, help="the port to listen on")
    parser.add_argument("--data", metavar="PATH", help=f"save data of your own and start with them: {KNOWN}")
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Start the app in a browser; returns when it is stopped."""
    script = Path(__file__).parents[2] / "app.py"
    flags = ["--server.port", str(options.port)] if options.port else []
    environment = dict(os.environ)
    if options.data:
        environment[FIRST_DATA] = save_data(options.data, options)
    command = [sys.executable, str(script), *flags]
    return subprocess.call(command, cwd=script.parent, env=environment)
