"""A row of a table in a real browser: by names and in the user's units, as the server would write it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from latentlab.analysis.columns import Columns, written
from latentlab.data import Kind, Library
from latentlab.figures.examples.choose import appearance
from latentlab.figures.examples.lanes import CARDS
from latentlab.figures.theme import LIGHT
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models import Decodes
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.components import EXAMPLES
from pages.shared.example_view import appearance_of
from tests.browser.conftest import Server, drawn, resting, settled
from tests.conftest import numbers_in

NAMES = ("weight (kg)", "<b>height</b> (m)", "salary")
SAID = re.compile("salary")
N = 80


@pytest.fixture
def run(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoredRun:
    """A VAE of a table, after an epoch."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(server.runs))
    rng, store = np.random.default_rng(0), Store(server.runs)
    table = rng.normal([70, 1.75, 3e4], [9, 0.1, 9e3], (N, 3))
    rows = [",".join([*(f"{v:.6g}" for v in row), "uv"[k % 2]]) for k, row in enumerate(table)]
    (tmp_path / "people.csv").write_text("\n".join([",".join([*NAMES, "class"]), *rows]))
    name = Library.default().add(tmp_path / "people.csv")
    job_id = queue.submit(store, "vae", name, {"hidden": 8, "z_dim": 2}, {"epochs": 1})
    list(perform(store, job_id))
    return StoredRun(store.read(job_id), store)


def numbers(said: str | None) -> list[float]:
    """Those of a row, after checking that each stands behind its name."""
    return [float((said or "").split(f"{name} ")[1].split(", ")[0].replace(",", "")) for name in NAMES]


def decoded(run: StoredRun, z: list[float]) -> list[float]:
    """The numbers of a place, as the server writes them."""
    model = run.model()
    assert isinstance(model, Decodes)
    with torch.no_grad():
        x = model.decode(torch.tensor([z]))[0].numpy()
    return numbers(", ".join(appearance_of(run).lines(x)))


def test_the_row_follows_the_place_in_the_users_units(run: StoredRun, server: Server, page: Page) -> None:
    page.goto(server.url(f"traversal?run={run.id}&z=1,-1"))
    canvas, said = page.locator("canvas.image"), "aria-label"
    expect(canvas).to_have_attribute(said, SAID)
    settled(page)
    np.testing.assert_allclose(numbers(canvas.get_attribute(said)), decoded(run, [1.0, -1.0]), rtol=5e-3)
    before = canvas.get_attribute(said)
    page.locator(".zero").click()
    expect(canvas).not_to_have_attribute(said, before or "")
    np.testing.assert_allclose(numbers(canvas.get_attribute(said)), decoded(run, [0.0, 0.0]), rtol=5e-3)
    page.locator(".tiles").check()
    drawn(page)


def test_the_pointer_shows_the_row_of_a_point(run: StoredRun, server: Server, page: Page) -> None:
    page.goto(server.url(f"clusters?run=data:{run.dataset}&metric=standardised"))
    settled(page)
    box = resting(page, page.locator("canvas.overlay"))
    tip = page.locator(".tip canvas")
    for k in range(400):  # across the map, line by line, until a point is near
        page.mouse.move(box["x"] + box["width"] * (k % 20 + 0.5) / 20, box["y"] + box["height"] * (k // 20 + 0.5) / 20)
        if tip.is_visible():
            break
    expect(tip).to_have_attribute("aria-label", SAID)
    found = numbers(tip.get_attribute("aria-label"))
    data = Library.default().open(run.dataset).splits
    own = torch.cat([part.x for part in data]).numpy()
    digits = 0.006 * np.ptp(own, 0)
    rows = np.concatenate(Library.default().open(run.dataset).rows)
    called = rows[(np.abs(own - found) <= digits).all(1)]  # by the row, without an id
    assert numbers_in(page.locator(".tip").inner_text())[0] in called


def test_a_number_is_written_as_on_the_server(page: Page) -> None:
    rng = np.random.default_rng(0)
    values, decimals = rng.normal(0, 10.0 ** rng.integers(-6, 9, 300)), rng.integers(-6, 7, 300)
    cases = list(zip(values.tolist(), decimals.tolist(), strict=True))
    source = EXAMPLES + "\nwindow.written = written;"
    page.set_content("<p></p>")
    page.add_script_tag(content=source)
    found = page.evaluate("cases => cases.map(([value, decimals]) => window.written(value, decimals))", cases)
    apart = [(a, b) for a, b in zip(found, (written(*case) for case in cases), strict=True) if a != b]
    assert len(apart) <= 3  # a five at the end may be rounded either way


def test_the_name_of_a_class_is_read_whole_above_its_bars(page: Page) -> None:
    """Before, one that was wider than its bars was cut off at their end."""
    classes = (
        "Bombus terrestris",
        "Apis mellifera carnica",
        "#12 Weißwein",
        "supercalifragilistic",
        " ".join(["long"] * 60),
    )
    x = np.random.default_rng(0).random((len(classes) + CARDS, 4), np.float32)
    titles = [*classes, *["u"] * CARDS]
    page.set_content(str(appearance(Kind.VECTOR, (4,), Columns.of(x)).sheet(x, len(x), LIGHT, "Examples", titles)))
    measured = (
        "all => all.map(one => [one.title, one.scrollWidth <= one.clientWidth, one.scrollHeight, one.clientHeight])"
    )
    found = page.locator("div[title]").evaluate_all(measured)
    assert [title for title, *_ in found] == titles
    assert all(fits for _, fits, *_ in found)
    line = found[-1][3]
    whole, longest = [*found[:4], *found[5:]], found[4]
    assert all(text <= shown <= 3 * line + 2 for *_, text, shown in whole)
    assert longest[2] > longest[3] <= 3 * line + 2
