"""What users name is shown as they wrote it: no page takes a title or a class for markup, or for an image to fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message  # type: ignore[import-untyped]
from streamlit.testing.v1.element_tree import Block, Node

from latentlab.data import Library
from latentlab.export.csv_text import csv_text
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from pages.shared.text import plain
from tests.conftest import ROOT
from tests.pages.conftest import Open
from tests.pages.test_every_page import PAGES

HOSTILE = "![x](http://evil.test/a.png) <img src=x onerror=1> $x$ :red[x] **b** `c` _d_ ~~e~~ #f"
RAW = re.compile(r"(?<!\\)(!\[x\]|\]\(http|<img|\$x|:red\[x|\*\*b|`c|~~e)")
TAG = re.compile(r"<img src=x")  # what HTML takes for markup; the rest is no markup there
MARKDOWN = {
    "body",
    "label",
    "help",
    "tooltip",
    "caption",
    "content",
    "text",
}  # fields that may be it
PLAIN = {"selectbox", "multiselect", "text_input"}  # whose options and values are shown as they are
VIEWS: list[tuple[str, dict[str, str]]] = [
    *((page, {}) for page in PAGES),
    ("traversal", {"live": "false"}),
    ("traversal", {"detail": "Paths"}),
    ("traversal", {"detail": "Diagnosis"}),
    ("clusters", {"detail": "How far to trust it"}),
    ("clusters", {"detail": "Classes"}),
]


@pytest.fixture
def named(app_store: Store, tmp_path: Path) -> str:
    """A run whose title, classes and columns are markup."""
    rng = np.random.default_rng(0)
    labels = np.array([f"{HOSTILE} {k % 2}" for k in range(60)])
    np.savez(
        tmp_path / "own.npz",
        x=rng.integers(0, 256, (60, 8, 8), np.uint8),
        y=labels,
        allow_pickle=False,
        **{HOSTILE[:8]: labels},
    )
    name = Library.default().add(tmp_path / "own.npz")
    for kind in ("vae", "m2"):
        job_id = queue.submit(app_store, kind, name, {"hidden": 8}, {"epochs": 1})
        path = app_store.folder(job_id) / "job.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"title": HOSTILE}))
        list(perform(app_store, job_id))
    return job_id


def written(node: Node) -> Iterator[tuple[str, str, str]]:
    """The type of an element, the field, and its text, for everything that may be Markdown."""
    proto: Any = getattr(node, "proto", None)
    if isinstance(proto, Message):
        yield from ((node.type, name, text) for name, text in fields(proto) if name in MARKDOWN)
    for child in node.children.values() if isinstance(node, Block) else ():
        yield from written(child)


def fields(message: Message) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from fields(one)
            elif isinstance(one, str):
                yield field.name, one


@pytest.mark.training
@pytest.mark.parametrize("page_and_view", VIEWS, ids=str)
def test_no_page_takes_a_name_for_markup(
    opened: Open, named: str, app_store: Store, page_and_view: tuple[str, dict[str, str]]
) -> None:
    page, view = page_and_view
    for run in app_store.runs():
        if run.title == HOSTILE:
            app = opened(page, **view, run=run.id)
            assert not app.exception, app.exception
            found = [one for one in written(app._tree) if one[0] not in PLAIN]
            assert not [one for one in found if (TAG if one[0] == "html" else RAW).search(one[2])]
    assert named


def test_plain_text_reads_as_it_was_written() -> None:
    assert not RAW.search(plain(HOSTILE))
    assert re.sub(r"\\(.)", r"\1", plain(HOSTILE)) == HOSTILE
    assert plain("MNIST, 20-D (σ = 0.1): a_b") == "MNIST, 20-D (σ = 0.1): a_b"


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\tx", "\rx"])
def test_text_in_a_table_is_no_formula(cell: str) -> None:
    assert csv_text([[cell]]).strip().strip('"') == f"'{cell}".strip()


@pytest.mark.parametrize("cell", ["-1.5", "+2", "-1e-9", "a=b", "", "1"])
def test_numbers_in_a_table_stay_numbers(cell: str) -> None:
    assert csv_text([[cell, "x"]]) == f"{cell},x\n"


def test_tables_for_people_are_all_written_alike() -> None:
    """What a run keeps of itself, and a table that ships, are read again by name: these alone are written otherwise."""
    own = {"latentlab/export/csv_text.py", "latentlab/serialization.py", "latentlab/experiments/score_tables.py"}
    sources = [path for folder in ("latentlab", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert {str(path.relative_to(ROOT)) for path in sources if re.search(r"csv\.\w*[wW]riter", path.read_text())} == own
