"""Charts beside a map of many points: of what is selected on it, and of how the classes lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled


def histogram(values: NDArray[np.floating], chosen: NDArray[np.integer], name: str, look: Theme) -> go.Figure:
    """How a number of the chosen is distributed, beside that of all, each in per cent of its own.

    Args:
        values: (N,) of all.
        chosen: (M,) which of them.
        name: of the number, with its unit.
        look: colours.
    """
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0, 1]) if len(known) else (0.0, 1.0)
    bins = {"start": float(low), "end": float(high), "size": float(high - low) / 30 or 1.0}
    figure = go.Figure()
    for part, label, colour in ((values, "all", look.muted), (values[chosen], "selected", look.accent)):
        shown = np.ascontiguousarray(part, np.float32)
        figure.add_histogram(
            x=shown, name=label, histnorm="percent", xbins=bins, autobinx=False, marker={"color": colour}, opacity=0.6
        )
    return styled(
        figure, look, 220, barmode="overlay", xaxis={"title": {"text": literal(name)}}, yaxis={"title": {"text": "%"}}
    )


def class_bars(
    labels: NDArray[np.integer], chosen: NDArray[np.integer], classes: Sequence[str], look: Theme
) -> go.Figure:
    """How many of the chosen are of each class, beside how many of all, each in per cent of its own.

    Args:
        labels: (N,) class indices of all; -1 is no class.
        chosen: (M,) which of them.
        classes: their names.
        look: colours.
    """
    known = list(range(-1 if (labels < 0).any() else 0, len(classes)))
    names = ["no class" if k < 0 else classes[k] for k in known]
    colours = [look.colour(k) for k in known]
    figure = go.Figure()
    for part, label, colour in ((labels, "all", look.grid), (labels[chosen], "selected", colours)):
        share = np.array([(part == k).mean() for k in known], np.float32) * 100
        figure.add_bar(x=list(map(literal, names)), y=share, name=label, marker={"color": colour}, showlegend=False)
    return styled(
        figure, look, 220, xaxis=class_axis(names), yaxis={"title": {"text": "% of all (gray), of the selected"}}
    )


def gaps(distances: NDArray[np.floating], classes: Sequence[str], look: Theme, name: str = "distance") -> go.Figure:
    """(C, C) distances between the classes as a table of colours; `name` is what they are called, with their unit."""
    return _class_table(distances, classes, look, name, "%{y} to %{x}: %{z:.3g}<extra></extra>", ".3g")


def overlaps(shares: NDArray[np.floating], classes: Sequence[str], look: Theme) -> go.Figure:
    """(C, C) shares of neighbours as a table of colours, in per cent; a class with itself is left out."""
    percent = np.where(np.eye(len(classes)) == 1, np.nan, 100 * shares)
    hover = "of the neighbours of %{y}, %{z:.1f} % are %{x}<extra></extra>"
    return _class_table(percent, classes, look, "% of neighbours", hover, ".1f")


def _class_table(
    values: NDArray[np.floating], classes: Sequence[str], look: Theme, name: str, hover: str, digits: str
) -> go.Figure:
    shown, names = np.asarray(values, np.float32), list(map(literal, classes))
    figure = go.Figure(
        go.Heatmap(
            z=shown, x=names, y=names, colorscale="Viridis", zmin=0, zmax=float(np.nanmax(shown, initial=0)) or 1.0,
            texttemplate=f"%{{z:{digits}}}" if written(names) else None, textfont={"size": 10},
            colorbar={"title": {"text": literal(name)}, "thickness": 10}, hoverongaps=False, hovertemplate=hover,
        )
    )  # fmt: skip
    axis = class_axis(classes)
    return styled(figure, look, 420, xaxis=axis, yaxis=axis | {"autorange": "reversed"})
