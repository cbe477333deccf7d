"""The scatter with more points than a processor draws in a frame: the picture moves with the hand, and is right."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FloatRect, Page, expect

from pages.components import EXAMPLES, LOOK
from pages.components.scatter import FULL, PARTS, pack
from tests.conftest import ROOT

SOURCES = ROOT / "pages" / "components" / "scatter"
SHOW = """async ([source, data]) => {
  const { default: draw } = await import("data:text/javascript;base64," + source);
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  draw({ data: bytes, parentElement: document.body, setStateValue: (name, value) => (window[name] = value) });
  await new Promise(requestAnimationFrame);
}"""  # the first picture is drawn at once
SOURCE = EXAMPLES + "\n".join((SOURCES / name).read_text(encoding="utf-8") for name in PARTS)
CALL = """async ([source, call, given]) => {
  const program = source + "; export const call = (given) => " + call;
  return (await import("data:text/javascript;base64," + btoa(unescape(encodeURIComponent(program))))).call(given);
}"""
N = 200_000
rng = np.random.default_rng(0)
LABELS = np.sort(rng.integers(0, 3, N))  # the classes one after another, as a file may have them
XY = rng.normal(size=(N, 2)) + 3 * np.stack([np.cos(LABELS), np.sin(LABELS)], 1)
DATA = pack("a", XY, LABELS, ("one", "two", "three"), ("#ff0000", "#00ff00", "#0000ff")).content


@pytest.fixture
def box(page: Page) -> FloatRect:
    """The scatter of `DATA` alone, drawn; where it is on the screen."""
    return show(page, DATA)


def show(page: Page, data: bytes) -> FloatRect:
    """Draw a scatter alone; where it is on the screen."""
    read = {name: (SOURCES / f"scatter.{name}").read_text(encoding="utf-8") for name in ("html", "css")}
    page.set_content(f"<style>{LOOK}{read['css']}</style>{read['html']}")
    page.evaluate(SHOW, [base64.b64encode(content).decode() for content in (SOURCE.encode(), data)])
    found = page.locator("canvas.overlay").bounding_box()
    assert found
    return found


def drawn(page: Page) -> NDArray[np.int16]:
    """The pixels of the map (H, W, 3), when the picture is that of the view."""
    page.mouse.move(0, 0)  # hovers over nothing
    expect(page.locator("canvas.points")).to_have_css("transform", "none")
    with Image.open(io.BytesIO(page.locator("canvas.overlay").screenshot())) as image:
        return np.asarray(image.convert("RGB"), np.int16)[2:-2, 2:-2]  # without the border


def middle(box: FloatRect) -> tuple[int, int]:
    """A place near the middle of the map, in whole pixels of the screen."""
    return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)


def drag(page: Page, box: FloatRect, dx: int, dy: int) -> None:
    x, y = middle(box)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=8)
    page.mouse.up()


def zoom(page: Page, box: FloatRect, by: int) -> None:
    page.mouse.move(*middle(box))
    for _ in range(4):
        page.mouse.wheel(0, by / 4)


def apart(a: NDArray[np.int16], b: NDArray[np.int16]) -> float:
    """The share of pixels that differ to the eye."""
    return float((np.abs(a - b).max(-1) > 8).mean())


def test_dragged_points_are_all_drawn_where_they_are(page: Page, box: FloatRect) -> None:
    before = drawn(page)
    assert (before.min(-1) < 200).mean() > 0.1
    drag(page, box, 100, 40)
    after = drawn(page)
    assert apart(after, before) > 0.1
    assert apart(after[40:, 100:], before[:-40, :-100]) < 1e-3
    drag(page, box, -100, -40)
    assert apart(drawn(page), before) < 1e-3


def test_a_zoomed_map_dragged_away_and_back_is_as_it_was(page: Page, box: FloatRect) -> None:
    whole = drawn(page)
    zoom(page, box, -600)
    before = drawn(page)
    assert apart(before, whole) > 0.1
    for way in (1, -1):
        drag(page, box, way * 400, way * 200)
    assert apart(drawn(page), before) < 1e-3
    zoom(page, box, 600)
    assert apart(drawn(page), whole) < 1e-3


def test_a_box_selects_what_lies_in_it_before_the_picture_is_drawn(page: Page, box: FloatRect) -> None:
    drag(page, box, 60, 30)
    zoom(page, box, -400)
    page.get_by_role("button", name="Box").click()
    drag(page, box, 90, 70)
    places = np.frombuffer(DATA, "<u2", 2 * N, 4 + int.from_bytes(DATA[:4], "little")).reshape(N, 2) / FULL
    wide, high = 2 * np.abs(places - 0.5).max(0)
    across = 0.92 * min(box["width"] / wide, box["height"] / high)  # pixels of the map's box before the wheel turned
    corner = np.subtract(middle(box), (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    seen = np.e * ((places - 0.5) * [across, -across] + [60, 30] - corner)  # pixels from where it turned
    inside = ((seen > 0) & (seen < [90, 70])).all(1)
    expect(page.locator(".count")).to_have_text(f"{inside.sum():,} selected")


# A place in units of a point's radius, and whether there is ink for the classes 0 to 3 and for no class.
PROBES = {(0.0, 0.0): "11110", (0.6, 0.6): "11001", (0.45, 0.38): "11101", (0.7, 0.0): "11111", (0.72, 0.72): "01000"}


@pytest.mark.parametrize("webgl", [True, False])
@pytest.mark.parametrize("label", [0, 1, 2, 3, -1])
def test_a_point_has_the_symbol_of_its_class(page: Page, label: int, webgl: bool) -> None:
    """Circle, square, diamond, cross and, for no class, an open circle."""
    if not webgl:
        page.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            "  return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"
        )
        page.goto("about:blank")
    data = pack("a", np.zeros((1, 2)), np.array([label]), ("",) * 4, ("#000000",)).content  # without names over it
    box = show(page, data)
    zoom(page, box, -1_000)  # to the largest size
    paint = 255 - drawn(page).mean(-1)
    rows, columns = np.nonzero(paint > 0.1 * paint.max())
    row, column, radius = rows.mean(), columns.mean(), 11 * 2.2 / 2
    least = (0.1 if webgl else 0.5) * paint.max()  # WebGL fades towards the edges
    found = [paint[round(row - y * radius), round(column + x * radius)] > least for x, y in PROBES]
    assert found == [has[label] == "1" for has in PROBES.values()]


NAMES = [f"{word} {k} of a rather long name, as the leaves of a taxonomy have it".ljust(80, ".")[:80]
         for k, word in enumerate(np.tile(["Quercus", "Fagus", "Betula"], 100))]  # fmt: skip
MANY_LABELS = rng.integers(0, 300, 3_000)


def many(page: Page, width: int) -> FloatRect:
    """A scatter of 3,000 points in 300 classes of long names, in a window of some width."""
    page.set_viewport_size({"width": width, "height": 900})
    xy = rng.normal(size=(3_000, 2))
    return show(page, pack("many", xy, MANY_LABELS, NAMES, ("#ff0000", "#00ff00")).content)


def chosen(page: Page) -> NDArray[np.uint32]:
    """Which points the server was sent last."""
    return np.frombuffer(base64.b64decode(page.evaluate("window.selected ?? ''")), "<u4")


@pytest.mark.parametrize("width", [400, 1400])
def test_a_legend_of_300_classes_fits_is_counted_and_searched(page: Page, width: int) -> None:
    many(page, width)
    chips = page.locator(".chips button")
    expect(chips).to_have_count(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    legend = page.locator(".legend").bounding_box()
    assert legend
    assert legend["height"] < 300
    counts = np.bincount(MANY_LABELS, minlength=300)
    assert [int(text) for text in page.locator(".chips .n").all_inner_texts()] == counts.tolist()
    page.get_by_role("searchbox").fill("fagus 13 of")
    expect(page.locator(".chips button:visible")).to_have_count(1)
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator(".chips button[aria-pressed=true]")).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".chips button[aria-pressed=true]")).to_have_count(300)


def test_a_selection_is_what_is_lassoed_and_shown(page: Page) -> None:
    box = many(page, 1400)
    page.get_by_role("button", name="Box").click()
    x, y = middle(box)
    page.mouse.move(x - 250, y - 250)
    page.mouse.down()
    page.mouse.move(x + 250, y + 250, steps=4)
    page.mouse.up()
    everything = chosen(page)
    assert len(everything) > 2_000
    chip = page.locator(".chips button").nth(4)
    chip.dblclick()
    assert chosen(page).tolist() == [i for i in everything if MANY_LABELS[i] == 4]
    chip.dblclick()  # only this already: all again
    assert chosen(page).tolist() == everything.tolist()
    page.locator(".chips button").nth(7).click()
    assert chosen(page).tolist() == [i for i in everything if MANY_LABELS[i] != 7]


def test_the_legend_works_by_keyboard(page: Page) -> None:
    many(page, 400)
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".chips button").nth(1)).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".chips button[aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".chips button").nth(1)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(("labels", "classes", "n_chips"), [([0, 1, 1], ("a", "b"), 2), ([-1, -1, -1], (), 0)])
def test_a_legend_of_few_classes_or_none_has_no_search(
    page: Page, labels: list[int], classes: tuple[str, ...], n_chips: int
) -> None:
    show(page, pack("few", np.eye(3)[:, :2], np.array(labels), classes, ("#ff0000",)).content)
    expect(page.locator(".chips button")).to_have_count(n_chips)
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert ("3" in page.locator(".found").inner_text()) == (n_chips == 0)


def called(page: Page, call: str, **given: Any) -> Any:
    """What an expression of the scatter's program gives, of something that is `given`."""
    return page.evaluate(CALL, [SOURCE, call, given])


def test_a_class_is_named_where_it_is_densest(page: Page) -> None:
    noise = rng.uniform(size=(2, 400, 2))
    middles = np.array([[0.3, 0.6], [0.8, 0.2]])
    xy = np.concatenate([*rng.normal(middles[:, None], 0.02, (2, 200, 2)), *noise])
    labels = np.concatenate([np.full(n, k) for n in (200, 400) for k in (0, 1)])
    places = (xy.clip(0, 1) * FULL).astype(int).ravel().tolist()
    found = called(page, "densest({ n: given.label.length, ...given }, [0, 1])", xy=places, label=labels.tolist())
    np.testing.assert_allclose(found, middles, atol=0.02)
    assert not np.allclose([xy[labels == k].mean(0) for k in (0, 1)], middles, atol=0.05)  # the mean is elsewhere


def test_no_name_lies_over_another_and_long_ones_are_shortened(page: Page) -> None:
    names = ["3", "sneaker", NAMES[0]] * 4
    written = called(
        page,
        """{
      const [ink, found] = [document.createElement("canvas").getContext("2d"), []];
      const write = writerOn(ink, { text: "#000", surface: "#fff", font: "sans-serif" }, [400, 300]);
      ink.fillText = (words, x, y) => found.push([words, x, y, ink.measureText(words).width]);
      for (const name of given.names) write(inShort(name), 15, [0, -20, 20, -40, 40].map((dy) => [390, 150 + dy]));
      return found;
    }""".replace("{", "(() => {", 1)
        + ")()",
        names=names,
    )
    assert 3 <= len(written) <= 5
    for words, x, y, width in written:
        assert len(words) <= 24
        assert x + width / 2 <= 400
        assert all(other is words or abs(y - b) >= 15 or abs(x - a) >= (width + w) / 2 for other, a, b, w in written)


def test_pictures_on_the_map_do_not_lie_over_each_other_and_no_more_would_fit(page: Page) -> None:
    xy = rng.integers(0, FULL, (3_000, 2))
    side = 4_000
    ids = called(
        page, "apartOn({ n: given.xy.length / 2, xy: given.xy }, (i) => i % 7 > 0, given.side)",
        xy=xy.ravel().tolist(), side=side,
    )  # fmt: skip
    far = np.abs(xy[:, None] - xy[ids]).max(-1)  # from each picture
    assert (far[ids] + side * np.eye(len(ids)) >= side).all()
    shown = np.arange(3_000) % 7 > 0
    assert shown[ids].all()
    assert (far[shown].min(1) < side).all()


def test_a_turned_map_is_seen_from_another_side(page: Page) -> None:
    """A rotation: of the coordinates across, up and towards the viewer, the lengths and angles stay."""
    xyz = rng.integers(0, FULL, (50, 3))
    seen = called(
        page,
        """(() => {
      const [turn, map] = [turnOf(), { n: 50, xyz: given.xyz }];
      turn.by(70, -40);
      turn.project(map);
      return [...map.xy].concat([...map.near]);
    })()""",
        xyz=xyz.ravel().tolist(),
    )
    flat = np.array(seen[:100]).reshape(50, 2) / FULL - 0.5
    turned = np.sqrt(3) * np.column_stack([flat, np.array(seen[100:]) - 0.5])
    centred = xyz / FULL - 0.5
    np.testing.assert_allclose(turned @ turned.T, centred @ centred.T, atol=1e-3)
    assert np.abs(turned - centred).max() > 0.1
    assert np.linalg.det(np.linalg.lstsq(centred, turned)[0]) == pytest.approx(1, abs=1e-3)  # no mirror


def test_a_point_without_a_picture_requests_it_and_those_around_it(page: Page, box: FloatRect) -> None:
    page.evaluate("window.addEventListener('latentlab-wanted', ({ detail }) => (window.wanted = detail))")
    page.mouse.move(*middle(box))
    page.wait_for_function("window.wanted")
    wanted = page.evaluate("window.wanted")
    assert wanted["points"] == "a"
    assert 1 < len(wanted["ids"]) <= 200
