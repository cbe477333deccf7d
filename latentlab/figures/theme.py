"""How every figure looks, in the light and in the dark: the one palette and the one layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance; `classes[k]` is class k's on every page."""

    text: str
    muted: str
    grid: str
    surface: str  # behind the figures
    accent: str
    classes: tuple[str, ...]


# Ten hues after Paul Tol's qualitative schemes, lighter in the dark; class k keeps its hue.
LIGHT = Theme(
    text="#1f2430",
    muted="#6b7280",
    grid="#e6e8ee",
    surface="#ffffff",
    accent="#4c51bf",
    classes=(
        "#332288", "#CC6677", "#117733", "#B59B1E", "#3A9BC8",
        "#AA4499", "#2B8C7F", "#882255", "#7A7A20", "#767676",
    ),
)  # fmt: skip
DARK = Theme(
    text="#e6e8ef",
    muted="#9aa1b2",
    grid="#2a2f3a",
    surface="#11141b",
    accent="#a3a6ff",
    classes=(
        "#9A8CFF", "#FF8C9E", "#4CC46C", "#E6D25A", "#88CCEE",
        "#EE99EE", "#55D6C2", "#E0709C", "#C2C23C", "#BBBBBB",
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
