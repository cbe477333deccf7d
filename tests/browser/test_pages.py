"""The pages as a visitor sees them: they open, the picture follows the slider, and a link opens the same view."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server


def decoded(page: Page) -> str:
    """The address of the decoded image's content."""
    return page.get_by_alt_text("The decoded image").get_attribute("src") or ""


@pytest.mark.parametrize(
    ("path", "alt"),
    [
        ("", "Traversal: MNIST in the plane"),
        ("traversal", "The decoded image"),
        ("train", "Held-out examples over their reconstructions"),
    ],
)
@pytest.mark.parametrize("width", [1400, 480])
def test_a_page_opens_with_its_picture(server: Server, page: Page, path: str, alt: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.url(path))
    expect(page.get_by_alt_text(alt)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_link_that_is_opened_first_has_the_frame_around_it(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = Server(tmp_path_factory.mktemp("fresh") / "runs")
    try:
        page.goto(fresh.url("traversal?run=mnist-vae-20d"))
        expect(page.get_by_alt_text("The decoded image")).to_be_visible()
        expect(page.get_by_role("link", name="Train")).to_be_visible()
        expect(page.get_by_role("combobox", name="Model")).to_have_value("MNIST in 20 dimensions")
    finally:
        fresh.kill()


def test_the_picture_follows_the_slider_and_a_link_opens_the_same_view(server: Server, page: Page) -> None:
    page.goto(server.url("traversal"))
    image = page.get_by_alt_text("The decoded image")
    expect(image).to_be_visible()
    before = decoded(page)
    thumb = page.get_by_role("slider").first
    thumb.focus()
    for _ in range(20):
        thumb.press("ArrowRight")
    page.wait_for_function("() => new URLSearchParams(location.search).get('z') !== null")
    expect(image).not_to_have_attribute("src", before)
    page.wait_for_timeout(1000)
    after = decoded(page)
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "z=" in link
    page.goto(link)
    expect(image).to_be_visible()
    expect(image).to_have_attribute("src", after)


def test_the_chosen_model_is_kept_from_page_to_page(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.get_by_role("slider")).to_have_count(6)
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("MNIST in 20 dimensions")


def test_dark_and_light_differ_and_both_are_drawn(server: Server, page: Page) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(server.url("train"))
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        colours.append(page.locator(".js-plotly-plot .xtick text").first.evaluate("tick => tick.style.fill"))
    assert colours[0] != colours[1]
