"""The confusion matrix of a classifier, whose cells can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.confusion import by_rows, errors_only
from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled

COUNTS, ROWS, ERRORS = "counts", "rows, %", "errors only"
VIEWS = (COUNTS, ROWS, ERRORS)
FAINT = 0.06  # the least shade of a cell that isn't empty
FAR = 60  # pixels from the middle of a cell, where a click still chooses it


def confusion_matrix(
    counts: Labels, names: Sequence[str], order: Labels, view: str, chosen: tuple[int, int] | None, look: Theme
) -> go.Figure:
    """How often each class (row) is predicted as another; a click gives `customdata` of the cell, (true, predicted).

    Args:
        counts: (K, K).
        names: of the classes.
        order: (K,) the classes from the left to the right, and from the top down.
        view: one of `VIEWS`; a shade is a share of the largest cell, of rows it is the share itself.
        chosen: the cell that is marked.
        look: colours.
    """
    shares, known = by_rows(counts), [literal(name) for name in names]
    shown = errors_only(counts) if view == ERRORS else counts
    z = shares if view == ROWS else shown / max(1, int(shown.max()))
    z = np.where(shown > 0, np.maximum(z, FAINT), 0)
    cells = np.ix_(order, order)
    texts = np.where(shown > 0, np.char.mod("%.0f", 100 * shares) if view == ROWS else shown.astype(str), "")
    along, few = [known[k] for k in order], written(names)
    figure = go.Figure(
        go.Heatmap(
            z=z[cells], x=along, y=along, text=texts[cells], texttemplate="%{text}" if few else None, showscale=False,
            zmin=0, zmax=1, hoverinfo="skip", xgap=int(few), ygap=int(few),
            colorscale=[[0, look.surface], [1, look.accent]],
        )
    )  # fmt: skip
    rows, columns = np.nonzero(shown)
    said = [
        f"{known[i]} predicted as {known[j]}: {counts[i, j]:,}, {shares[i, j]:.1%} of the class"
        for i, j in zip(rows, columns, strict=True)
    ]
    clear = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[known[j] for j in columns], y=[known[i] for i in rows], mode="markers",
        customdata=np.stack([rows, columns], 1).tolist(), selected=clear, unselected=clear,
        marker={"opacity": 0, "size": 24, "symbol": "square"},
        hovertext=said, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    if chosen is not None:
        i, j = (int(np.flatnonzero(order == k)[0]) for k in chosen)
        figure.add_shape(
            type="rect", x0=j - 0.5, x1=j + 0.5, y0=i - 0.5, y1=i + 0.5, line={"color": MARK, "width": 3}
        )  # fmt: skip
    axis = class_axis([names[k] for k in order])
    last = len(names) - 0.5
    figure.update_xaxes(title_text="predicted class", showgrid=False, range=[-0.5, last], **axis)
    figure.update_yaxes(title_text="it is", showgrid=False, range=[last, -0.5], **axis)
    return styled(
        figure, look, 440 if len(names) < 15 else 600, hovermode="closest", hoverdistance=FAR, clickmode="event+select",
        showlegend=False, dragmode=False,
        plot_bgcolor=look.grid if few else look.surface,
    )  # fmt: skip
