"""One reading closely: how far each sensor is from what was expected; and the codes of a stream on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.figures.monitoring.stream import ALARM
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled, symbol

USUAL = 2.0  # deviations: so far from what is expected a reading often is


def deviation_bars(apart: Doubles, names: Sequence[str], texts: Sequence[str], look: Theme) -> go.Figure:
    """(D,) how many deviations each sensor is from what was expected, with what it read in words."""
    figure, wide = go.Figure(), float(np.abs(apart).max(initial=USUAL))
    figure.add_vrect(-USUAL, USUAL, fillcolor=look.muted, opacity=0.15, line={"width": 0}, layer="below")
    figure.add_bar(
        x=apart, y=[literal(name) for name in names], orientation="h",
        marker={"color": [ALARM if abs(value) > USUAL else look.muted for value in apart]},
        customdata=[literal(text) for text in texts],
        hovertemplate="%{y}: %{x:+.1f} deviations; %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(0, line={"color": look.text, "width": 1})
    figure.update_xaxes(title_text="deviations", range=[-1.1 * wide, 1.1 * wide], tickangle=0)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return styled(figure, look, 28 * len(names) + 70, showlegend=False, bargap=0.3)


def path_figure(
    codes: Floats, y: Labels, classes: Sequence[str], path: Floats, above: Labels, chosen: int, look: Theme
) -> go.Figure:
    """Two components of codes of known examples, and the path of a stream through them.

    Args:
        codes: (N, 2) of examples.
        y: (N,) their classes; negative where there is none.
        classes: their names.
        path: (T, 2) of the stream.
        above: rows of the path that score above the threshold.
        chosen: the row that is looked at.
        look: colours.
    """
    figure = go.Figure()
    for k in sorted(set(y.tolist())):
        rows = codes[y == k]
        figure.add_scattergl(
            x=rows[:, 0], y=rows[:, 1], mode="markers", name=literal(classes[k]) if k >= 0 else "normal examples",
            marker={"color": look.colour(k), "symbol": symbol(k), "size": 6, "opacity": 0.5}, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scattergl(
        x=path[:, 0], y=path[:, 1], mode="lines", name="the stream", line={"color": look.text, "width": 1},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scattergl(
        x=path[above, 0], y=path[above, 1], mode="markers", name="above the threshold",
        marker={"color": ALARM, "size": 6, "symbol": "x"}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scattergl(
        x=path[chosen : chosen + 1, 0], y=path[chosen : chosen + 1, 1], mode="markers", name="the chosen reading",
        marker={"color": MARK, "size": 14, "line": {"color": look.text, "width": 1}}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title_text="first component of the code")
    figure.update_yaxes(title_text="second component")
    return styled(figure, look, 460)


def detector_bars(found: Mapping[str, Sequence[float]], faults: Sequence[str], look: Theme) -> go.Figure:
    """AUROC of each detector (a group of bars) for each fault; one half is chance."""
    figure = go.Figure()
    for k, (name, values) in enumerate(found.items()):
        figure.add_scatter(
            x=values, y=[literal(fault) for fault in faults], mode="markers", name=literal(name),
            marker={"color": look.accent if k == 0 else look.colour(k), "symbol": symbol(k), "size": 8 + 4 * (k == 0)},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(0.5, line={"color": look.muted, "dash": "dash", "width": 1})
    figure.update_xaxes(title_text="AUROC; 0.5 is chance")
    figure.update_yaxes(type="category", autorange="reversed")
    return styled(figure, look, 26 * len(faults) + 110)
