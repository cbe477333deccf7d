"""Dimensions of a code down, factors across: what each dimension shows beside what it says of each factor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles, Labels, Reals
from latentlab.figures.examples.appearance import Appearance, Values
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

PICTURE = 0.56  # of the width, where there are strips
LIGHTEST = 0.5  # of the colour scale: from here on numbers are dark


def factor_matrix(
    values: Reals,
    factors: Sequence[str],
    dimensions: Sequence[str],
    what: str,
    look: Theme,
    strips: Values | None = None,
    drawn: Appearance | None = None,
) -> go.Figure:
    """A cell for each dimension and factor, between 0 and 1, with strips of each dimension before it.

    Args:
        values: (D, F).
        factors: their names.
        dimensions: their names, with what is to be said of them.
        what: a value is, for the hover.
        look: colours.
        strips: (D, S, *shape) examples along each dimension; None for none.
        drawn: how an example is drawn.
    """
    has_strips = strips is not None and drawn is not None
    figure = make_subplots(
        1, 2 if has_strips else 1, shared_yaxes=True, horizontal_spacing=0.02,
        column_widths=[PICTURE, 1 - PICTURE] if has_strips else None,
    )  # fmt: skip
    rows, column = np.arange(len(dimensions)), 2 if has_strips else 1
    if strips is not None and drawn is not None:
        n = strips.shape[1]
        figure.add_layout_image(
            source=drawn.cells(strips, look, gap=2), xref="x", yref="y", sizing="stretch", layer="below",
            x=-0.5, y=-0.5, sizex=n, sizey=len(rows),
        )  # fmt: skip
        figure.add_scatter(x=[None], y=[None], row=1, col=1, hoverinfo="skip", showlegend=False)
        figure.update_xaxes(range=[-0.5, n - 0.5], showticklabels=False, showgrid=False, row=1, col=1)
    figure.add_heatmap(
        z=values, x=np.arange(len(factors)), y=rows, zmin=0, zmax=1, colorscale="Viridis", showscale=False,
        customdata=np.array([[f"{d}, {f}" for f in map(literal, factors)] for d in map(literal, dimensions)]),
        hovertemplate=f"%{{customdata}}<br>{literal(what)}: %{{z:.3f}}<extra></extra>", xgap=2, ygap=2,
        row=1, col=column,
    )  # fmt: skip
    for j in rows:
        for k in range(len(factors)):
            dark = values[j, k] > LIGHTEST
            figure.add_annotation(
                x=k, y=j, text=f"{100 * values[j, k]:.0f}", showarrow=False, row=1, col=column,
                font={"size": 13, "color": "#111111" if dark else "#ffffff"},
            )  # fmt: skip
    figure.update_xaxes(
        tickvals=np.arange(len(factors)), ticktext=[literal(name) for name in factors], side="top", showgrid=False,
        row=1, col=column,
    )  # fmt: skip
    figure.update_yaxes(
        range=[len(rows) - 0.5, -0.5], showgrid=False, tickvals=rows, ticktext=[literal(name) for name in dimensions]
    )
    height = min(drawn.row, 52) if drawn is not None and has_strips else 34
    return styled(figure, look, height * len(rows) + 60, showlegend=False, dragmode=False)


def values_by_level(
    codes: Reals, levels: Labels, factor: str, dimension: str, names: Sequence[str], look: Theme
) -> go.Figure:
    """The quartiles of one dimension at each level of one factor.

    Args:
        codes: (N,) of the dimension.
        levels: (N,) of the factor.
        factor: its name.
        dimension: its name.
        names: of the levels.
        look: colours.
    """
    figure = go.Figure()
    own = [codes[levels == k] for k in range(len(names))]
    low, first, middle, third, high = (
        np.array([np.quantile(one, q) if len(one) else np.nan for one in own]) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
    )
    figure.add_box(
        x=np.arange(len(names)), lowerfence=low, q1=first, median=middle, q3=third, upperfence=high,
        marker={"color": look.accent}, fillcolor="rgba(0,0,0,0)", showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(
        title_text=literal(factor), tickvals=np.arange(len(names)), ticktext=[literal(name) for name in names],
        showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(title_text=f"{literal(dimension)}: 5 %, quartiles, 95 %")
    return styled(figure, look, 360)


def score_grid(values: Doubles, betas: Sequence[float], sizes: Sequence[int], what: str, look: Theme) -> go.Figure:
    """A score for each β (across) and size of the code (up), in percent.

    Args:
        values: (sizes, betas), NaN where nothing was measured.
        betas: weights of the KL.
        sizes: of the code.
        what: a value is.
        look: colours.
    """
    figure = go.Figure()
    figure.add_heatmap(
        z=values, x=np.arange(len(betas)), y=np.arange(len(sizes)), zmin=0, zmax=1, colorscale="Viridis",
        showscale=False, xgap=2, ygap=2, hovertemplate=f"{literal(what)}: %{{z:.3f}}<extra></extra>",
    )  # fmt: skip
    for j, row in enumerate(values):
        for k, value in enumerate(row):
            if np.isfinite(value):
                colour = "#111111" if value > LIGHTEST else "#ffffff"
                figure.add_annotation(
                    x=k, y=j, text=f"{100 * value:.0f}", showarrow=False, font={"size": 14, "color": colour}
                )
    figure.update_xaxes(
        title_text="β", tickvals=np.arange(len(betas)), ticktext=[f"{beta:g}" for beta in betas], showgrid=False
    )
    figure.update_yaxes(
        title_text="dimensions of the code", tickvals=np.arange(len(sizes)), ticktext=[str(n) for n in sizes],
        showgrid=False,
    )  # fmt: skip
    return styled(figure, look, 300, dragmode=False)
