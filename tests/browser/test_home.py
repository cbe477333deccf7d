"""Runs are deleted one at a time, however often the button is pressed, and come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from tests.browser.conftest import Server, resting, settled, until


@pytest.fixture(scope="module")
def server(own_server: Server) -> Server:
    return own_server


@pytest.fixture
def three(server: Server) -> list[str]:
    """Runs of the visitor's own, newest first."""
    store = Store(server.runs)
    ids: list[str] = []
    for k in range(3):
        job_id = queue.submit(store, "vae", "moons", {"hidden": 8}, {"epochs": 1, "batch_size": 5_000}, f"Mine {k}")
        list(perform(store, job_id))
        ids.insert(0, job_id)
    return ids


def left(server: Server) -> set[str]:
    return {path.parent.name for path in server.runs.glob("[!.]*/run.json")}


def with_first_row(page: Page, server: Server) -> Locator:
    """The table of runs, with the box of its first row ticked."""
    page.goto(server.url())
    table = page.locator("[data-testid=stDataFrame]").first
    expect(table).to_be_visible()
    table.scroll_into_view_if_needed()
    settled(page)
    table.click(position={"x": 18, "y": 35 + 17})  # the box of the first row
    return table


def test_a_double_click_deletes_one_run_and_undo_brings_it_back(page: Page, server: Server, three: list[str]) -> None:
    table = with_first_row(page, server)
    ask = page.get_by_role("button", name="Delete", exact=True)
    expect(ask).to_be_visible()
    settled(page)
    ask.click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Mine 2")
    question.get_by_role("button", name="Delete", exact=True).dblclick()
    expect(question).to_be_hidden()
    settled(page)
    assert left(server) == set(three[1:])
    expect(ask).to_have_count(0)  # nothing is selected
    page.get_by_role("button", name="Undo", exact=True).click()
    until(page, lambda: left(server) == set(three))
    settled(page)
    resting(page, table)  # what undoes the deletion is gone from above it
    table.click(position={"x": 18, "y": 35 + 34 + 17})  # a second row, then a third beside it
    expect(ask).to_be_visible()
    settled(page)
    table.click(position={"x": 18, "y": 35 + 2 * 34 + 17})
    expect(page.get_by_role("region", name="Where the runs differ")).to_be_visible()
    settled(page)
    ask.click()
    for title in ("Mine 1", "Mine 0"):
        expect(question).to_contain_text(title)


def test_a_run_is_downloaded_and_imported_by_another_visitor(
    page: Page, server: Server, three: list[str], tmp_path: Path
) -> None:
    with_first_row(page, server)
    page.get_by_text("Details", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "run.zip")
    before = Store(server.runs).load(three[0]).state_dict()
    shutil.rmtree(server.runs / three[0])
    page.goto(server.url())
    page.get_by_text("Import a run", exact=True).click()
    page.locator(".st-key-import input[type=file]").set_input_files(tmp_path / "run.zip")
    page.get_by_role("button", name="Import it", exact=True).click()
    until(page, lambda: three[0] in left(server))
    after = Store(server.runs).load(three[0]).state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()  # it is selected
