"""Flags that several subcommands share; those of models come from their knobs."""

from __future__ import annotations

import argparse
from typing import Any

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
