"""Flags that several subcommands share; those of models come from their knobs."""

from __future__ import annotations

import argparse
from typing import Any

from latentlab.knobs import Knob, KnobError


def add_knob(parser: Any, knob: Knob, several: bool = False) -> None:
    """One flag for a knob: checked as the form and the run's file are.

    Args:
        parser: of the subcommand, or a group of it.
        knob: what the flag sets.
        several: it takes values separated by commas, which become a tuple.
    """

    def parse(text: str) -> object:
        try:
            return tuple(knob.parse(part) for part in text.split(",")) if several else knob.parse(text)
        except KnobError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    bounds = f" ({knob.low:g} to {knob.high:g})" if knob.low is not None and knob.high is not None else ""
    parser.add_argument(
        f"--{knob.name}",
        type=parse,
        **({"nargs": "?", "const": (True,) if several else True} if knob.type is bool else {}),
        metavar=("|".join(knob.choices) or knob.type.__name__) + ("[,…]" if several else ""),
        help=f"{knob.help}{bounds}; default {knob.default}",
    )
