"""The brush under a hand: exactly the pixels under a stroke are hidden, and a reload shows the same."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from latentlab.models.vae.vae import VAE
from latentlab.runs.store import SHIPPED, Store
from pages.components.brush import pack, unpack
from tests.browser.conftest import Server, count, parameter, resting, settled
from tests.conftest import save_coloured_run

Mask = NDArray[np.bool_]
NOTHING = np.zeros((28, 28), bool)
GSN = "gsn?run=mnist-gsn&from=one+example&missing=brush&mask="
POSTERIOR = "sampling?run=mnist-vae-2d&hidden=brush&mask="


def open_brush(server: Server, page: Page, address: str, hidden: Mask = NOTHING) -> None:
    page.goto(server.url(address + pack(hidden)))
    expect(page.locator(".brush[data-hidden]")).to_be_visible()
    expect(page.locator(".brush .status")).to_contain_text("of 784 pixels hidden")
    expect(page.get_by_test_id("stImage").first).to_be_visible()  # what is computed of it is there: nothing moves more
    resting(page, page.locator("canvas.sheet"))


def at(page: Page, row: float, column: float) -> tuple[float, float]:
    """A place of the image, in pixels of the image, on the screen."""
    page.locator("canvas.sheet").scroll_into_view_if_needed()
    box = page.locator("canvas.sheet").bounding_box()
    assert box
    return box["x"] + column * box["width"] / 28, box["y"] + row * box["height"] / 28


def paint(page: Page, *places: tuple[float, float]) -> None:
    """A stroke of the mouse through places (row, column)."""
    page.mouse.move(*at(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*at(page, *place), steps=9)
    page.mouse.up()


def told(page: Page, hidden: Mask) -> None:
    """The address comes to say that exactly these pixels are hidden."""
    page.wait_for_function("mask => new URLSearchParams(location.search).get('mask') === mask", arg=pack(hidden))
    expect(page.locator(".brush .status")).to_contain_text(f"{hidden.sum()} of 784 pixels hidden")


def under(diameter: float, *places: tuple[float, float]) -> Mask:
    """By brute force: the pixels whose middle is within half the brush of a thousand points of each line."""
    near = np.zeros((28, 28), bool)
    rows, columns = np.mgrid[:28, :28] + 0.5
    for a, b in itertools.pairwise(places):
        for share in np.linspace(0, 1, 1_001):
            row, column = (1 - share) * np.array(a) + share * np.array(b)
            near |= np.hypot(rows - row, columns - column) <= diameter / 2
    return near


@pytest.mark.parametrize("address", [GSN, POSTERIOR])
def test_a_stroke_hides_exactly_the_pixels_under_it_and_a_reload_shows_the_same(
    server: Server, page: Page, address: str
) -> None:
    open_brush(server, page, address)
    pictures = page.get_by_test_id("stImage").first.locator("img")
    before = pictures.get_attribute("src")
    stroke = ((10.5, 5.5), (10.5, 20.5))
    paint(page, *stroke)
    hidden = np.zeros((28, 28), bool)
    hidden[9:12, 4:22] = True  # a brush three pixels wide along the middle of row 10, from column 5 to 20
    np.testing.assert_array_equal(under(3, *stroke), hidden)
    told(page, hidden)
    expect(pictures).not_to_have_attribute("src", str(before))
    np.testing.assert_array_equal(unpack(parameter(page, "mask"), 28, 28), hidden)
    page.reload()
    expect(page.locator(".brush .status")).to_contain_text("54 of 784 pixels hidden")
    told(page, hidden)


def test_brushes_an_eraser_and_buttons_change_what_is_hidden(server: Server, page: Page) -> None:
    open_brush(server, page, GSN)
    page.get_by_role("button", name="Large brush").click()
    slanted = ((4.3, 6.2), (20.1, 9.7), (15.4, 22.9))
    paint(page, *slanted)
    hidden = under(6, *slanted)
    told(page, hidden)
    page.get_by_role("button", name="Eraser").click()
    page.get_by_role("button", name="Small brush").click()
    paint(page, (12.5, 0.5), (12.5, 27.5))
    hidden[12] = False
    told(page, hidden)
    for name, expected in (("Invert", ~hidden), ("All", ~NOTHING), ("None", NOTHING)):
        page.get_by_role("button", name=name, exact=True).click()
        told(page, expected)


def test_the_server_hears_of_a_stroke_when_it_ends_and_strokes_in_a_row_are_all_kept(
    server: Server, page: Page
) -> None:
    open_brush(server, page, GSN)
    count(page)
    page.mouse.move(*at(page, 3.5, 3.5))
    page.mouse.down()
    page.mouse.move(*at(page, 3.5, 20.5), steps=30)
    page.wait_for_timeout(300)
    assert page.evaluate("window.asked") == 0
    page.mouse.up()
    page.wait_for_function("window.asked > 0")
    hidden = under(3, (3.5, 3.5), (3.5, 20.5))
    for row in (8.5, 13.5, 18.5, 23.5):  # without waiting for an answer
        paint(page, (row, 3.5), (row, 20.5))
        hidden |= under(3, (row, 3.5), (row, 20.5))
    told(page, hidden)
    settled(page)
    told(page, hidden)


def test_keys_move_a_cursor_and_hide_what_is_under_it(server: Server, page: Page) -> None:
    open_brush(server, page, GSN)
    page.get_by_role("button", name="Small brush").focus()
    page.keyboard.press("Enter")
    page.locator("canvas.sheet").focus()
    page.keyboard.press("ArrowUp")  # from the middle, row 14 and column 14; the first key shows the cursor
    expect(page.locator(".brush .status")).to_contain_text("row")
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("Space")
    words = page.locator(".brush .status")
    expect(words).to_have_text(re.compile(r"^1 of 784 pixels hidden; row \d+, column 13: hidden$"))
    row, column = (int(number) - 1 for number in re.findall(r"\d+", words.inner_text())[2:])
    hidden = np.zeros((28, 28), bool)
    hidden[row, column] = True
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    hidden[row, column + 1] = True
    told(page, hidden)
    page.keyboard.press("Space")
    hidden[row, column + 1] = False
    told(page, hidden)


def test_what_is_hidden_by_hand_and_by_buttons_is_the_same(server: Server, page: Page) -> None:
    open_brush(server, page, GSN)
    paint(page, (10.5, 5.5), (10.5, 20.5))
    hidden = under(3, (10.5, 5.5), (10.5, 20.5))
    told(page, hidden)
    settled(page)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Paint by hand").click()
    expect(page.locator(".brush")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="A box to paint").click()
    page.get_by_role("button", name="Invert", exact=True).click()
    page.wait_for_function("mask => new URLSearchParams(location.search).get('mask') === mask", arg=pack(~hidden))
    settled(page)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Paint by hand").click()
    expect(page.locator(".brush[data-hidden]")).to_be_visible()
    told(page, ~hidden)


def test_a_finger_paints_too(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    open_brush(server, page, GSN)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in (at(page, *place) for place in places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (6.5, 6.5))
    for column in (9.5, 12.5, 15.5):
        touch("touchMove", (6.5, column))
    touch("touchEnd")
    told(page, under(3, (6.5, 6.5), (6.5, 15.5)))


def test_a_coloured_image_is_shown_enlarged_pixel_by_pixel(server: Server, page: Page) -> None:
    run, hidden = save_coloured_run(Store(server.runs, SHIPPED), VAE), np.zeros((6, 5), bool)
    hidden[2, 1:3] = True
    page.goto(server.url(f"sampling?run={run.id}&image=3&hidden=brush&mask={pack(hidden)}"))
    expect(page.locator(".brush .status")).to_contain_text("2 of 30 pixels hidden")
    found = page.locator("canvas.sheet").evaluate(
        """(canvas) => {
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return {width: canvas.width, values: Array.from(data)};
        }"""
    )
    shown = np.array(found["values"]).reshape(-1, found["width"], 4)
    cell = found["width"] // 5
    assert shown.shape == (6 * cell, 5 * cell, 4)
    x = Store(server.runs, SHIPPED).examples(run.id).x[3].numpy().transpose(1, 2, 0)
    cells = shown[..., :3].reshape(6, cell, 5, cell, 3).swapaxes(1, 2)
    assert (cells[~hidden] == x[~hidden][:, None, None]).all()
    assert (cells[hidden].std((1, 2)) > 20).all()  # stripes, whatever is under them
