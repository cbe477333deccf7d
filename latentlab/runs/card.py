"""The card of a run: what it is, on what data, its numbers and how to open it, as Markdown for whoever gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from latentlab.models import about
from latentlab.runs.run import Run


def card(run: Run, snapshots: Sequence[int], n_examples: int) -> str:
    """The text of README.md beside an exported run.

    Args:
        run: which one.
        snapshots: the epochs after which its parameters were saved too.
        n_examples: how many test examples are saved with it.
    """
    classes = f", {len(run.classes):,} classes" if run.classes else ""
    epochs = ", ".join(map(str, snapshots)) or "none"
    parts = [
        f"# {_line(run.title)}",
        f"{about(run.kind)}.",
        _line(run.note),
        "| what | |\n|---|---|",
        _rows(
            {
                "model": f"`{run.model}`, {run.size:,} parameters",
                "data": f"{_line(run.dataset)}: {run.data_kind} of shape {tuple(run.shape)}{classes}",
                "trained": f"{run.steps:,} steps in {run.seconds:,.0f} s, finished {run.created}",
                "snapshots after epochs": epochs,
                "saved test examples": f"{n_examples:,}",
                "id": f"`{run.id}`",
            }
        ),
        "## On test examples",
        "| term | value | unit |\n|---|---|---|",
        "\n".join(f"| {_line(n)} | {value:.6g} | {run.unit(n)} |" for n, value in run.metrics.items()),
        "## Settings",
        "| knob | value |\n|---|---|",
        _rows({f"`{name}`": _line(str(value)) for name, value in (*run.config.items(), *run.train.items())}),
        "## How to open it",
        "With LatentLab installed, where this zip lies:",
        f"    latentlab import {run.id}.zip\n    latentlab app",
        "or in Python, after the import:",
        "    from latentlab.runs.store import Store\n\n"
        f'    model = Store.default().load("{run.id}")\n    examples = Store.default().examples("{run.id}")',
        "`run.json` is text, the `.csv` are tables, the `.safetensors` are arrays by name: other programs read them "
        "too, and none of them can run code.",
    ]
    text = "\n\n".join(part for part in parts if part)
    return text.replace("|\n\n|", "|\n|") + "\n"


def _rows(values: Mapping[str, Any]) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in values.items())


def _line(text: str) -> str:
    """Text on one line that a cell of a table shows whole."""
    return " ".join(text.split()).replace("|", "\\|")
