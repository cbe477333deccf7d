"""`latentlab docs`: write the tables of models and knobs into docs/models.md and README.md."""

from __future__ import annotations

import argparse
import re

from latentlab.knobs import Knob, knobs
from latentlab.models import FAMILIES, MODELS, abilities, about, family, family_title
from latentlab.settings import ROOT
from latentlab.training.config import TrainConfig

PATH, README = ROOT / "docs" / "models.md", ROOT / "README.md"
TABLE = re.compile(r"\| model \| what it is \|\n(?:\|.*\n)+")  # in the README


def arguments(parser: argparse.ArgumentParser) -> None:
    """`docs` takes nothing."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 every command has the same signature
    """Write the tables of models and knobs into docs/models.md, and the short one of models into README.md."""
    PATH.write_text(models(), encoding="utf-8")
    before, after = TABLE.split(README.read_text(encoding="utf-8"), maxsplit=1)
    README.write_text(f"{before}{readme_table()}\n{after}", encoding="utf-8")
    return 0


def models() -> str:
    """Every model by family, with what it can do and its knobs, and the knobs of training: as Markdown."""
    parts = [
        "# Models and knobs\n\nWritten by `make docs`; `--help` of `python -m latentlab train <model>` says the same.\n"
    ]
    for folder in FAMILIES:
        kinds = [model for model in MODELS.values() if family(model) == folder]
        if kinds:
            parts.append(f"## {family_title(folder)}\n")
        for model in kinds:
            parts.append(f"### `{model.name}`: {model.title}\n\n{_cell(about(model))}.\n")
            parts.append(f"Abilities: {', '.join(abilities(model))}. Labels: {model.labels}.\n")
            parts.append(_table(knobs(model.Config)))
    parts.append("## Training\n\nOf a model that is fitted the seed alone matters.\n")
    parts.append(_table(knobs(TrainConfig)))
    return "\n".join(parts)


def readme_table() -> str:
    """The README's short table: every model and what it is."""
    rows = ["| model | what it is |", "|---|---|"]
    return "\n".join(rows + [f"| `{name}` | {_cell(about(model))} |" for name, model in MODELS.items()])


def _table(declared: tuple[Knob, ...]) -> str:
    rows = ["| knob | default | range | what it is |", "|---|---|---|---|"]
    for knob in declared:
        low_to_high = f"{knob.low:g} to {knob.high:g}" if knob.low is not None else "yes or no"
        among = " · ".join(knob.choices) or ("a word" if knob.pattern else low_to_high)
        rows.append(f"| `{knob.name}` | {knob.default} | {among} | {_cell(knob.help)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    """A text that a cell of a Markdown table shows whole."""
    return text.replace("|", "\\|")
