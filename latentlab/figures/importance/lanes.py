"""Master, database and workers over time: what goes from one to the other (Alain 2018, Fig. 7.1)."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from latentlab.analysis.importance.staleness import BYTES
from latentlab.figures.importance.course import ISSGD, SGD
from latentlab.figures.theme import Theme, styled
from latentlab.training.importance.recorded import Event, Exchange

LANES = {"master": 2.0, "database": 1.0, "workers": 0.0}
WAYS = {
    Exchange.PARAMETERS_LEFT: ("master", "database", 0.05, SGD),
    Exchange.PARAMETERS_TAKEN: ("database", "workers", 0.2, SGD),
    Exchange.WEIGHTS_LEFT: ("workers", "database", 0.5, ISSGD),
    Exchange.WEIGHTS_TAKEN: ("database", "master", 0.65, ISSGD),
}  # from, to, when in a step, and the colour
LASTS = 0.12  # of a step


def lanes_figure(events: Sequence[Event], exact: bool, look: Theme) -> go.Figure:
    """An arrow for each exchange, from lane to lane, and where the master trains.

    Args:
        events: in their order.
        exact: the master waits for all weights in each step: a dotted line.
        look: colours.
    """
    figure = go.Figure()
    steps = sorted({event.step for event in events})
    for y in LANES.values():
        figure.add_hline(y, line={"color": look.grid, "width": 6}, layer="below")
    for step in steps:
        figure.add_scatter(
            x=[step + 0.8, step + 1.0], y=[LANES["master"]] * 2, mode="lines", showlegend=False,
            line={"color": look.accent, "width": 10}, hovertemplate=f"the master makes step {step + 1}<extra></extra>",
        )  # fmt: skip
        if exact:
            figure.add_vline(step + 0.72, line={"color": look.text, "dash": "dot", "width": 1.5})
    for what, (start, end, when, colour) in WAYS.items():
        own = [event for event in events if event.what is what]
        for event in own:
            x = event.step + when
            if what is Exchange.WEIGHTS_LEFT:
                rows = f"{event.rows[0]}–{event.rows[1]}"
                figure.add_annotation(x=x, y=LANES[start] - 0.2, text=rows, showarrow=False, font={"size": 11})
            figure.add_annotation(
                x=x + LASTS, y=LANES[end], ax=x, ay=LANES[start], xref="x", yref="y", axref="x", ayref="y", text="",
                arrowhead=2, arrowwidth=2, arrowcolor=colour, standoff=4,
            )  # fmt: skip
        figure.add_scatter(
            x=[event.step + when + LASTS / 2 for event in own], y=[(LANES[start] + LANES[end]) / 2] * len(own),
            mode="markers", name=what.value,
            customdata=[(event.version, event.count, BYTES * event.count) for event in own],
            marker={"size": 6, "color": colour, "symbol": "circle" if start == "master" else "square"},
            hovertemplate="version %{customdata[0]}: %{customdata[1]:,} numbers, %{customdata[2]:,} bytes"
            f"<extra>{what.value}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="steps of the training", tickvals=[*steps, steps[-1] + 1], showgrid=False)
    figure.update_yaxes(tickvals=list(LANES.values()), ticktext=list(LANES), range=[-0.4, 2.3], showgrid=False)
    return styled(figure, look, 330)
