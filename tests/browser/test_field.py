"""The score field under a hand: a click looks at a place, a drag zooms, a network forms its field while one looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import Server


@pytest.fixture
def plane(server: Server, page: Page) -> FloatRect:
    """The field of the mixture, open; where its plane is on the screen."""
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.goto(server.url("field?run=mixture-dae"))
    expect(page.get_by_text(re.compile("median cosine"))).to_be_visible()
    drag = page.locator(".js-plotly-plot .nsewdrag").first
    expect(drag).to_be_visible()
    page.wait_for_timeout(1500)
    found = drag.bounding_box()
    assert found
    return found


def at(page: Page, name: str) -> list[float]:
    page.wait_for_function(f"() => new URLSearchParams(location.search).get('{name}') !== null")
    text: str = page.evaluate(f"() => new URLSearchParams(location.search).get('{name}')")
    return [float(part) for part in text.split(",")]


def test_a_click_looks_at_a_place(page: Page, plane: FloatRect) -> None:
    before = page.get_by_text(re.compile(r"^At \(")).inner_text()
    page.mouse.move(plane["x"] + 0.25 * plane["width"] - 3, plane["y"] + 0.75 * plane["height"])
    page.mouse.move(plane["x"] + 0.25 * plane["width"], plane["y"] + 0.75 * plane["height"])
    expect(page.locator(".hoverlayer").first).to_contain_text("(")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^At \("))).not_to_have_text(before)
    x, y = at(page, "at")
    assert x < -1
    assert y < -1


def test_a_drag_zooms_and_a_button_shows_all_again(page: Page, plane: FloatRect) -> None:
    page.get_by_text("zooms", exact=True).click()
    page.wait_for_timeout(2500)
    left, top = plane["x"] + 0.3 * plane["width"], plane["y"] + 0.3 * plane["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 0.2 * plane["width"], top + 0.2 * plane["height"], steps=8)
    page.mouse.up()
    box = at(page, "box")
    assert box[1] - box[0] == pytest.approx(box[3] - box[2], rel=1e-2)
    assert 0.5 < box[1] - box[0] < 4
    page.get_by_role("button", name="Show all of it").click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('box') === null")


def test_a_field_forms_while_one_looks(page: Page, plane: FloatRect) -> None:
    page.get_by_text("Live", exact=True).click()
    expect(page.get_by_text("Not trained yet: this is how it starts.")).to_be_visible()
    shafts = ".js-plotly-plot .gl-container, .js-plotly-plot canvas"
    expect(page.locator(shafts).first).to_be_attached()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile(r"[1-9][\d,]* of [\d,]+ steps"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert plane["width"] > 300
