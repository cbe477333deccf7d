"""The score field under a hand: a click looks at a place, a drag zooms, a network forms its field while one looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import Server, drawn, parameter, resting, settled, until

DRAG = ".js-plotly-plot .nsewdrag"  # what Plotly lets the pointer drag on


@pytest.fixture
def plane(server: Server, page: Page) -> FloatRect:
    """The field of the mixture, open; where its plane is on the screen."""
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.goto(server.url("field?run=mixture-dae"))
    expect(page.get_by_text(re.compile("noisy data: median cosine"))).to_be_visible()
    return resting(page, page.locator(DRAG).first)


def at(page: Page, name: str) -> list[float]:
    return [float(part) for part in parameter(page, name).split(",")]


def test_a_click_looks_at_a_place(page: Page, plane: FloatRect) -> None:
    before = page.get_by_text(re.compile(r"^At \(")).inner_text()
    left, top = plane["x"] + 0.25 * plane["width"], plane["y"] + 0.75 * plane["height"]
    where = page.locator(".hoverlayer").first

    def told() -> bool:
        """Whether the pointer is told where it is, having come in one leap: on a second move it is told late, and
        Plotly takes no click in between.
        """
        page.mouse.move(plane["x"] - 60, top)
        expect(where).not_to_contain_text("(")
        page.mouse.move(left, top)
        drawn(page)
        return "(" in (where.text_content() or "")

    until(page, told)
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^At \("))).not_to_have_text(before)
    x, y = at(page, "at")
    assert x < -1
    assert y < -1


@pytest.mark.usefixtures("plane")
def test_a_drag_zooms_and_a_button_shows_all_again(page: Page) -> None:
    page.get_by_text("zooms", exact=True).click()
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')?._fullLayout?.dragmode === 'select'")
    plane = resting(page, page.locator(DRAG).first)  # drawn anew
    left, top = plane["x"] + 0.3 * plane["width"], plane["y"] + 0.3 * plane["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 0.2 * plane["width"], top + 0.2 * plane["height"], steps=8)
    page.mouse.up()
    box = at(page, "box")
    assert box[1] - box[0] == pytest.approx(box[3] - box[2], rel=1e-2)
    assert 0.5 < box[1] - box[0] < 4
    page.get_by_role("button", name="Show all of it", exact=True).click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('box') === null")


@pytest.mark.usefixtures("plane")
def test_a_field_forms_while_one_looks(page: Page) -> None:
    page.get_by_text("Live", exact=True).click()
    expect(page.locator(".st-key-live-start")).to_be_visible()
    shafts = ".js-plotly-plot .gl-container, .js-plotly-plot canvas"
    expect(page.locator(shafts).first).to_be_attached()
    settled(page)
    page.get_by_role("button", name="Knobs of the network", exact=True).click()
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("10000")  # more than any machine gets done before it is stopped
    epochs.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile(r"[1-9][\d,]* of 160,000 steps"))).to_be_visible()
    stop = page.locator(".st-key-live-stop").get_by_role("button")  # Streamlit shows one of the same name as it runs
    stop.click()
    expect(stop).to_have_count(0)
