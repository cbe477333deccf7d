"""The pages as a visitor sees them: they open, the picture follows the slider, and a link opens the same view."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, click_in_menu, parameter, resting, settled

CONTRAST = """(which) => {
  const numbers = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = (top, under) => [0, 1, 2].map((k) => top[k] * top[3] + under[k] * (1 - top[3]));
  const light = (colour) => colour
    .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  return [...document.querySelectorAll(which)].filter((one) => one.offsetParent).map((one) => {
    const above = [];
    for (let node = one; node; node = node.parentElement) above.push(getComputedStyle(node));
    const behind = above.reduceRight((under, style) => over(numbers(style.backgroundColor), under), [255, 255, 255]);
    const [r, g, b, a] = numbers(above[0].color);
    const text = over([r, g, b, above.reduce((all, style) => all * Number(style.opacity), a)], behind);
    const [high, low] = [light(text), light(behind)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  });
}"""  # of each text with what is behind it


@pytest.mark.parametrize(
    ("path", "picture"),
    [
        ("", "img[alt='Traversal: MNIST in 2 dimensions']"),
        ("traversal", "canvas.plane"),
        ("traversal?live=false", "img[alt='The decoded example']"),
        ("probes", ".js-plotly-plot >> nth=0"),
        ("train", "img[alt='Held-out examples over their reconstructions']"),
    ],
)
def test_a_page_opens_with_its_picture_and_fits_any_window(server: Server, page: Page, path: str, picture: str) -> None:
    page.set_viewport_size({"width": 480, "height": 900})
    page.goto(server.url(path))
    for width in (480, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(picture)).to_be_visible()
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.wait_for_function("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_a_link_that_is_opened_first_has_the_frame_around_it(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = Server(tmp_path_factory.mktemp("fresh") / "runs")
    try:
        page.goto(fresh.url("traversal?run=mnist-vae-20d"))
        expect(page.locator("canvas.plane")).to_be_visible()
        expect(page.get_by_role("button", name="Train", exact=True).first).to_be_visible()
        expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value("MNIST in 20 dimensions")
        expect(page.get_by_role("dialog")).to_have_count(0)  # which would say that there is no such page
    finally:
        fresh.kill()


def test_without_live_the_server_answers_when_the_slider_is_let_go(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?live=false"))
    image = page.get_by_alt_text("The decoded example")
    expect(image).to_be_visible()
    resting(page, image)
    before = image.get_attribute("src") or ""
    thumb = page.get_by_role("slider").first
    thumb.focus()
    for _ in range(20):
        thumb.press("ArrowRight")
    expect(image).not_to_have_attribute("src", before)
    parameter(page, "z")


def test_the_chosen_model_is_kept_from_page_to_page(server: Server, page: Page) -> None:
    page.goto(server.url("traversal?run=mnist-vae-20d"))
    expect(page.locator(".sliders input")).to_have_count(6)
    click_in_menu(page, "Train")
    expect(page.get_by_role("combobox", name="Training", exact=True)).to_have_value("MNIST in 20 dimensions")


def test_dark_and_light_differ_and_both_are_drawn(server: Server, page: Page) -> None:
    tick = page.locator(".js-plotly-plot .xtick text").first
    page.emulate_media(color_scheme="light")
    page.goto(server.url("train"))
    resting(page, page.locator(".js-plotly-plot").first)
    light = tick.evaluate("tick => getComputedStyle(tick).fill")
    page.emulate_media(color_scheme="dark")
    page.goto(server.url("train"))
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(tick).not_to_have_css("fill", light)


def test_what_stands_behind_more_keeps_its_value_and_its_address(server: Server, page: Page) -> None:
    def more() -> None:
        settled(page)
        page.get_by_role("button", name="More", exact=True).click()

    page.goto(server.url("sampling?start=far+outside"))
    more()
    expect(page.get_by_role("radio", name="far outside")).to_be_checked()
    page.get_by_role("radio", name="one point").click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('start') === 'one point'")
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="one point")).to_have_count(0)
    page.reload()
    more()
    expect(page.get_by_role("radio", name="one point")).to_be_checked()


def test_maps_stand_one_above_the_other_in_a_narrow_window(server: Server, page: Page) -> None:
    page.goto(server.url("field?run=mixture-dae&detail=Energy+and+curl"))
    for width, columns in ((1400, 3), (480, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.get_by_role("figure", name="Over the plane: ")).to_have_count(3)
        page.wait_for_function(
            """(columns) => {
              const drawn = [...document.querySelectorAll("[aria-label^='Over the plane: ']")];
              return new Set(drawn.map((map) => Math.round(map.getBoundingClientRect().left))).size === columns;
            }""",
            arg=columns,
        )


def test_a_page_says_what_to_try_to_who_sees_it_for_the_first_time(server: Server, page: Page) -> None:
    page.goto(server.url("clusters"))
    expect(page.locator(".st-key-try")).to_be_visible()
    settled(page)
    click_in_menu(page, "Analogies")
    expect(page.get_by_role("heading", name="Analogies")).to_be_visible()
    expect(page.locator(".st-key-try")).to_be_visible()
    settled(page)
    page.reload()
    expect(page.get_by_role("heading", name="Analogies")).to_be_visible()
    settled(page)
    expect(page.locator(".st-key-try")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_text_and_buttons_can_be_read(server: Server, page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(server.url(""))
    expect(page.get_by_role("button", name="Explore", exact=True).last).to_be_visible()
    resting(page, page.get_by_test_id("stCaptionContainer").first)
    found = page.evaluate(CONTRAST, "[data-testid=stCaptionContainer] p, [data-testid=stBaseButton-primary] p")
    assert len(found) > 3
    assert min(found) >= 4.5  # WCAG 2.2, level AA
