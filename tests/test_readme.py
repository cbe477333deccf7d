"""The README says what is so: its tables are those of the code, and its commands and files exist."""

import re

from latentlab.knobs import knobs
from latentlab.models import MODELS, abilities, about
from latentlab.training.loop import TrainConfig
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def knob_table() -> str:
    """A row for each knob: where it belongs, its name, default, range and help."""
    rows = ["| of | knob | default | range | what it is |", "|---|---|---|---|---|"]
    owners = [(name, model.Config) for name, model in MODELS.items()] + [("training", TrainConfig)]
    seen: dict[str, list[str]] = {}
    for owner, config in owners:
        for knob in knobs(config):
            reach = " · ".join(knob.choices) or (
                f"{knob.low:g} to {knob.high:g}" if knob.low is not None else "yes or no"
            )
            seen.setdefault(f"`{knob.name}` | {knob.default} | {reach} | {knob.help} |", []).append(owner)
    return "\n".join(rows + [f"| {', '.join(owners)} | {row}" for row, owners in seen.items()])


def ability_table() -> str:
    """A row for each model: its name, what it is, and what it can do."""
    rows = ["| model | what it is | abilities |", "|---|---|---|"]
    for name, model in MODELS.items():
        rows.append(f"| `{name}` | {about(model)} | {', '.join(abilities(model))} |")
    return "\n".join(rows)


def test_the_tables_are_those_of_the_code() -> None:
    assert knob_table() in README
    assert ability_table() in README


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"\]\(([\w./-]+)\)", README)) | set(
        re.findall(r"^    ([\w./]+\.\w+|[\w./]+/) ", README, re.M)
    )
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"`make (\w+)`|^    make (\w+)", README, re.M))
    assert named
    assert {a or b for a, b in named} <= targets
