"""Analogies drawn: sheets with a prediction under each image, what a decoder uses, and the support along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.conditional.agreement import ClassifierAgreement
from latentlab.analysis.conditional.analogies import Usage
from latentlab.analysis.conditional.style import Consistency
from latentlab.analysis.stats import Proportion
from latentlab.data import to_bytes
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.sheets import GAP, Bytes, enlarge, stitch
from latentlab.figures.theme import MARK, Theme, styled

WIDTH = 740  # units of a sheet, about pixels: it is drawn as wide as there is room
LABEL = 84  # ... of what a row is called
LETTERS = 12  # ... that fit
TITLE = 26  # ... of the columns' titles
FONT = 13  # pixels of a row's name and a column's title, in a narrow window too
NARROW = (0.9, 0.8, 0.7, 0.6, 0.5)  # of the sheet's width: where letters grow against it
LINE = 18  # ... of what is said under a cell
CELLS = (48, 84)  # ... of a cell, from ... to
SPACE = 14  # ... between the sources and the rest


@dataclass(frozen=True)
class Predictions:
    """The predictions for each image: (N, K) the predicted class, and its probability."""

    predicted: Labels
    confidence: Floats


def analogy_sheet(
    cells: Floats,
    sources: Floats | None,
    columns: Sequence[str],
    rows: Sequence[str],
    classes: Sequence[str],
    look: Theme,
    drawn: Appearance,
    predictions: Predictions | None = None,
    requested: Labels | None = None,
    marked: int | None = None,
) -> str:
    """Rows of examples with their source on the left, as a drawing (SVG): words and pictures keep together.

    Args:
        cells: (N, M, *shape) as models see them.
        sources: (N, *shape), or None where a row has none.
        columns: M titles.
        rows: N titles.
        classes: the names of the classifier's classes.
        look: colours.
        drawn: how an example is drawn.
        predictions: written under each image, with a dot in the colour of the predicted class.
        requested: (N, M) the requested classes: a prediction that differs is bold, with a cross.
        marked: a row that stands out.
    """
    n, m = cells.shape[:2]
    n_columns = m + (sources is not None)
    cell = min(max((WIDTH - LABEL - SPACE) / n_columns, CELLS[0]), CELLS[1])
    pitch = cell + (LINE if predictions is not None else 3)
    left = LABEL + (cell + SPACE if sources is not None else 0)
    width, height = left + m * cell + 2, TITLE + n * pitch + 2
    longest = max(map(len, [*columns, *["source"] * (sources is not None)]))
    parts = [_style(width, cell / 2.3, cell / (0.55 * longest))]
    parts += [
        _text(name, left + (j + 0.5) * cell, 19, look.text, bold=True, role="title") for j, name in enumerate(columns)
    ]
    if sources is not None:
        parts.append(_text("source", LABEL + cell / 2, 19, look.muted, role="title"))
    for i in range(n):
        top = TITLE + i * pitch
        parts.append(_row_name(rows[i], top + cell / 2, look.muted))
        parts.append(_image(drawn.cells(cells[i][None], look, scale=1), left, top, m * cell, cell))
        between = "".join(f"M{left + j * cell:.1f} {top:.1f}v{cell:.1f}" for j in range(1, m))
        parts.append(f'<path d="{between}" stroke="rgb({GAP},{GAP},{GAP})"/>')
        if sources is not None:
            parts.append(_image(drawn.cells(sources[i][None, None], look, scale=1), LABEL, top, cell, cell))
        if predictions is not None:
            for j, (k, p) in enumerate(zip(predictions.predicted[i], predictions.confidence[i], strict=True)):
                wrong = requested is not None and bool(k != requested[i, j])
                said, dot = f"{'✗ ' * wrong}{classes[k]} {p:.0%}", look.colour(k)
                colour = look.text if wrong else look.muted
                parts.append(_text(said, left + (j + 0.5) * cell, top + cell + 13, colour, wrong, size=11, dot=dot))
        if marked == i:
            parts.append(
                f'<rect x="{LABEL - 1:.1f}" y="{top - 1:.1f}" width="{width - LABEL:.1f}" height="{cell + 2:.1f}" '
                f'fill="none" stroke="{MARK}" stroke-width="2"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" '
        f'font-family="Helvetica, Arial, sans-serif">{"".join(parts)}</svg>'
    )


def usage_figures(
    used: Usage, agreement: ClassifierAgreement | None, consistency: Consistency | None, look: Theme
) -> dict[str, go.Figure]:
    """By title: shares of the variance, classifier agreement, style consistency; with their controls."""
    shares, errors, panels = np.array([used.z, used.y, used.both]), 2 * np.array(used.std_errors), {}
    panels["share of the variance"] = figure = go.Figure()
    figure.add_bar(
        y=["style z", "class y", "only both"], x=shares, orientation="h", marker={"color": look.accent},
        text=[f"{share:.0%} ± {error:.0%}".partition(" ± nan")[0] for share, error in zip(shares, errors, strict=True)],
        textposition="outside", cliponaxis=False, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    if agreement is not None:
        panels["classifier agreement"] = figure = go.Figure()
        bars = [("generated", agreement.accuracy, look.accent)]
        bars += [("real", agreement.control, look.muted)] if agreement.control is not None else []
        for name, found, colour in bars:
            _interval(figure, name, found, colour)
    if consistency is not None:
        panels["style consistency"] = figure = go.Figure()
        for name, trait in (*consistency.traits.items(), ("mean", consistency.overall)):
            figure.add_bar(
                y=[name], x=[trait.value], orientation="h", marker={"color": look.accent},
                text=[f"{trait.value:.2f}"], textposition="outside", cliponaxis=False,
                hovertemplate=f"{name}: %{{x:.2f}}<extra></extra>",
            )  # fmt: skip
            figure.add_scatter(
                y=[name], x=[trait.null], mode="markers", marker={"color": look.muted, "size": 9, "symbol": "diamond"},
                error_x={"array": [2 * trait.null_std], "color": look.muted, "thickness": 2},
                hovertemplate=f"shuffled rows: {trait.null:.2f} ± {2 * trait.null_std:.2f}<extra></extra>",
            )  # fmt: skip
    for title, panel in panels.items():
        lowest = -0.3 if title == "style consistency" else 0.0
        panel.update_xaxes(range=[lowest, 1.18], tickvals=[0, 0.5, 1])
        panel.update_yaxes(autorange="reversed", showgrid=False)
        styled(panel, look, 200, showlegend=False, barmode="overlay")
    return panels


def support_along(amounts: Floats, values: Floats, usual: float, look: Theme, unit: str = "steps") -> go.Figure:
    """The distance from real codes along a path: a line for each example; 95 % of real ones are below the dashed line.

    Args:
        amounts: (S,) the places.
        values: (N, S) how far, in σ.
        usual: the 95 % quantile of the same for real examples.
        look: colours.
        unit: of the amounts.
    """
    figure = go.Figure()
    for line in values:
        figure.add_scatter(
            x=amounts, y=line, mode="lines", line={"color": look.accent, "width": 1.5}, opacity=0.6,
            hovertemplate="%{x:.2f}: %{y:.2f} σ<extra></extra>",
        )  # fmt: skip
    figure.add_hline(
        y=usual, line={"color": look.muted, "dash": "dash"},
        annotation_text="95 % of real examples", annotation_font={"color": look.muted, "size": 12},
    )  # fmt: skip
    figure.update_xaxes(title_text=unit)
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, look, 230, showlegend=False)


def film_of(sheets: Floats, scale: int) -> list[Bytes]:
    """Sheets (T, N, M, C, H, W) as frames, there and back again: for an animation."""
    there = [stitch(enlarge(to_bytes(cells), scale), gap=2) for cells in sheets]
    return there + there[-2:0:-1]


def _style(width: float, largest_row: float, largest_title: float) -> str:
    """Letters of `FONT` pixels however wide the sheet is drawn, as far as they have room.

    A drawing that is shown as an image takes its own width for that of the window. In the narrowest, row names start at
    the left edge, so that of a long one the beginning stays visible.
    """
    rules = []
    for share in NARROW:
        size = FONT / share
        rules.append(
            f"@media (max-width:{width * share:.0f}px){{.row{{font-size:{min(size, largest_row):.1f}px}}"
            f".title{{font-size:{max(FONT, min(size, largest_title)):.1f}px}}}}"
        )
    left = f".row{{text-anchor:start;transform:translateX({6 - LABEL}px)}}"
    rules.append(f"@media (max-width:{width * NARROW[-2]:.0f}px){{{left}}}")
    return f"<style>{''.join(rules)}</style>"


def _row_name(name: str, middle: float, colour: str) -> str:
    """A row's name in at most two lines that fit on its left; a long one is cut off."""
    lines = list(filter(None, name.rpartition(" ")[::2]))
    short = [line if len(line) <= LETTERS else f"{line[: LETTERS - 1]}…" for line in lines]
    first = 0.35 - 0.6 * (len(short) - 1)
    spans = " ".join(
        f'<tspan x="{LABEL - 6}" dy="{1.2 if k else first:g}em">{escape(line)}</tspan>' for k, line in enumerate(short)
    )
    return f'<text class="row" y="{middle:.1f}" fill="{colour}" font-size="{FONT}" text-anchor="end">{spans}</text>'


def _image(address: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="{address}"/>'
    )


def _text(
    said: str,
    x: float,
    y: float,
    colour: str,
    bold: bool = False,
    size: float = FONT,
    dot: str = "",
    role: str = "",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    first, kind = f'<tspan fill="{dot}">●</tspan> ' if dot else "", f' class="{role}"' if role else ""
    return (
        f'<text{kind} x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size:g}" text-anchor="middle"{weight}>'
        f"{first}{escape(said)}</text>"
    )


def _interval(figure: go.Figure, name: str, found: Proportion, colour: str) -> None:
    figure.add_bar(
        y=[name], x=[found.value], orientation="h", marker={"color": colour},
        error_x={"array": [found.high - found.value], "arrayminus": [found.value - found.low], "thickness": 1.5},
        hovertemplate=f"{name}: {found.value:.1%} ({found.low:.1%} to {found.high:.1%})<extra></extra>",
    )  # fmt: skip
