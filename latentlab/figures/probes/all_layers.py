"""All layers at once: probes of adversarial examples, and numbers of each layer as a map of heat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.probes.attacked import ATTACKED, CLEAN, RANDOM, UnderAttack
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

ROW = 30  # pixels of a row of the map
NETWORK = "the network"
KINDS = {CLEAN: (0, "circle", "solid"), ATTACKED: (1, "x", "solid"), RANDOM: (2, "triangle-up", "dot")}


def attacked_figure(found: UnderAttack, at: int, look: Theme) -> go.Figure:
    """The errors of the probes over the layers, and of the network at the end, for one size of the attack.

    Args:
        found: of all sizes.
        at: the place of the size.
        look: colours.
    """
    figure = go.Figure()
    names = [*map(literal, found.layers), NETWORK]
    for kind, (colour, symbol, dash) in KINDS.items():
        probes = found.errors[kind] if kind == CLEAN else found.errors[kind][:, at]
        network = found.network[kind][0 if kind == CLEAN else at]
        figure.add_scatter(
            x=names, y=[*probes, network], name=kind, mode="lines+markers",
            line={"color": look.colour(colour), "dash": dash, "width": 2}, marker={"symbol": symbol, "size": 9},
            hovertemplate="%{x}: %{y:.1%} wrong<extra>" + kind + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(type="category", tickangle=-35)
    figure.update_yaxes(title_text="test error of the probe", tickformat=".0%", rangemode="tozero")
    return styled(figure, look, 360)


def layer_heat(
    values: Doubles, layers: Sequence[str], columns: Sequence[str], about: tuple[str, str], as_error: bool, look: Theme
) -> go.Figure:
    """A number of each layer (row) and column, written into its cell.

    Args:
        values: (L, C) from 0 to 1; NaN where there is none.
        layers: names of the rows, the first on top.
        columns: names of the columns.
        about: what the columns and the numbers are.
        as_error: they are written as percentages, and low ones are good; else as they are.
        look: colours.
    """
    text = [
        ["" if np.isnan(value) else f"{value:.0%}" if as_error else f"{value:.2f}" for value in row] for row in values
    ]
    names = list(map(literal, layers))
    figure = go.Figure(
        go.Heatmap(
            z=values, x=list(map(literal, columns)), y=names, text=text, texttemplate="%{text}", zmin=0, zmax=1, xgap=1,
            ygap=1, colorscale="Viridis", reversescale=as_error, showscale=False,
            hovertemplate="%{y}, " + about[0] + " %{x}: " + about[1] + " %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(type="category", title_text=about[0], showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return styled(figure, look, 90 + ROW * len(names))
