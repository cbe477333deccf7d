"""Sheets, meters and films show the numbers and pictures that they were given."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image

from latentlab.analysis.conditional.agreement import ClassifierAgreement
from latentlab.analysis.conditional.analogies import Usage
from latentlab.analysis.conditional.style import Consistency
from latentlab.analysis.stats import Measured, Proportion
from latentlab.data import to_bytes
from latentlab.figures.conditional.analogies import Predictions, analogy_sheet, film_of, support_along, usage_figures
from latentlab.figures.examples.images import Images
from latentlab.figures.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
RNG = np.random.default_rng(0)
CELLS = RNG.random((2, 3, 1, 4, 5), np.float32)
SOURCES = RNG.random((2, 1, 4, 5), np.float32)
NAMES = ("<a>", "b", "c")
DRAWN = Images((1, 4, 5))


def picture(element: ET.Element) -> np.ndarray:
    head, content = element.attrib["href"].split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_a_sheet_has_each_row_beside_its_source() -> None:
    root = ET.fromstring(analogy_sheet(CELLS, SOURCES, NAMES, ("one", "two"), NAMES, LIGHT, DRAWN))
    images = [picture(element) for element in root.iter(f"{SVG}image")]
    for i in range(2):
        np.testing.assert_array_equal(images[2 * i], np.hstack(list(to_bytes(CELLS[i])[:, 0])))
        np.testing.assert_array_equal(images[2 * i + 1], to_bytes(SOURCES[i])[0])
    said = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert said == ["<a>", "b", "c", "source", "one", "two"]
    assert not list(root.iter(f"{SVG}rect"))


def test_row_names_keep_their_size_in_a_narrow_window() -> None:
    root = ET.fromstring(analogy_sheet(CELLS, SOURCES, NAMES, ("a 3 (#1)", "b"), NAMES, LIGHT, DRAWN))
    (style,) = (element.text or "" for element in root.iter(f"{SVG}style"))
    width = float(root.attrib["viewBox"].split()[2])
    sizes = {
        float(at) / width: float(size)
        for at, size in re.findall(r"max-width:(\d+)px\)\{\.row\{font-size:([\d.]+)px", style)
    }
    assert min(sizes) < 0.55
    assert all(12.5 < size * share < 13.5 for share, size in sizes.items())  # pixels of the window


def test_verdicts_are_in_the_colour_of_what_is_seen_and_wrong_ones_are_crossed() -> None:
    seen, asked = np.array([[0, 1, 1], [0, 1, 2]]), np.tile(np.arange(3), (2, 1))
    sure = np.array([[1, 0.9, 0.5], [1, 1, 0.333]], np.float32)
    drawn = analogy_sheet(CELLS, None, NAMES, ("", ""), NAMES, DARK, DRAWN, Predictions(seen, sure), asked, marked=1)
    root = ET.fromstring(drawn)
    verdicts = [element for element in root.iter(f"{SVG}text") if "●" in "".join(element.itertext())]
    said = ["".join(element.itertext()) for element in verdicts]
    assert said == ["● <a> 100%", "● b 90%", "● ✗ b 50%", "● <a> 100%", "● b 100%", "● c 33%"]
    assert [element[0].attrib["fill"] for element in verdicts] == [DARK.classes[k] for k in seen.ravel()]
    assert [element.get("font-weight") for element in verdicts] == [None, None, "bold", None, None, None]
    assert len(list(root.iter(f"{SVG}rect"))) == 1


def test_meters_show_shares_accuracy_and_style_beside_their_controls() -> None:
    judged = ClassifierAgreement(
        Proportion(0.8, 0.7, 0.9), Proportion(0.99, 0.98, 1.0), np.ones(3, np.float32), np.eye(3, dtype=np.int64),
        np.arange(3), np.ones(3, np.float32),
    )  # fmt: skip
    kept = Consistency(Measured(0.5, 0.01, 0.02), {"ink": Measured(0.6, 0.0, 0.1)}, 9)
    panels = usage_figures(Usage(0.5, 0.3, 0.2, 7.0, 9, (0.01, 0.02, 0.03)), judged, kept, LIGHT)
    traces = [trace for panel in panels.values() for trace in panel.data]
    bars = [trace for trace in traces if trace.type == "bar"]
    np.testing.assert_allclose(bars[0].x, [0.5, 0.3, 0.2])
    assert bars[0].text == ("50% ± 2%", "30% ± 4%", "20% ± 6%")
    assert [bar.x[0] for bar in bars[1:]] == [0.8, 0.99, 0.6, 0.5]
    np.testing.assert_allclose([bars[1].error_x.array[0], bars[1].error_x.arrayminus[0]], [0.1, 0.1])
    nulls = [trace for trace in traces if trace.type == "scatter"]
    assert [null.x[0] for null in nulls] == [0.0, 0.01]
    assert len(panels) == 3
    two = usage_figures(Usage(0.5, 0.3, 0.2, 7.0, 2, (np.nan, np.nan, np.nan)), None, None, DARK)
    (shares,) = two.values()
    assert shares.data[0].text == ("50%", "30%", "20%")  # nobody knows how sure


def test_support_has_a_line_for_each_example_and_one_for_what_is_usual() -> None:
    amounts, far = np.linspace(0, 1, 4, dtype=np.float32), RNG.random((3, 4), np.float32)
    figure = support_along(amounts, far, 0.7, LIGHT)
    assert len(figure.data) == 3
    np.testing.assert_array_equal(figure.data[1].y, far[1])
    assert figure.layout.shapes[0].y0 == 0.7


def test_a_film_goes_there_and_back() -> None:
    frames = film_of(RNG.random((3, 2, 2, 1, 4, 5), np.float32), scale=2)
    assert len(frames) == 4
    assert frames[0].shape == (2 * 8 + 2, 2 * 10 + 2)
    np.testing.assert_array_equal(frames[1], frames[3])
