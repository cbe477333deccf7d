"""The command line: `latentlab app | train | runs | …`, or `python -m latentlab`. Flags come from the knobs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from latentlab import device
from latentlab.cli import (
    app,
    data,
    docs,
    export,
    import_run,
    monitor,
    reproduce,
    runs,
    serve,
    sweep,
    train,
    trunk,
    worker,
)
from latentlab.data import DataError

COMMANDS = {
    "app": app,
    "train": train,
    "sweep": sweep,
    "trunk": trunk,
    "runs": runs,
    "export": export,
    "import": import_run,
    "data": data,
    "monitor": monitor,
    "reproduce": reproduce,
    "docs": docs,
    "serve": serve,
    "worker": worker,
}
SHOWN = ("app", "train", "sweep", "trunk", "runs", "export", "import", "data", "monitor", "reproduce")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. What goes wrong is one sentence on stderr."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(words[0] if words else None).parse_args(words)
    try:
        device.limit_threads()
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except (ValueError, OSError, RuntimeError) as error:
        place = error.place if isinstance(error, DataError) else None
        sentence = str(error).partition("\n")[0]
        print(f"{sentence.removesuffix('.')} ({place})." if place else sentence, file=sys.stderr)
        return 1


def parser(requested: str | None = None) -> argparse.ArgumentParser:
    """All commands with their flags; where one of them is requested, with its flags alone, which is faster."""
    whole = argparse.ArgumentParser("latentlab", description="A workbench for latent spaces.")
    commands = whole.add_subparsers(required=True, metavar=" | ".join(SHOWN))
    for name, module in COMMANDS.items():
        text = (module.run.__doc__ or "").partition("\n")[0]
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(command=module.run)
        if requested not in COMMANDS or requested == name:
            module.arguments(one)
    return whole


if __name__ == "__main__":
    sys.exit(main())
