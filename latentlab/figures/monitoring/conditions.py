"""How well the conditions of a plant are named and found, against how many labels or conditions a model was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled, symbol

Curves = Mapping[str, Sequence[Sequence[float]]]  # name -> at each place along the axis the numbers of all seeds
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
REPORTED = "star-diamond"
MARKS = (-1000, -300, -100, -30, -10, -3, 0, 3, 10)  # nats that are labelled


def accuracy_curves(
    found: Curves, along: Sequence[str], title: str, reported: Mapping[str, Sequence[float | None]], look: Theme
) -> go.Figure:
    """Means of accuracies with their standard deviations over the seeds.

    Args:
        found: accuracies, from 0 to 1; none where it wasn't measured.
        along: what the places along the axis are.
        title: of the axis.
        reported: name -> at each place what a source reports, or None; in the colour of the curve of that name.
        look: colours.
    """
    figure = go.Figure()
    for k, (name, values) in enumerate(found.items()):
        _add_curve(figure, k, name, along, [np.array(one) for one in values], "{y:.1%} ± %{error_y.array:.1%}", look)
        if any(value is not None for value in reported.get(name, ())):
            figure.add_scatter(
                x=list(along), y=list(reported[name]), mode="markers", name=literal(f"{name}, reported"),
                marker={"color": look.colour(k), "symbol": REPORTED, "size": 13},
                hovertemplate="%{x}: reported %{y:.1%}<extra>" + literal(name) + "</extra>",
            )  # fmt: skip
    figure.update_xaxes(title_text=title, type="category", showgrid=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return styled(figure, look, 420, legend=_below())


def strangeness_curves(found: Curves, along: Sequence[str], title: str, look: Theme) -> go.Figure:
    """Means of bounds in nats with their standard deviations over the seeds, on an asinh axis; arguments as above."""
    figure = go.Figure()
    for k, (name, values) in enumerate(found.items()):
        raw = [np.array(one) for one in values]
        _add_curve(figure, k, name, along, [np.arcsinh(one) for one in raw], "{customdata:.1f} nats", look,
                   [float(one.mean()) if len(one) else None for one in raw])  # fmt: skip
    figure.update_xaxes(title_text=title, type="category", showgrid=False)
    figure.update_yaxes(title_text="U, nats", tickvals=np.arcsinh(MARKS).tolist(), ticktext=list(map(str, MARKS)))
    return styled(figure, look, 420, legend=_below())


def _add_curve(
    figure: go.Figure,
    k: int,
    name: str,
    along: Sequence[str],
    values: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]],
    hover: str,
    look: Theme,
    data: Sequence[float | None] | None = None,
) -> None:
    figure.add_scatter(
        x=list(along), y=[float(one.mean()) if len(one) else None for one in values], name=literal(name),
        mode="lines+markers", line={"color": look.colour(k), "dash": DASHES[k % len(DASHES)], "width": 2},
        marker={"size": 8, "symbol": symbol(k)}, customdata=data,
        error_y={"array": [one.std(ddof=1) if len(one) > 1 else 0.0 for one in values], "thickness": 1.5, "width": 4},
        hovertemplate="%{x}: %" + hover + "<extra>" + literal(name) + "</extra>",
    )  # fmt: skip


def _below() -> dict[str, object]:
    return {"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0}
