"""Dimensions of a code down, factors across: what each dimension says of each factor, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles, Labels, Reals
from latentlab.figures.examples.appearance import Appearance, Values
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

LIGHTEST = 0.5  # of the colour scale: from here on numbers are dark
BARE = 34  # pixels of a row without examples
HIGHEST = 52  # of a row with them
LETTER = 7  # pixels of a letter of a factor's name, about
ACROSS = 380  # pixels for all of their names, where there is room
LONGEST = 20  # letters of a name that are shown
TURN = 40  # degrees by which names are turned where they don't fit


def factor_matrix(
    values: Reals, factors: Sequence[str], dimensions: Sequence[str], what: str, look: Theme, row: int = BARE
) -> go.Figure:
    """A cell for each dimension and factor, between 0 and 1.

    Args:
        values: (D, F).
        factors: their names.
        dimensions: their names.
        what: a value is, for the hover.
        look: colours.
        row: pixels of one, as high as that of the strips.
    """
    figure, rows = go.Figure(), np.arange(len(dimensions))
    figure.add_heatmap(
        z=values, x=np.arange(len(factors)), y=rows, zmin=0, zmax=1, colorscale="Viridis", showscale=False,
        customdata=np.array([[f"{d}, {f}" for f in map(literal, factors)] for d in map(literal, dimensions)]),
        hovertemplate=f"%{{customdata}}<br>{literal(what)}: %{{z:.3f}}<extra></extra>", xgap=2, ygap=2,
    )  # fmt: skip
    for j in rows:
        for k in range(len(factors)):
            dark = values[j, k] > LIGHTEST
            figure.add_annotation(
                x=k, y=j, text=f"{100 * values[j, k]:.0f}", showarrow=False,
                font={"size": 13, "color": "#111111" if dark else "#ffffff"},
            )  # fmt: skip
    figure.update_xaxes(
        tickvals=np.arange(len(factors)), ticktext=[literal(_short(name)) for name in factors], side="top",
        showgrid=False, tickangle=-TURN if _are_turned(factors) else 0,
    )  # fmt: skip
    _in_rows(figure, factors, dimensions, look, row)
    if _are_turned(factors):  # the last name reaches over the edge
        beyond = LETTER * len(_short(factors[-1])) * np.cos(np.deg2rad(TURN)) - ACROSS / len(factors) / 2
        figure.update_layout(margin_r=max(8, int(beyond)))
    return figure


def factor_strips(
    strips: Values, factors: Sequence[str], dimensions: Sequence[str], drawn: Appearance, look: Theme
) -> go.Figure:
    """What each dimension shows, in rows as high as those of the matrix, with as much room above them.

    Args:
        strips: (D, S, *shape) examples along each dimension.
        factors: names of the matrix.
        dimensions: their names, with what is to be said of them.
        drawn: how an example is drawn.
        look: colours.
    """
    figure, n = go.Figure(), strips.shape[1]
    figure.add_layout_image(
        source=drawn.cells(strips, look, gap=2), xref="x", yref="y", sizing="stretch", layer="below",
        x=-0.5, y=-0.5, sizex=n, sizey=len(dimensions),
    )  # fmt: skip
    figure.add_scatter(x=[None], y=[None], hoverinfo="skip", showlegend=False)
    figure.update_xaxes(range=[-0.5, n - 0.5], showticklabels=False, showgrid=False)
    return _in_rows(figure, factors, dimensions, look, height_of_row(drawn))


def height_of_row(drawn: Appearance) -> int:
    """Pixels of a row of examples, and of its row of numbers."""
    return min(drawn.row, HIGHEST)


def _in_rows(figure: go.Figure, factors: Sequence[str], dimensions: Sequence[str], look: Theme, row: int) -> go.Figure:
    rows, top = np.arange(len(dimensions)), 28
    if _are_turned(factors):
        longest = max(len(_short(name)) for name in factors)
        top += int(LETTER * longest * np.sin(np.deg2rad(TURN)))
    styled(figure, look, row * len(rows) + top + 8, showlegend=False, dragmode=False)
    figure.update_layout(margin={"l": 8, "r": 8, "t": top, "b": 8})
    figure.update_xaxes(automargin=False)
    return figure.update_yaxes(
        range=[len(rows) - 0.5, -0.5], showgrid=False, tickvals=rows, ticktext=[literal(name) for name in dimensions]
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _are_turned(factors: Sequence[str]) -> bool:
    """Whether the names don't fit above their columns."""
    return bool(factors) and LETTER * max(len(_short(name)) for name in factors) > ACROSS / len(factors)


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
