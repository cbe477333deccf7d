"""The growing image under a hand: a click, a step, a key and the player choose a pixel, and the page follows."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, resting


def test_a_pixel_is_chosen_by_a_click_a_step_and_a_key_and_the_image_plays_to_its_end(
    server: Server, page: Page
) -> None:
    page.goto(server.url("pixels?run=digits-pixelcnn&pixel=30"))
    growing = page.locator(".growing")
    expect(growing).to_have_attribute("data-at", "29")
    expect(page.get_by_text("Row 4, column 6 depends on")).to_be_visible()
    box = resting(page, page.locator("canvas.expected"))
    page.mouse.click(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 5.5 / 8)  # row 6, column 3
    expect(growing).to_have_attribute("data-at", str(5 * 8 + 2))
    expect(page.get_by_text("Row 6, column 3 depends on")).to_be_visible()
    page.locator(".growing .on").click()
    expect(page.get_by_text("Row 6, column 4 depends on")).to_be_visible()
    page.locator("canvas.drawn").press("ArrowUp")
    expect(page.get_by_text("Row 5, column 4 depends on")).to_be_visible()
    page.wait_for_function("() => new URLSearchParams(location.search).get('pixel') === '36'")
    page.locator(".growing .play").click()
    expect(growing).to_have_attribute("data-at", "63", timeout=30_000)
    expect(page.locator(".growing .play")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("Row 8, column 8 depends on")).to_be_visible()
    page.reload()
    expect(growing).to_have_attribute("data-at", "63")
