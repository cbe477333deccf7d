"""Data of one's own in a real browser: uploaded, given roles, saved, trained on, traversed, reloaded, deleted."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from latentlab.data import Library
from latentlab.runs.store import Store
from tests.browser.conftest import Server, choose, settled


@pytest.fixture(scope="module")
def server(own_server: Server) -> Server:
    return own_server


def test_a_table_is_uploaded_and_trained_on(server: Server, page: Page) -> None:
    rows = [f"{k % 7},{k * k % 11 - 5},{k},{k % 5 / 3},{k % 3},{'uv'[k % 2]}" for k in range(60)]
    content = "\n".join(["a,b,c,d,e,kind", *rows]).encode()
    page.goto(server.url(""))
    page.get_by_role("link", name="Your data", exact=True).last.click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    settled(page)
    file: FilePayload = {"name": "bees.csv", "mimeType": "text/csv", "buffer": content}
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_text("60 vectors of 5 numbers.")).to_be_visible()
    choose(page, "What e is", "left out")
    expect(page.get_by_text("60 vectors of 4 numbers.")).to_be_visible()
    choose(page, "What e is", "vector")
    expect(page.get_by_text("60 vectors of 5 numbers.")).to_be_visible()
    choose(page, "What e is", "left out")
    expect(page.get_by_text("60 vectors of 4 numbers.")).to_be_visible()
    page.reload()
    settled(page)
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_text("60 vectors of 5 numbers.")).to_be_visible()
    choose(page, "Which column is the class?", "none")
    expect(page.get_by_text("2 classes: u, v.")).to_have_count(0)
    choose(page, "Which column is the class?", "kind")
    expect(page.get_by_text("2 classes: u, v.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("60 vectors of 5, 2 classes, from bees.csv")).to_be_visible()
    assert Library(server.runs / ".data").names() == ("bees",)
    settled(page)
    page.locator(".st-key-just-saved").get_by_role("link", name="Train on it").click()
    expect(page.get_by_role("combobox", name="Data", exact=True)).to_have_value("bees")

    field = page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(field).to_have_value("500")
    settled(page)
    field.fill("1")
    field.press("Enter")
    page.get_by_role("button", name="Start training", exact=True).click()
    expect(page.get_by_text("· 1 steps in")).to_be_visible()
    (run,) = [run for run in Store(server.runs).runs() if run.dataset == "bees"]
    assert run.classes == ("u", "v")
    settled(page)  # until then the link may be that of the run before
    page.get_by_role("link", name="Traverse it").click()
    expect(page.locator("canvas.plane")).to_be_visible()
    expect(page.locator("canvas.image")).to_be_visible()

    page.goto(server.url("your_data"))
    expect(page.locator(".st-key-ask-data-bees")).to_be_visible()
    settled(page)
    page.locator(".st-key-ask-data-bees").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".st-key-ask-data-bees")).to_have_count(0)
    assert Library(server.runs / ".data").names() == ()
    assert Store(server.runs).load(run.id)
