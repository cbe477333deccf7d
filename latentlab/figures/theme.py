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
