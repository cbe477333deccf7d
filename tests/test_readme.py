"""The README says what is so: its tables are those of the code, and its commands and files exist."""

import re

import pytest
import torch

from latentlab.__main__ import parser
from latentlab.cli.docs import PATH, models, readme_table
from latentlab.data import Kind, Spec
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, build
from latentlab.training.config import training_knobs
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
SHAPES = {"svhn": (3, 32, 32), "norb": (1, 32, 32)}  # of what is no MNIST-like image
TRAININGS = re.findall(r"^    python -m latentlab (train .*)$", SETTINGS, re.M)


def test_the_tables_are_those_of_the_code() -> None:
    assert readme_table() in README
    assert PATH.read_text(encoding="utf-8") == models()


def cells(row: str) -> list[str]:
    """The cells of a row of a Markdown table; an escaped bar is part of its cell."""
    return re.split(r"(?<!\\)\|", row)[1:-1]


@pytest.mark.parametrize("text", [README, models(), SETTINGS], ids=["README", "models", "settings"])
def test_every_row_of_a_table_has_as_many_cells_as_its_head(text: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", text + "\n", re.M)
    assert tables
    for table in tables:
        assert len({len(cells(row)) for row in table.splitlines()}) == 1, table.splitlines()[0]


def test_every_knob_of_every_model_is_in_the_tables() -> None:
    text = models()
    for name, model in MODELS.items():
        section = text.partition(f"### `{name}`")[2].partition("\n#")[0]
        assert [row for knob in knobs(model.Config) if (row := f"| `{knob.name}` |") not in section] == []


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


@pytest.mark.parametrize("line", TRAININGS, ids=[" ".join(line.split()[1:5]) for line in TRAININGS])
def test_every_training_of_the_settings_can_be_started(line: str) -> None:
    words = line.split()
    data, words[2] = words[2], "mnist"
    options = vars(parser().parse_args(words))
    kind = MODELS[options["model"]]
    config = from_dict(
        kind.Config, {k.name: options[k.name] for k in knobs(kind.Config) if options[k.name] is not None}
    )
    assert len(words) // 2 - 1 == sum(options[k.name] is not None for k in (*knobs(kind.Config), *training_knobs(kind)))
    with torch.device("meta"):
        model = build(options["model"], config, Spec(SHAPES.get(data, (1, 28, 28)), 10, Kind.IMAGE))
    assert model.size > 1e5
