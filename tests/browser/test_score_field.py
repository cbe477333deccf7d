"""The score field by mouse and keyboard: a click inspects, a drag zooms or paints, a network learns while one looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Page, expect

from pages.score_field.own_points import MOST_BYTES, START
from pages.shared.packed import unpack
from tests.browser.conftest import Server, parameter, resting, settled, until

LEFT, EDGE = 44, 8  # pixels about the plane, which has equal scales


@pytest.fixture
def plane(server: Server, page: Page) -> FloatRect:
    """The field of the mixture, open; where its plane is on the screen."""
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.goto(server.url("field?run=mixture-dae"))
    expect(page.get_by_text(re.compile("noisy data: median cosine"))).to_be_visible()
    return where(page)


def where(page: Page) -> FloatRect:
    return resting(page, page.locator(".plane .overlay"))


def pixel(page: Page, box: FloatRect, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a place of the plane is."""
    said = page.locator(".plane").get_attribute("data-box") or ""
    x0, x1, y0, y1 = (float(part) for part in said.split(","))
    unit = min((box["width"] - LEFT - EDGE) / (x1 - x0), (box["height"] - 24 - EDGE) / (y1 - y0))
    left = LEFT + (box["width"] - LEFT - EDGE - unit * (x1 - x0)) / 2
    top = EDGE + (box["height"] - 24 - EDGE - unit * (y1 - y0)) / 2
    return box["x"] + left + (x - x0) * unit, box["y"] + top + (y1 - y) * unit


def at(page: Page, name: str) -> list[float]:
    return [float(part) for part in parameter(page, name).split(",")]


def test_a_place_is_inspected_by_a_click_and_by_keys(page: Page, plane: FloatRect) -> None:
    before = page.get_by_text(re.compile(r"^At \(")).inner_text()
    page.mouse.move(*pixel(page, plane, -2.0, -0.5))
    expect(page.locator(".plane .status")).to_have_text(re.compile(r"^\(−2.*score"))
    page.mouse.down()
    page.mouse.up()
    assert at(page, "at") == pytest.approx([-2.0, -0.5], abs=0.05)
    expect(page.get_by_text(re.compile(r"^At \("))).not_to_have_text(before)
    settled(page)
    page.locator(".plane .overlay").focus()
    for key in ("ArrowRight", *["ArrowRight"] * 5, " "):  # the first key shows where the cursor is
        page.keyboard.press(key)
    until(page, lambda: at(page, "at")[0] > -1.5)
    assert at(page, "at")[1] == pytest.approx(-0.5, abs=0.05)


def test_a_drag_zooms_and_a_button_shows_all_again(page: Page, plane: FloatRect) -> None:
    page.get_by_text("zooms", exact=True).click()
    expect(page.locator(".plane .overlay")).to_have_attribute("data-drag", "box")
    plane = where(page)
    page.mouse.move(*pixel(page, plane, -1.0, 1.0))
    page.mouse.down()
    page.mouse.move(*pixel(page, plane, 1.0, -1.0), steps=8)
    page.mouse.up()
    assert at(page, "box") == pytest.approx([-1, 1, -1, 1], abs=0.05)
    page.get_by_role("button", name="Show all of it", exact=True).click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('box') === null")


def test_the_plane_is_as_large_as_its_column_and_no_higher_than_the_window(page: Page, plane: FloatRect) -> None:
    assert plane["width"] > 0.9 * 2 / 3 * 0.88 * 1280
    for width, height, least in ((1920, 1080, 800), (900, 800, 400), (400, 800, 330)):
        page.set_viewport_size({"width": width, "height": height})
        box = where(page)
        assert box["width"] >= least
        assert box["width"] == pytest.approx(box["height"], abs=2)  # as the box of the data is
        assert box["height"] < height
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_points_are_painted_by_dragging(page: Page, server: Server) -> None:
    page.goto(server.url("field?run=mixture-dae"))
    page.get_by_role("radio", name="my points", exact=True).click()
    expect(page.locator(".plane .overlay")).to_have_attribute("data-drag", "points")
    box = where(page)
    for y in (1.0, -1.0):
        page.mouse.move(*pixel(page, box, -1.0, y))
        page.mouse.down()
        page.mouse.move(*pixel(page, box, 1.0, y), steps=30)
        page.mouse.up()

    def painted() -> list[list[float]]:
        content = unpack(parameter(page, "points"), MOST_BYTES) or b""
        lines = content.decode().removeprefix(START).strip().split("\n")
        return [[float(part) for part in line.split(",")] for line in lines]

    until(page, lambda: {round(y, 1) for _, y in painted()} == {1.0, -1.0})
    assert 20 < len(painted()) < 120
    assert min(x for x, _ in painted()) == pytest.approx(-1, abs=0.05)
    page.get_by_role("button", name="Undo", exact=True).click()
    until(page, lambda: {round(y, 1) for _, y in painted()} == {1.0})


@pytest.mark.usefixtures("plane")
def test_a_field_forms_while_one_looks(page: Page) -> None:
    page.get_by_text("train now", exact=True).click()
    expect(page.locator(".st-key-live-start")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Knobs of the network", exact=True).click()
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("10000")  # more than any machine gets done before it is stopped
    epochs.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text(re.compile(r"[1-9][\d,]* of 160,000 steps"))).to_be_visible()
    stop = page.locator(".st-key-live-stop").get_by_role("button")  # Streamlit shows one of the same name as it runs
    stop.click()
    expect(stop).to_have_count(0)
    expect(page.locator(".st-key-live-frame")).to_be_visible()  # what it was can be looked back at
