"""The trainings of a sweep: parallel coordinates of knobs and scores, and learning curves with bands over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sweep import Comparison, bands
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled
from latentlab.jobs.sweep import said

DRAWN = 5  # settings whose curve has a colour and a band
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
BAND = 0.18  # opacity


def parallel_coordinates(
    settings: Sequence[Mapping[str, Any]], scores: Doubles, found: Comparison, measure: str, look: Theme
) -> go.Figure:
    """A line for each training, through its values of the knobs to its score; the best setting's are thick.

    Of a setting that hasn't been trained yet it ends at the last knob.

    Args:
        settings: (S) knob -> value.
        scores: (S, R), NaN where there is none.
        found: the comparison of them.
        measure: what the scores are, with their unit.
        look: colours.
    """
    knobs = list(settings[0])
    values = {name: sorted({setting[name] for setting in settings}) for name in knobs}
    heights = [[_place(values[name], setting[name]) for name in knobs] for setting in settings]
    known = scores[~np.isnan(scores)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    scale = (high - low) or 1.0
    figure = go.Figure()
    tied = set(found.tied)
    for k in sorted(range(len(settings)), key=lambda k: (k == found.best, k in tied)):  # the best on top
        own = [(float(score) - low) / scale for score in scores[k][~np.isnan(scores[k])]] or [math.nan]
        x = np.array([[*range(len(knobs) + 1), math.nan] for _ in own], np.float64).ravel()
        y = np.array([[*heights[k], height, math.nan] for height in own], np.float64).ravel()
        width, colour, dash = _line(k, found, tied, look)
        figure.add_scatter(
            x=x, y=y, mode="lines+markers", showlegend=False,
            line={"color": colour, "width": width, "dash": dash}, marker={"size": width + 3, "color": colour},
            opacity=1.0 if k == found.best else 0.75, name=literal(said(settings[k])),
            hovertemplate=f"{literal(said(settings[k]))}<extra></extra>",
        )  # fmt: skip
    ends = [(len(knobs), at, f"{low + at * scale:.3g}") for at in (0.0, 0.5, 1.0)] if len(known) else []
    marks = [(i, _place(values[name], one), _short(one)) for i, name in enumerate(knobs) for one in values[name]]
    for i, height, text in [*marks, *ends]:
        side = "left" if i == len(knobs) else "right"
        figure.add_annotation(
            x=i, y=height, text=literal(text), showarrow=False, xanchor=side, xshift=8 if side == "left" else -8,
            font={"size": 13, "color": look.text}, bgcolor=look.surface, borderpad=1,
        )  # fmt: skip
    for i in range(len(knobs) + 1):
        figure.add_shape(
            type="line", x0=i, x1=i, y0=-0.03, y1=1.03, line={"color": look.grid, "width": 2}, layer="below"
        )
    figure.update_xaxes(
        tickvals=list(range(len(knobs) + 1)), ticktext=[literal(name) for name in (*knobs, measure)],
        range=[-0.35, len(knobs) + 0.35], showgrid=False, side="top", fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.08, 1.08], fixedrange=True)
    return styled(figure, look, 460)


def curves_with_bands(
    settings: Sequence[Mapping[str, Any]], curves: Doubles, found: Comparison, measure: str, look: Theme
) -> go.Figure:
    """Means over seeds after each epoch; those of the best settings in colour with their 95 % bands, the others thin.

    While none is ranked, those that have begun stand for the best.

    Args:
        settings: (S) knob -> value.
        curves: (S, R, E), NaN where there is none.
        found: the comparison of the scores.
        measure: what the numbers are, with their unit.
        look: colours.
    """
    mean, low, high = bands(curves)
    epochs = np.arange(1, curves.shape[2] + 1)
    begun = [k for k in range(len(settings)) if not np.isnan(mean[k]).all()]
    first = (found.order.tolist() or begun)[:DRAWN]
    others = [k for k in begun if k not in first]
    figure = go.Figure()
    for n, k in enumerate(others):
        figure.add_scatter(
            x=epochs, y=mean[k], mode="lines", name="the others" if n == 0 else "", showlegend=n == 0,
            legendgroup="others", line={"color": look.muted, "width": 1}, opacity=0.7,
            hovertemplate=f"{literal(said(settings[k]))}<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    for n, k in reversed(list(enumerate(first))):
        colour, name = look.classes[n], literal(said(settings[k]))
        figure.add_scatter(
            x=np.concatenate([epochs, epochs[::-1]]), y=np.concatenate([high[k], low[k][::-1]]), mode="lines",
            fill="toself", fillcolor=_faint(colour), line={"width": 0}, hoverinfo="skip", showlegend=False,
            legendgroup=name,
        )  # fmt: skip
        figure.add_scatter(
            x=epochs, y=mean[k], mode="lines", name=name, legendgroup=name, legendrank=n,
            line={"color": colour, "width": 3 if n == 0 else 2, "dash": DASHES[n]},
            hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(title_text=f"held-out {literal(measure)}", range=_bulk(np.stack([mean, low, high])))
    return styled(figure, look, 420)


def _place(values: Sequence[Any], value: Any) -> float:
    """Where a value lies on its axis: its place among the others, evenly, from 0 to 1."""
    return values.index(value) / (len(values) - 1) if len(values) > 1 else 0.5


def _line(k: int, found: Comparison, tied: set[int], look: Theme) -> tuple[float, str, str]:
    if k == found.best:
        return 4.0, look.accent, "solid"
    return (2.0, look.text, "dash") if k in tied else (1.0, look.muted, "solid")


def _bulk(values: NDArray[np.float64]) -> list[float] | None:
    """Limits that leave out the first steep epochs."""
    later = values[..., values.shape[-1] // 5 :]
    known = later[~np.isnan(later)]
    if not len(known):
        return None
    margin = 0.05 * float(known.max() - known.min()) or 1e-3
    return [float(known.min()) - margin, float(known.max()) + margin]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{BAND})"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
