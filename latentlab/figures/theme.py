"""How every figure looks, in the light and in the dark: the one palette and the one layout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

NARROW, WIDE = 0.8, 2.5  # decades: below, ticks lie at even distances; above, at powers of ten only


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance; `classes[k]` is class k's on every page."""

    text: str
    muted: str
    grid: str
    surface: str  # behind the figures
    accent: str
    classes: tuple[str, ...]


# Ten hues found by search: as far apart as can be in normal sight, protanopia and deuteranopia at once, and clear of
# the surface; class k keeps its hue in the dark.
LIGHT = Theme(
    text="#1f2430",
    muted="#6b7280",
    grid="#e6e8ee",
    surface="#ffffff",
    accent="#4c51bf",
    classes=(
        "#325AB9", "#B5630E", "#2FB344", "#A60A66", "#38A5FB",
        "#49550A", "#C576BF", "#36907B", "#3D0877", "#2E1E01",
    ),
)  # fmt: skip
DARK = Theme(
    text="#e6e8ef",
    muted="#9aa1b2",
    grid="#2a2f3a",
    surface="#11141b",
    accent="#a3a6ff",
    classes=(
        "#2E51A6", "#8F5626", "#329E2D", "#C15387", "#27A2FD",
        "#D6EC4F", "#FCB3F5", "#62CBB1", "#9157F1", "#EEAB26",
    ),
)  # fmt: skip


def theme(dark: bool) -> Theme:
    """The colours of an appearance."""
    return DARK if dark else LIGHT


def styled(figure: go.Figure, look: Theme, height: int, **layout: Any) -> go.Figure:
    """Give a figure the common look; `layout` overrides it. Zooming survives an update (`uirevision`)."""
    axis: dict[str, Any] = {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"size": 13, "color": look.muted}, "standoff": 6},
        "tickfont": {"size": 12, "color": look.muted},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    common: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": '"Source Sans", "Source Sans 3", sans-serif', "size": 14, "color": look.text},
        "colorway": look.classes,
        "uirevision": "kept",
        "hoverlabel": {"bgcolor": look.surface, "font": {"color": look.text}, "bordercolor": look.grid},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    return figure.update_layout(**common | layout)


def log_ticks(values: NDArray[np.floating]) -> dict[str, Any]:
    """What a logarithmic axis over positive numbers is labelled with: some round ones, never fewer than two of them.

    Plotly's own leave the axis bare over less than a decade, and write a 2 for 0.2 and for 20 over more.
    """
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return {}
    low, high = float(known.min()), float(known.max())
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    decades = math.log10(high / low)
    if high == low:
        ticks = [low]
    elif decades < NARROW:
        step = 10.0 ** math.floor(math.log10((high - low) / 2))
        step *= next((m for m in (5, 2) if m * step * 2 <= high - low), 1)
        ticks = [step * k for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    elif decades < WIDE:
        ticks = [m * 10.0**k for k in powers for m in (1, 2, 5)]
    else:
        ticks = [10.0**k for k in powers if k % math.ceil(decades / 6) == 0]
    return {"tickvals": ticks, "ticktext": [_short(tick) for tick in ticks]}


def round_step(distance: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller than a distance."""
    power = 10.0 ** math.floor(math.log10(distance)) if distance > 0 else 1.0
    return next(m * power for m in (1, 2, 5, 10) if m * power >= distance * (1 - 1e-9))


def _short(value: float) -> str:
    """A number, as a power of ten where it would be long."""
    if 1e-4 < value < 1e5:
        return f"{value:.4g}"
    digits, _, power = f"{value:.3e}".partition("e")
    small = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{small}" if float(digits) == 1 else f"{float(digits):g}·10{small}"
