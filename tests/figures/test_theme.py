"""The palette can be read in the light, in the dark, and by those who see fewer colours."""

import itertools

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.figures.theme import DARK, LIGHT, Theme, log_ticks, round_step, styled, theme

Colour = NDArray[np.float64]

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(colour: str) -> Colour:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    """WCAG 2.1, from 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: Colour) -> Colour:
    """Ottosson (2020), from linear RGB: distances are as large as they look."""
    lms = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ rgb.clip(0, 1)
    )
    lab: Colour = (
        np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        )
        @ lms
    )
    return lab


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_text_and_lines_stand_out_from_the_surface(look: Theme) -> None:
    assert contrast(look.text, look.surface) >= 7
    assert contrast(look.muted, look.surface) >= 4.5
    assert contrast(look.accent, look.surface) >= 4.5
    assert min(contrast(colour, look.surface) for colour in look.classes) >= 2.4


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_no_two_classes_look_the_same(look: Theme, sight: str) -> None:
    seen = [oklab(SIGHTS[sight] @ linear(colour)) for colour in look.classes]
    closest = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))
    assert closest >= (0.1 if sight == "normal" else 0.06)


def test_a_class_keeps_its_hue_in_the_dark() -> None:
    for light, dark in zip(LIGHT.classes, DARK.classes, strict=True):
        a, b = oklab(linear(light))[1:], oklab(linear(dark))[1:]
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) >= 0.7


def test_the_look_follows_the_appearance() -> None:
    assert (theme(True), theme(False)) == (DARK, LIGHT)
    figure = styled(go.Figure(), DARK, 300, showlegend=False)
    assert figure.layout.height == 300
    assert figure.layout.font.color == DARK.text
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.05, 0.5], ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"]),
        ([0.0101, 0.0128], ["0.01", "0.011", "0.012", "0.013"]),
        ([3e-7, 2.0, 0.0, np.nan], ["10⁻⁶", "10⁻⁴", "0.01", "1"]),
        ([4.0, 4.0], ["4"]),
        ([0.0, np.nan], []),
    ],
)
def test_a_logarithmic_axis_has_a_few_labels_that_say_all(values: list[float], texts: list[str]) -> None:
    ticks = log_ticks(np.array(values))
    assert ticks.get("ticktext", []) == texts
    np.testing.assert_allclose([as_number(text) for text in texts], ticks.get("tickvals", []), rtol=1e-9)


def test_whatever_a_logarithmic_axis_spans_it_has_two_to_eight_labels() -> None:
    rng = np.random.default_rng(0)
    for low, span in zip(10 ** rng.uniform(-9, 4, 500), 10 ** rng.uniform(-2, 1.2, 500), strict=True):
        ticks = np.array(log_ticks(np.array([low, low * 10**span]))["tickvals"])
        inside = (ticks >= low * (1 - 1e-9)) & (ticks <= low * 10**span * (1 + 1e-9))
        assert 2 <= inside.sum() <= 8, (low, span)
        texts = log_ticks(np.array([low, low * 10**span]))["ticktext"]
        assert len(set(texts)) == len(texts)


def test_steps_are_round() -> None:
    found = [round_step(distance) for distance in (1.0, 1.2, 2.0, 2.1, 4.3, 6.0, 0.03, 0.0)]
    np.testing.assert_allclose(found, [1, 2, 2, 5, 5, 10, 0.05, 1])


def as_number(text: str) -> float:
    digits, _, power = text.partition("10") if "⁻" in text else (text, "", "")
    return float(digits or 1) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def test_the_look_is_what_plotlys_own_updates_make_of_it() -> None:
    layout = {"legend_traceorder": "reversed", "xaxis": {"title": {"text": "nats"}}, "margin": {"l": 40}}
    ours = make_subplots(rows=2, cols=2, subplot_titles=["a", "b", "c", "d"])
    ours.update_yaxes(title_text="loss", type="log")
    theirs = go.Figure(ours)
    plain = styled(go.Figure(), LIGHT, 300).layout
    for axes in (theirs.update_xaxes, theirs.update_yaxes):
        axes(plain.xaxis.to_plotly_json())
    common = plain.to_plotly_json()
    theirs.update_layout({name: value for name, value in common.items() if not name.startswith(("xaxis", "yaxis"))})
    theirs.update_layout(margin=None)  # what is given replaces a group of the look
    theirs.update_layout(layout)
    assert styled(ours, LIGHT, 300, **layout) == theirs
