"""The picture of the probes under a hand: a click on a node looks at its layer, and the address says so."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server, address, parameter, resting


def test_a_click_on_a_node_chooses_its_layer_and_the_link_opens_it_again(server: Server, page: Page) -> None:
    page.goto(server.url("probes?run=digits-cnn"))
    plot = page.locator(".js-plotly-plot").first
    expect(plot).to_be_visible()
    full = page.get_by_text(re.compile(r"^1,257\D+\b360\b\D+\b3 seeds"))
    expect(full).to_be_visible(timeout=2 * PATIENCE)  # it comes without a click
    expect(page.locator(".st-key-cancel-probes")).to_have_count(0, timeout=2 * PATIENCE)
    resting(page, plot)
    box = page.evaluate(
        """() => {
          const plot = document.querySelector('.js-plotly-plot'), frame = plot.getBoundingClientRect();
          const { xaxis2: x, yaxis2: y } = plot._fullLayout;
          return [frame.left + x._offset + x.d2p(3), frame.top + y._offset + y.d2p(0)];
        }"""
    )
    page.mouse.click(*box)
    expect(page.get_by_text("MaxPool2d 16×4×4")).to_be_visible()
    assert parameter(page, "layer") == "conv1_pool"
    page.goto(address(page))
    expect(page.get_by_text("MaxPool2d 16×4×4")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
