"""Analogies drawn: sheets with what a judge says under every cell, what a decoder uses, and how real a way is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.analysis.analogy import Usage
from latentlab.analysis.judging import Judged, Share
from latentlab.analysis.style import Consistency
from latentlab.data import to_bytes
from latentlab.figures.sheets import Bytes, data_uri, enlarge, png, stitch
from latentlab.figures.theme import Theme, styled

Floats = NDArray[np.float32]
Classes = NDArray[np.int64]

WIDTH = 640  # pixels that a sheet has, about
CELLS = (54, 84)  # pixels of a cell, from ... to
WORDS = 19  # ... and of what is said under it
SPACE = 0.35  # cells between the sources and the rest
MARK = "#ff5c8a"


@dataclass(frozen=True)
class Verdicts:
    """What a judge says of each cell: (N, K) the class that it sees, and its probability."""

    seen: Classes
    confidence: Floats


def analogy_sheet(
    cells: Floats,
    sources: Floats | None,
    columns: Sequence[str],
    rows: Sequence[str],
    classes: Sequence[str],
    look: Theme,
    verdicts: Verdicts | None = None,
    asked: Classes | None = None,
    marked: int | None = None,
) -> go.Figure:
    """Rows of images with their source on the left.

    Args:
        cells: (N, M, C, H, W) in [0, 1].
        sources: (N, C, H, W), or None where a row has none.
        columns: M titles.
        rows: N titles.
        classes: the names of the judge's classes.
        look: colours.
        verdicts: written under every cell, in the colour of the class that is seen.
        asked: (N, M) the classes that the cells should be: a verdict that differs is bold and struck by a cross.
        marked: a row that stands out.
    """
    n, m = cells.shape[:2]
    cell = min(max(WIDTH / (m + 1 + SPACE), CELLS[0]), CELLS[1])
    words = WORDS / cell if verdicts is not None else 0.0
    pitch, left = 1 + words, -1 - SPACE if sources is not None else 0.0  # rows and columns are 1 wide
    figure = go.Figure()
    for row in range(n):
        _image(figure, stitch(enlarge(to_bytes(cells[row][None]), 2), gap=2), 0, row * pitch, m)
        if sources is not None:
            _image(figure, stitch(enlarge(to_bytes(sources[row][None, None]), 2)), left, row * pitch, 1)
    x, y = np.meshgrid(np.arange(m, dtype=np.float32) + 0.5, np.arange(n, dtype=np.float32) * pitch)
    said = [[""] * m for _ in range(n)]
    if verdicts is not None:
        _verdicts(figure, x, y, verdicts, words, asked, classes, look)
        said = [
            [f"<br>judge: {classes[k]}, {p:.0%}" for k, p in zip(*pair, strict=True)]
            for pair in zip(verdicts.seen, verdicts.confidence, strict=True)
        ]
    hover = [f"{rows[i]} as {columns[j]}{said[i][j]}" for i in range(n) for j in range(m)]
    figure.add_scatter(
        x=x.ravel(), y=y.ravel() + 0.5, mode="markers", marker={"size": cell * 0.8, "symbol": "square", "opacity": 0},
        text=hover, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    if marked is not None:
        figure.add_shape(
            type="rect", x0=left - 0.04, x1=m + 0.04, y0=marked * pitch - 0.04, y1=marked * pitch + 1.04,
            line={"color": MARK, "width": 2},
        )  # fmt: skip
    ticks, names = [j + 0.5 for j in range(m)], [f"<b>{name}</b>" for name in columns]
    if sources is not None:
        ticks, names = [left + 0.5, *ticks], ["source", *names]
    figure.update_xaxes(range=[left - 0.1, m + 0.1], tickvals=ticks, ticktext=names, side="top")
    middles = [i * pitch + 0.5 for i in range(n)]
    figure.update_yaxes(
        range=[n * pitch, -0.06], tickvals=middles, ticktext=list(rows), scaleanchor="x", constraintoward="top"
    )
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(showgrid=False, constrain="domain")
    height = round(cell * pitch * n) + 44
    return styled(figure, look, height, showlegend=False, dragmode=False, margin={"l": 8, "r": 8, "t": 30, "b": 4})


def meters(used: Usage, judged: Judged | None, kept: Consistency | None, look: Theme) -> go.Figure:
    """Three panels: what the variance comes from, what the judge sees, what a row keeps; beside their controls."""
    titles = ["share of the variance", "recognised by the judge", "style kept along a row"]
    figure = make_subplots(1, 3, subplot_titles=titles, horizontal_spacing=0.12)
    shares = np.array([used.z, used.y, used.both])
    figure.add_bar(
        y=["style z", "class y", "only both"], x=shares, orientation="h", marker={"color": look.accent},
        text=[f"{share:.0%}" for share in shares], textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    if judged is not None:
        bars = [("generated", judged.accuracy, look.accent)]
        bars += [("real", judged.control, look.muted)] if judged.control is not None else []
        for name, found, colour in bars:
            _interval(figure, name, found, colour, 2)
    if kept is not None:
        for name, trait in (*kept.traits.items(), ("mean", kept.overall)):
            figure.add_bar(
                y=[name], x=[trait.value], orientation="h", marker={"color": look.accent}, row=1, col=3,
                text=[f"{trait.value:.2f}"], textposition="outside", cliponaxis=False,
                hovertemplate=f"{name}: %{{x:.2f}}<extra></extra>",
            )  # fmt: skip
            figure.add_scatter(
                y=[name], x=[trait.null], mode="markers", marker={"color": look.muted, "size": 9, "symbol": "diamond"},
                error_x={"array": [2 * trait.null_std], "color": look.muted, "thickness": 2}, row=1, col=3,
                hovertemplate=f"shuffled rows: {trait.null:.2f} ± {2 * trait.null_std:.2f}<extra></extra>",
            )  # fmt: skip
    figure.update_annotations(font={"size": 13, "color": look.text})
    figure.update_xaxes(range=[0, 1.18], tickvals=[0, 0.5, 1])
    figure.update_xaxes(range=[-0.3, 1.18], row=1, col=3)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return styled(figure, look, 230, showlegend=False, barmode="overlay", margin={"l": 8, "r": 8, "t": 34, "b": 8})


def support_along(
    amounts: Floats, measures: Mapping[str, tuple[Floats, float]], look: Theme, unit: str = "steps"
) -> go.Figure:
    """How far from real each place along a way is: a line for each example, dashed what 95 % of real ones stay below.

    Args:
        amounts: (S,) the places.
        measures: title -> (N, S) numbers, and the 95 % quantile of the same for real examples.
        look: colours.
        unit: of the amounts.
    """
    figure = make_subplots(1, len(measures), subplot_titles=list(measures), horizontal_spacing=0.1)
    for column, (values, usual) in enumerate(measures.values(), 1):
        for line in values:
            figure.add_scatter(
                x=amounts, y=line, mode="lines", line={"color": look.accent, "width": 1.5}, opacity=0.6, row=1,
                col=column, hovertemplate="%{x:.2f}: %{y:.2f} σ<extra></extra>",
            )  # fmt: skip
        figure.add_hline(
            y=usual, line={"color": look.muted, "dash": "dash"}, row=1, col=column,
            annotation_text="95 % of real examples", annotation_font={"color": look.muted, "size": 12},
        )  # fmt: skip
        figure.update_xaxes(title_text=unit, row=1, col=column)
    figure.update_yaxes(rangemode="tozero")
    figure.update_annotations(font={"size": 13, "color": look.text})
    return styled(figure, look, 260, showlegend=False, margin={"l": 8, "r": 8, "t": 32, "b": 8})


def film_of(sheets: Floats, scale: int) -> list[Bytes]:
    """Sheets (T, N, M, C, H, W) as frames, there and back again: for an animation."""
    there = [stitch(enlarge(to_bytes(cells), scale), gap=2) for cells in sheets]
    return there + there[-2:0:-1]


def _image(figure: go.Figure, sheet: Bytes, x: float, y: float, width: float) -> None:
    figure.add_layout_image(
        source=data_uri(png(sheet)), xref="x", yref="y", sizing="stretch", layer="below", x=x, y=y, sizex=width, sizey=1
    )


def _verdicts(
    figure: go.Figure,
    x: Floats,
    y: Floats,
    verdicts: Verdicts,
    words: float,
    asked: Classes | None,
    classes: Sequence[str],
    look: Theme,
) -> None:
    """The class that is seen and its probability; a trace for each class and each of right and wrong."""
    right = np.ones(x.shape, bool) if asked is None else verdicts.seen == asked
    for k in np.unique(verdicts.seen):
        for good in (True, False):
            here = (verdicts.seen == k) & (right == good)
            if not here.any():
                continue
            said = [f"{classes[k]} · {p:.0%}" for p in verdicts.confidence[here]]
            figure.add_scatter(
                x=x[here], y=y[here] + 1 + words / 2, mode="text", hoverinfo="skip",
                text=said if good else [f"<b>✗ {text}</b>" for text in said],
                textfont={"size": 12, "color": look.classes[k % len(look.classes)]},
            )  # fmt: skip


def _interval(figure: go.Figure, name: str, found: Share, colour: str, column: int) -> None:
    figure.add_bar(
        y=[name], x=[found.value], orientation="h", marker={"color": colour}, row=1, col=column,
        error_x={"array": [found.high - found.value], "arrayminus": [found.value - found.low], "thickness": 1.5},
        hovertemplate=f"{name}: {found.value:.1%} ({found.low:.1%} to {found.high:.1%})<extra></extra>",
    )  # fmt: skip
