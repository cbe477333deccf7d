"""Flags that several subcommands share; those of models come from their knobs."""

from __future__ import annotations

import argparse
from typing import Any

from latentlab.data.files.tables import LABELS
from latentlab.knobs import Knob, KnobError


def add_knob(parser: Any, knob: Knob) -> None:
    """One flag for a knob: checked as the form and the run's file are."""

    def parse(text: str) -> object:
        try:
            return knob.parse(text)
        except KnobError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    bounds = f" ({knob.low:g} to {knob.high:g})" if knob.low is not None and knob.high is not None else ""
    parser.add_argument(
        f"--{knob.name}",
        type=parse,
        metavar="|".join(knob.choices) or knob.type.__name__,
        help=f"{knob.help}{bounds}; default {knob.default}",
    )


def add_columns(parser: argparse.ArgumentParser) -> None:
    """The flags that say what the columns of a table are."""
    text = f"of a table, the column with the label; else the first of {', '.join(LABELS)}"
    parser.add_argument("--label", default="", metavar="COLUMN", help=text)
    text = "of a table, the column with the paths of images, from the table's folder on"
    parser.add_argument("--image", default="", metavar="COLUMN", help=text)
