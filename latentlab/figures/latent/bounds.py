"""Bounds on log p(x) against the number of draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from latentlab.analysis.latent.bounds import Bound
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled


def bound_curves(found: Mapping[str, Sequence[Bound]], look: Theme) -> go.Figure:
    """For each model its bounds, with the standard error of the rise above the first; where log p(x) is known, a line.

    Args:
        found: what a model is called -> its bounds.
        look: colours.
    """
    figure = go.Figure()
    for (name, bounds), colour, dash in zip(found.items(), (look.accent, look.muted), ("solid", "dash"), strict=False):
        for exact in (one for one in bounds if not one.n):
            figure.add_hline(
                exact.mean, line={"color": colour, "dash": dash},
                annotation={"text": literal(f"{name}: log p(x) = {exact.mean:.2f}"), "font": {"size": 12}},
            )  # fmt: skip
        rising = [one for one in bounds if one.n]
        rise = [one.above(rising[0])[1] for one in rising]
        figure.add_scatter(
            x=[one.n for one in rising], y=[one.mean for one in rising], name=literal(name), mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2}, marker={"size": 7},
            error_y={"type": "data", "array": rise, "thickness": 1, "width": 4},
            hovertemplate="%{x:,} draws: %{y:.2f} ± %{error_y.array:.2f} nats<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(type="log", title_text="draws k", tickvals=[1, 10, 100, 1_000, 10_000])
    figure.update_yaxes(title_text="bound on log p(x) (nats)")
    return styled(figure, look, 420, showlegend=len(found) > 1)
