"""How every figure looks, in the light and in the dark: the one palette, the symbols of classes, the one layout.

The palette and the symbols are in theme.json, which the components of the app read, too.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

NARROW, WIDE = 0.8, 2.5  # decades: below, ticks lie at even distances; above, at powers of ten only


_SAVED: dict[str, Any] = json.loads(Path(__file__).with_name("theme.json").read_text(encoding="utf-8"))

MARK: str = _SAVED["mark"]  # the colour of what the visitor chose, on light and on dark
SYMBOLS: tuple[str, ...] = tuple(_SAVED["class_symbols"])  # plotly's names, of those that it also has in 3-D
NO_CLASS: str = _SAVED["no_class_symbol"]


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance; `classes[k]` is class k's on every page."""

    text: str
    muted: str
    grid: str
    surface: str  # behind the figures
    accent: str
    classes: tuple[str, ...]

    @classmethod
    def saved(cls, appearance: str) -> Theme:
        """The one that theme.json has under a name."""
        fields = _SAVED[appearance]
        return cls(**{**fields, "classes": tuple(fields["classes"])})

    def colour(self, k: int) -> str:
        """Of class k; of what has no class if k is negative."""
        return self.classes[k % len(self.classes)] if k >= 0 else self.muted


# Ten hues found by search: as far apart as can be in normal sight, protanopia and deuteranopia at once, and clear of
# the surface; class k keeps its hue in the dark.
LIGHT = Theme.saved("light")
DARK = Theme.saved("dark")


def symbol(k: int) -> str:
    """Class k's on every page, so that colour is never the only cue; that of what has no class if k is negative."""
    return SYMBOLS[k % len(SYMBOLS)] if k >= 0 else NO_CLASS


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
    # the layout is set once: `update_layout` and the like validate the default template, too, at 15 ms a figure
    found = figure.layout.to_plotly_json()
    found.pop("template", None)
    axes = {"xaxis", "yaxis"} | {name for name in found if name.startswith(("xaxis", "yaxis"))}
    _merge(found, dict.fromkeys(axes, axis))
    _merge(found, go.Layout(common | layout).to_plotly_json())
    figure.layout = found
    return figure


def _merge(into: dict[str, Any], given: dict[str, Any]) -> None:
    """Set what is given, one property at a time: what isn't given of a group stays."""
    for name, value in given.items():
        if isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


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
