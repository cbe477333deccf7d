"""A row of a table is drawn as bars that are as long as its values, before the quantiles of the data."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest

from latentlab.analysis.columns import Columns
from latentlab.data import Kind
from latentlab.data.library.scaling import Scale
from latentlab.figures.examples.appearance import Appearance, add_numbers
from latentlab.figures.examples.choose import appearance
from latentlab.figures.examples.lanes import CELL, MOST, NAME, TRACK
from latentlab.figures.examples.svg import words
from latentlab.figures.theme import DARK, LIGHT, Theme

SVG = "{http://www.w3.org/2000/svg}"
X = np.linspace(0, 1, 101, dtype=np.float32)[:, None] * np.array([1, 0.5], np.float32)  # quantiles are known
SCALE = Scale(np.array([10.0, -5.0]), np.array([80.0, 2.0]))
BARS = appearance(Kind.VECTOR, (2,), Columns.of(X, ("<b>weight</b> (kg)", "p & q"), SCALE))


class Images(HTMLParser):
    """The drawings on a page, with their words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ET.Element]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            own = dict(attrs)
            self.found.append((own["alt"] or "", drawing(own["src"] or "")))


def drawing(address: str) -> ET.Element:
    head, content = address.split(",")
    assert head == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(content))


def boxes(root: ET.Element, colour: str) -> list[tuple[float, float]]:
    """(left, width) of each box of a colour."""
    paths = [path.attrib["d"] for path in root.iter(f"{SVG}path") if path.get("fill") == colour]
    return [(float(a), float(w)) for d in paths for a, w in re.findall(r"M(\S+) \S+h(\S+?)v", d)]


def page(drawn: Appearance, x: np.ndarray, look: Theme = LIGHT, titles: tuple[str, ...] = ()) -> str:
    found = drawn.sheet(x, len(x), look, "Examples", titles)
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_bar_ends_at_its_value_and_bands_at_the_quantiles(look: Theme) -> None:
    one = np.array([[0.25, 0.4]], np.float32)
    ((alt, root),) = Images(page(BARS, one, look)).found
    np.testing.assert_allclose(boxes(root, look.accent), [(0, 0.25 * TRACK), (0, 0.8 * TRACK)], atol=0.1)
    np.testing.assert_allclose(boxes(root, look.grid), [(0.05 * TRACK, 0.9 * TRACK)] * 2, atol=0.1)
    np.testing.assert_allclose(boxes(root, f"{look.muted}80"), [(0.25 * TRACK, 0.5 * TRACK)] * 2, atol=0.1)
    np.testing.assert_allclose(boxes(root, look.muted), [(0.5 * TRACK - 0.5, 1)] * 2, atol=0.1)
    said = [text.text for text in root.iter(f"{SVG}text")]
    assert said == ["<b>weight</b> (kg)", "p & q", "30.0", "-4.20"]  # 10 + 80 · 0.25, -5 + 2 · 0.4
    assert alt == "<b>weight</b> (kg) 30.0, p & q -4.20"
    assert float(root.attrib["width"]) > NAME + TRACK


def test_a_value_beyond_the_data_fills_its_lane_and_a_missing_one_has_no_bar() -> None:
    ((alt, root),) = Images(page(BARS, np.array([[7.0, np.nan]], np.float32))).found
    assert boxes(root, LIGHT.accent) == [(0, TRACK), (0, 0)]
    assert alt == "<b>weight</b> (kg) 570.0, p & q –"


def test_many_examples_stand_beside_their_names_each_with_its_title() -> None:
    found = page(BARS, X[:100:10], titles=tuple(f"<i>{k}</i>" for k in range(10)))
    names, *cells = Images(found).found
    assert [text.text for text in names[1].iter(f"{SVG}text")][1] == "p & q"
    assert len(cells) == 10
    for (alt, root), x in zip(cells, X[:100:10], strict=True):
        np.testing.assert_allclose([w for _, w in boxes(root, LIGHT.accent)], np.maximum(1, x / X[-1] * CELL), atol=0.1)
        assert alt.endswith(f"{-5 + 2 * x[1]:.2f}")
    assert "<i>" not in found
    assert "&lt;i&gt;9&lt;/i&gt;" in found


def test_of_many_columns_those_that_vary_most_are_drawn_and_it_is_said() -> None:
    rng = np.random.default_rng(0)
    data = rng.random((50, 40), np.float32)
    few = np.full((3, 40), 0.5, np.float32)
    moving = sorted(rng.permutation(40)[:MOST].tolist())
    few[:, moving] += np.array([[-0.2], [0], [0.2]], np.float32)
    drawn = appearance(Kind.VECTOR, (40,), Columns.of(data)).narrowed(few)
    assert [line.split()[0] for line in drawn.lines(few[0])] == [f"x{k + 1}" for k in moving]
    assert {"16", "40"} <= set(re.findall(r"\d+", drawn.left_out))
    assert drawn.left_out in page(drawn, few)
    assert BARS.narrowed(X).left_out == ""
    assert drawn.as_json()["columns"] == moving


def test_cells_of_a_sheet_are_those_of_the_examples_row_by_row() -> None:
    root = drawing(BARS.cells(X[:60:10].reshape(2, 3, 2), LIGHT))
    cells = [group for group in root.iter(f"{SVG}g") if "transform" in group.attrib]
    assert len(cells) == 6
    for cell, x in zip(cells, X[:60:10], strict=True):
        np.testing.assert_allclose(boxes(cell, LIGHT.accent)[0][1], max(1, x[0] * CELL), atol=0.1)
    places = [tuple(map(float, re.findall(r"[\d.]+", cell.attrib["transform"]))) for cell in cells]
    assert places == sorted(places, key=lambda at: (at[1], at[0]))
    assert root.attrib["preserveAspectRatio"] == "none"  # a figure stretches it over its axes


def test_a_sheet_says_the_numbers_of_the_example_under_the_pointer() -> None:
    figure, sheet = go.Figure(), X[:60:10].reshape(2, 3, 2)
    add_numbers(figure, sheet, np.array([1.0, 2.0, 3.0]), np.array([7.0, 5.0]), BARS)
    (trace,) = figure.data
    at = list(zip(trace.x, trace.y, strict=True)).index((2.0, 5.0))
    assert trace.text[at] == "&lt;b&gt;weight&lt;/b&gt; (kg) 42.0<br>p &amp; q -4.60"


def test_a_series_is_a_curve_of_each_column_over_time() -> None:
    times = np.linspace(0, 1, 7, dtype=np.float32)
    data = np.stack([np.stack([times * k, 1 - times * k], 1) for k in (0.0, 0.5, 1.0)])  # (3, 7, 2)
    drawn = appearance(Kind.SEQUENCE, (7, 2), Columns.of(data, ("up", "down")))
    ((alt, root),) = Images(page(drawn, data[2:])).found
    curves = [p.attrib["d"] for p in root.iter(f"{SVG}path") if p.get("stroke") == LIGHT.accent]
    points = np.array([re.findall(r"[\d.]+", d) for d in curves], float).reshape(2, 7, 2)
    np.testing.assert_allclose(points[:, :, 0], np.tile(times * TRACK, (2, 1)), atol=0.1)
    for curve, values in zip(points, data[2].T, strict=True):  # up is less on the screen
        assert np.corrcoef(curve[:, 1], values)[0, 1] < -0.999
    assert alt == "up 0.00 … 1.00, down 0.00 … 1.00"
    assert drawn.as_json()["kind"] == "curves"
    gap = data[2:].copy()
    gap[0, 3, 0] = gap[0, :, 1] = np.nan
    ((alt, root),) = Images(page(drawn, gap)).found
    whole, none = (p.attrib["d"] for p in root.iter(f"{SVG}path") if p.get("stroke") == LIGHT.accent)
    assert (whole.count("M"), len(re.findall("[ML]", whole)), none) == (2, 6, "")
    assert alt == "up 0.00 … 1.00, down – … –"


def test_the_browser_gets_what_it_needs_to_write_the_same_numbers() -> None:
    sent = BARS.as_json()
    x = np.array([0.25, 0.4], np.float32)
    values = np.array(sent["low"]) + np.array(sent["span"]) * x
    texts = [f"{v:.{max(0, d)}f}" for v, d in zip(values, sent["decimals"], strict=True)]
    assert [f"{name} {text}" for name, text in zip(sent["names"], texts, strict=True)] == BARS.lines(x)
    np.testing.assert_allclose(sent["quantiles"][0], [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], atol=1e-3)
    assert BARS.packed(X).tobytes() == X.astype("<f4").tobytes()


def test_only_names_that_are_too_long_are_drawn_narrower() -> None:
    names = ["current, A", "air temperature, °C", "module temperature, °C", "W" * 12]
    drawn = words(names, NAME - 6, 54, "black").split("<text")[1:]
    assert ["textLength" in one for one in drawn] == [False, False, True, True]
