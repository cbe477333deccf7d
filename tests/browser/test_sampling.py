"""Chains in a real browser: they are played, stepped, slowed and set back, and nothing is asked of the server."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocket, expect

from tests.browser.conftest import Server, choose, settled


def test_chains_are_played_stepped_and_set_back(server: Server, page: Page) -> None:
    sent: list[int] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(len(frame)))

    page.on("websocket", opened)
    page.goto(server.url("sampling?target=mixture&steps=1000"))
    host = page.locator(".chains[data-steps]")
    expect(host).to_be_visible()
    expect(host).to_have_attribute("data-t", re.compile(r"^([6-9]|\d\d+)$"))  # it plays by itself
    settled(page)
    page.get_by_role("button", name="Pause", exact=True).click()
    sent.clear()
    at = int(host.get_attribute("data-t") or 0)
    page.wait_for_timeout(600)
    assert host.get_attribute("data-t") == str(at)
    page.get_by_role("button", name="Step ›", exact=True).click()
    expect(host).to_have_attribute("data-t", str(at + 1))
    page.get_by_role("button", name="‹ Step", exact=True).click()
    expect(host).to_have_attribute("data-t", str(at))
    before = picture(page)
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(host).to_have_attribute("data-t", "0")
    assert picture(page) != before
    page.locator(".speed").fill("6")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(host).to_have_attribute("data-t", re.compile(r"^\d{3}$"))
    assert not sent


def test_the_legend_names_the_truth_and_the_paths_where_they_are_drawn(server: Server, page: Page) -> None:
    for target, shown in (("mixture", True), ("curve", False)):  # of the curve's density no plane can be drawn
        page.goto(server.url(f"sampling?target={target}&sampler=HMC&steps=50&chains=10"))
        expect(page.locator(".chains[data-steps='50']")).to_be_visible()
        expect(page.get_by_text("━ the truth")).to_be_visible(visible=shown)
        expect(page.locator(".legend .path")).to_be_visible(visible=shown)


def test_what_goes_wrong_with_another_model_shows_that_model(server: Server, page: Page) -> None:
    page.goto(server.url("sampling?run=mixture-dae"))
    expect(page.locator(".chains[data-steps]")).to_be_visible()
    settled(page)
    choose(page, "What goes wrong", "a spurious attractor")
    expect(page.get_by_role("combobox", name="Model")).to_have_value("Half-moons, a spurious attractor")
    expect(page.get_by_role("combobox", name="Sampler")).to_have_value("the model's own walk")
    expect(page).to_have_url(re.compile("run=moons-dae-spurious"))


def picture(page: Page) -> str:
    """What is drawn on the plane."""
    drawn: str = page.locator("canvas.plane").evaluate("c => c.toDataURL()")
    return drawn
