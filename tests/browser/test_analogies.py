"""A row of analogies under a hand: all its cells follow a slider without asking the server, and are PyTorch's."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from latentlab import device
from latentlab.data import Kind, load, to_bytes
from latentlab.models import Spec
from latentlab.models.semi_supervised.sdgm import SDGM
from latentlab.models.vae.cvae import CVAE
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store
from tests.browser.conftest import Server, choose, click_in_menu, count, drawn, parameter, resting, settled

PIXELS = """(image) => {
  const {data} = image.getContext('2d').getImageData(0, 0, image.width, image.height);
  return Array.from(data.filter((_, i) => i % 4 === 0));
}"""


@pytest.mark.parametrize("kind", [CVAE, SDGM])  # a decoder of one network, and one of two
def test_a_dragged_row_follows_and_tells_the_server_when_it_is_let_go(
    server: Server, page: Page, kind: type[CVAE] | type[SDGM]
) -> None:
    test = load("digits").test
    model = kind(kind.Config(z_dim=3, hidden=32), Spec((1, 8, 8), 10, Kind.IMAGE))  # type: ignore[arg-type]
    initialise(model, device.generator(0))
    with torch.no_grad():
        next(model.p_x.inputs.parameters()).mul_(8)
    config = {"z_dim": 3, "hidden": 32}
    run = Run(
        f"told-{kind.name}", "Told", kind.name, "digits", config, {}, (1, 8, 8), test.classes, 1, 1.0,
        "2026-01-01T00:00:00+00:00", model.size, Kind.IMAGE,
    )  # fmt: skip
    Store(server.runs, SHIPPED).save(run, model, [], test)
    page.goto(server.url(f"analogies?run={run.id}&styles=Prior"))
    expect(page.locator(".row[data-runs=browser]")).to_be_visible()
    cells, slider = page.locator(".row canvas.cells"), page.locator(".row input[type=range]").first
    expect(page.get_by_alt_text("A row for each style, a column for each class")).to_be_visible()
    resting(page, cells)
    count(page)
    before = cells.evaluate(PIXELS)
    slider.evaluate("(range) => { range.value = 2; range.dispatchEvent(new Event('input', {bubbles: true})); }")
    drawn(page)
    shown = np.array(cells.evaluate(PIXELS)).reshape(8, 80)
    assert page.evaluate("window.asked") == 0
    assert np.abs(shown - np.array(before).reshape(8, 80)).max() > 20
    slider.evaluate("(range) => range.dispatchEvent(new Event('change', {bubbles: true}))")
    code = [float(value) for value in parameter(page, "z").split(",")]
    assert 2.0 in code
    with torch.no_grad():
        decoded = to_bytes(model.decode(torch.tensor([code]).repeat(10, 1), torch.arange(10)))[:, 0]
    np.testing.assert_allclose(shown, np.hstack(list(decoded)), atol=4)  # the address has two decimals
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page).not_to_have_url(re.compile("[?&]z="))
    drawn(page)
    assert cells.evaluate(PIXELS) == before


def test_a_row_follows_after_a_map_was_looked_at(server: Server, page: Page) -> None:
    """What the components share in the browser is the map's first, then the decoder's too."""
    page.goto(server.url("clusters?run=digits-m2"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    settled(page)
    click_in_menu(page, "Analogies")
    choose(page, "Model", "Digits, class and style")
    expect(page.locator(".row[data-runs=browser]")).to_be_visible()
    cells, slider = page.locator(".row canvas.cells"), page.locator(".row input[type=range]").first
    resting(page, cells)
    before = cells.evaluate(PIXELS)
    slider.evaluate("(range) => { range.value = 2.5; range.dispatchEvent(new Event('input', {bubbles: true})); }")
    drawn(page)
    assert cells.evaluate(PIXELS) != before
