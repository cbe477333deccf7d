"""`latentlab data`: list the data sets, fetch one, or read data of your own and save them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from latentlab import data
from latentlab.cli.own_data import add_options, read_options, save_data
from latentlab.data.files.read import KNOWN, read_path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `data` takes."""
    text = f"one of {', '.join(data.names())}, downloaded if need be; or the path of data of your own: {KNOWN}"
    parser.add_argument("name", nargs="?", help=text)
    parser.add_argument("--keep", action="store_true", help="save the data of your own, to be trained on by name")
    text = "remove data of your own; runs that were trained on them stay"
    parser.add_argument("--remove", metavar="NAME", help=text)
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """List the data sets and where they are, fetch one, or summarise data of your own and save them."""
    if options.remove:
        data.Library.default().remove(options.remove)
        print(f"{options.remove} is removed; runs that were trained on it stay.")
    elif options.name in data.Library.default():
        print("\n".join(data.Library.default().card(options.name).summary))
    elif options.name in data.NAMES:
        splits = data.load(options.name, progressbar=True)
        if about := data.about(options.name):
            print(about)
        print(f"{options.name}: " + ", ".join(f"{len(part):,} {name}" for name, part in splits._asdict().items()))
    elif options.name and options.keep:
        save_data(options.name, options)
    elif options.name:
        print("\n".join(read_path(Path(options.name), read_options(options)).summary))
    elif options.json:
        print(json.dumps({name: data.is_local(name) for name in data.names()}))
    else:
        for name in data.names():
            print(f"{name:16} {where_it_is(name)}")
    return 0


def where_it_is(name: str) -> str:
    """Where a data set is: on this machine, elsewhere, or among the user's own."""
    if name in data.NAMES:
        return data.how_to_get(name) or "on this machine"
    try:
        card = data.Library.default().card(name)
    except data.DataError as error:
        return str(error)
    return f"your own: {card.n:,} examples of shape {card.shape}, from {card.source}"
