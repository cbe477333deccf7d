"""A model of few labels is trained and followed on its page."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, parameter, settled


def test_a_model_of_six_labels_is_watched_as_it_learns(server: Server, page: Page) -> None:
    page.goto(server.url("few_labels"))
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(page.get_by_role("spinbutton", name="Labels", exact=True)).to_have_value("6")
    settled(page)
    epochs.fill("3")
    epochs.press("Enter")
    expect(page.get_by_text(re.compile(r"\b3 epochs\b.*\b3 s\b"))).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True).click()
    parameter(page, "learning")
    expect(page.get_by_text(re.compile(r"\d%.*\b6 labels\b"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"^a, .*\d%"))).to_be_visible()  # the auxiliary variable, a share of it in sight
    for key in ("latent-space", "surface"):
        expect(page.locator(f".st-key-{key} .js-plotly-plot").first).to_be_visible()
    for name in ("linear classifier", "MLP"):
        expect(page.locator(".js-plotly-plot text", has_text=name).first).to_be_visible()
    page.get_by_role("link", name="Open it here").click()
    expect(page.get_by_text(re.compile(r"\d%.*\b6 labels\b"))).to_be_visible()
