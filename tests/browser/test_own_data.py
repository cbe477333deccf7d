"""Data of one's own in a real browser: uploaded, kept, trained on, traversed, still there after a reload, deleted."""

from playwright.sync_api import Page, expect

from latentlab.data import Library
from latentlab.runs.store import Store
from tests.browser.conftest import Server, choose, settled


def test_a_table_is_uploaded_and_trained_on(server: Server, page: Page) -> None:
    rows = [f"{k % 7},{k * k % 11 - 5},{k},{k % 5 / 3},{k % 3},{'uv'[k % 2]}" for k in range(60)]
    content = "\n".join(["a,b,c,d,e,kind", *rows]).encode()
    page.goto(server.url("train"))
    own = page.locator(".st-key-own-data summary")
    expect(own).to_be_visible()
    settled(page)
    own.click()
    page.set_input_files("input[type=file]", {"name": "bees.csv", "mimeType": "text/csv", "buffer": content})
    expect(page.get_by_text("60 vectors of 5 numbers.")).to_be_visible()
    choose(page, "Label", "kind")
    expect(page.get_by_text("2 classes: u, v.")).to_be_visible()
    page.get_by_role("button", name="Save and choose", exact=True).click()
    expect(page.get_by_text("60 vectors of 5, 2 classes, from bees.csv")).to_be_visible()
    expect(page.get_by_role("combobox", name="Data", exact=True)).to_have_value("bees")
    assert Library(server.runs / ".data").names() == ("bees",)

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
    expect(page.locator("canvas.image")).to_have_attribute("width", "3")  # five numbers in two rows of three

    page.goto(server.url("train?dataset=bees"))
    expect(page.get_by_role("combobox", name="Data", exact=True)).to_have_value("bees")
    settled(page)
    own.click()
    page.locator(".st-key-ask-data-bees").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".st-key-ask-data-bees")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Data", exact=True)).to_have_value("digits")
    assert Store(server.runs).load(run.id)
