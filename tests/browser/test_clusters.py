"""The map under a hand: hover, click, select, zoom, and nothing large sent twice."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FloatRect, Page, WebSocket, expect

from tests.browser.conftest import Server, choose, click_in_menu, count, drawn, parameter, resting, settled, until

INKED = """(canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, k) => k % 4 === 3 && value).length / (pixels.length / 4);
}"""  # the share of a canvas that is drawn on


@pytest.fixture
def box(server: Server, page: Page) -> FloatRect:
    """The map of the two-dimensional VAE, open; where it is on the screen."""
    page.goto(server.url("clusters"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    page.wait_for_function("() => window.latentlab?.sprites?.size")
    return resting(page, page.locator("canvas.overlay"))


def test_hovering_shows_an_example_and_asks_nothing_of_the_server(page: Page, box: FloatRect) -> None:
    count(page)
    seen = set()
    for step in range(25):
        page.mouse.move(box["x"] + box["width"] * (0.3 + 0.016 * step), box["y"] + box["height"] * 0.5)
        drawn(page)
        if page.locator(".tip").is_visible():
            seen.add(
                page.locator(".tip canvas").evaluate("c => c.getContext('2d').getImageData(0,0,28,28).data.join()")
            )
    assert len(seen) > 3
    assert page.evaluate("window.asked") == 0


def test_a_click_shows_the_point_and_arrows_step_to_the_next(page: Page, box: FloatRect) -> None:
    for step in range(12):  # until a point lies under the pointer
        page.mouse.move(box["x"] + box["width"] * (0.4 + 0.02 * step), box["y"] + box["height"] * 0.5)
        drawn(page)
        if page.locator(".tip").is_visible():
            break
    expect(page.locator(".tip")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    distances = page.locator("figcaption").filter(has_text=re.compile(r"^1 · "))
    expect(distances).to_be_visible()
    before = distances.inner_text()
    page.locator("canvas.overlay").press("ArrowRight")
    expect(distances).not_to_have_text(before)


def test_an_empty_place_is_decoded(page: Page, box: FloatRect) -> None:
    page.mouse.click(box["x"] + 25, box["y"] + box["height"] - 25)
    expect(page.get_by_text(re.compile(r"-?\d\.\d\d, -?\d\.\d\d:"))).to_be_visible()
    expect(page.get_by_alt_text("The point, decoded")).to_be_visible()


def test_a_lasso_selects_and_the_base_is_not_sent_again(server: Server, page: Page) -> None:
    received: list[int] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page.on("websocket", opened)
    page.goto(server.url("clusters"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    box = resting(page, page.locator("canvas.overlay"))
    received.clear()
    page.get_by_role("button", name="Lasso", exact=True).click()
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((150, 0), (180, 120), (0, 150)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"\d+ selected"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("selected examples"))).to_be_visible()
    settled(page)
    assert 0 < sum(received) < 60_000
    page.get_by_role("button", name="Deselect", exact=True).click()
    expect(page.get_by_alt_text(re.compile("selected examples"))).to_have_count(0)


def test_a_class_can_be_hidden(page: Page, box: FloatRect) -> None:  # noqa: ARG001 the map is open
    chip = page.locator(".chips button").first
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_what_is_selected_on_one_map_is_selected_on_the_other(server: Server, page: Page) -> None:
    page.goto(server.url("clusters"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    choose(page, "Compare with", "before training")
    maps = page.locator(".scatter[data-n]")
    expect(maps).to_have_count(2)
    box = resting(page, maps.nth(1).locator("canvas.overlay"))
    maps.nth(1).get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.35)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.65, box["y"] + box["height"] * 0.65, steps=4)
    page.mouse.up()
    count = maps.nth(1).locator(".count")
    expect(count).to_have_text(re.compile(r"\d+ selected"))
    expect(maps.nth(0).locator(".count")).to_have_text(count.inner_text())
    expect(page.get_by_alt_text(re.compile("selected examples"))).to_be_visible()


def test_a_selection_survives_a_reload_another_page_and_a_second_map(page: Page, box: FloatRect) -> None:
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    word, count = parameter(page, "selected"), page.locator(".scatter .count")
    chosen = count.first.inner_text()
    assert re.fullmatch(r"[\d,]+ selected", chosen)
    page.reload()
    expect(count).to_have_text(chosen)
    expect(page.get_by_alt_text(re.compile("selected examples"))).to_be_visible()
    settled(page)
    click_in_menu(page, "Train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    settled(page)
    click_in_menu(page, "Clusters")
    expect(count).to_have_text(chosen)
    assert parameter(page, "selected") == word
    choose(page, "Compare with", "before training")
    expect(count).to_have_text([chosen, chosen])


def test_points_glide_to_where_another_map_has_them(server: Server, page: Page) -> None:
    def seen() -> NDArray[np.int16]:
        """The pixels of the points; compositing is good to a gray level."""
        with Image.open(io.BytesIO(page.locator("canvas.points").screenshot(animations="disabled"))) as image:
            return np.asarray(image.convert("RGB"), np.int16)

    def away(expected: NDArray[np.int16]) -> int:
        now = seen()
        return int(np.abs(now - expected).max()) if now.shape == expected.shape else 255

    page.goto(server.url("clusters?run=mnist-vae-20d&method=Directions"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    resting(page, page.locator("canvas.points"))
    expected = seen()
    assert expected.std() > 5  # there are points
    page.get_by_text("PCA", exact=True).click()
    expect(page.locator("input[value^=PC1]")).to_be_visible()
    until(page, lambda: away(expected) > 50)
    page.get_by_text("Directions", exact=True).click()
    expect(page.locator("input[value^=PC1]")).to_have_count(0)
    until(page, lambda: away(expected) <= 2)


def test_the_least_typical_are_within_the_first_screen(page: Page, box: FloatRect) -> None:  # noqa: ARG001 it is open
    page.set_viewport_size({"width": 1400, "height": 900})
    listed = page.locator(".st-key-outliers")
    expect(listed).to_be_in_viewport(ratio=1)
    listed.locator("label").first.click()
    expect(page.locator("[data-testid=stDataFrame]").first).to_be_in_viewport()


def test_a_clicked_point_is_shown_beside_a_wide_map_on_the_first_screen(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(server.url("clusters?clicked=7&images=true"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    settled(page)
    page.reload()  # who comes for the first time reads what to try above it
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    expect(page.locator("figcaption").filter(has_text=re.compile(r"^8 · "))).to_be_visible()
    box = resting(page, page.locator("canvas.overlay"))
    page.evaluate("scrollTo(0, 0)")
    content = page.get_by_test_id("stMainBlockContainer").evaluate(
        "(e) => e.clientWidth - 2 * parseFloat(getComputedStyle(e).paddingLeft)"
    )
    assert box["width"] >= 2 / 3 * content
    for found in page.locator("figure").all():
        figure = found.bounding_box()
        assert figure
        assert figure["x"] >= box["x"] + box["width"]
        assert figure["y"] + figure["height"] <= 900
    until(page, lambda: page.locator("canvas.overlay").evaluate(INKED) > 0.04)  # the examples themselves
    page.set_viewport_size({"width": 1920, "height": 1080})
    grown = resting(page, page.locator("canvas.overlay"))
    assert grown["width"] > 1.3 * box["width"]
    assert grown["height"] > 1.2 * box["height"]


def test_the_snapshots_are_played_to_the_end(server: Server, page: Page) -> None:
    page.goto(server.url("clusters?run=digits-vae&epoch=0"))
    expect(page.locator(".scatter[data-n]")).to_be_visible()
    settled(page)
    play = page.locator("button.play")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => Number(new URLSearchParams(location.search).get('epoch')) > 0")
    page.wait_for_function("() => !new URLSearchParams(location.search).has('epoch')")
    expect(play).to_have_attribute("aria-pressed", "false")
