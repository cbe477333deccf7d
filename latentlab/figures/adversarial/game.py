"""A generator, a discriminator and the data, on a line and in the plane, and what was measured in the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.adversarial.best_discriminator import LEAST
from latentlab.analysis.adversarial.on_a_line import OnALine
from latentlab.analysis.arrays import Doubles, Floats, Labels, Reals
from latentlab.analysis.box import Box
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled, symbol

BEST, LEARNED = "#2ca25f", "#f28e2b"  # D* and D: green and orange
TICKS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])  # of a code


def line_game(found: OnALine, arrows: tuple[Reals, Reals] | None, look: Theme, height: int = 520) -> go.Figure:
    """The densities of data and samples, D and D* over them, and beneath where the generator puts codes.

    Args:
        found: of one step of a training.
        arrows: (A,) codes of one dimension and (A,) the samples they become; None for none.
        look: colours.
        height: in pixels.
    """
    shares = [0.72, 0.28] if arrows is not None else [1.0]
    figure = make_subplots(
        rows=len(shares), cols=1, row_heights=shares, shared_xaxes=True, vertical_spacing=0.02,
        specs=[[{"secondary_y": True}], [{}]][: len(shares)],
    )  # fmt: skip
    for y, name, colour, fill in (
        (found.data, "data", look.muted, "tozeroy"), (found.samples, "samples", look.accent, None),
    ):  # fmt: skip
        figure.add_scatter(
            x=found.places, y=y, name=name, mode="lines", line={"color": colour, "width": 2}, fill=fill,
            hovertemplate=f"x %{{x:.2f}}: density of {name} %{{y:.3f}}<extra></extra>", row=1, col=1,
        )  # fmt: skip
    for y, name, colour, dash in (
        (found.learned, "D(x)", LEARNED, "solid"), (found.best, "D*(x), the best", BEST, "dash"),
    ):  # fmt: skip
        figure.add_scatter(
            x=found.places, y=y, name=name, mode="lines", line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"x %{{x:.2f}}: {name[:-1].split('(')[0]} %{{y:.3f}}<extra></extra>",
            row=1, col=1, secondary_y=True,
        )  # fmt: skip
    span = [float(found.places[0]), float(found.places[-1])]
    figure.update_yaxes(title_text="density", rangemode="tozero", row=1, col=1, secondary_y=False)
    figure.update_yaxes(
        title_text="probability of being data", range=[0, 1.02], tickvals=[0, 0.5, 1], showgrid=False,
        row=1, col=1, secondary_y=True,
    )  # fmt: skip
    if arrows is not None:
        _add_arrows(figure, *arrows, span, look)
    styled(figure, look, height)
    figure.update_xaxes(range=span)
    figure.update_xaxes(title_text="x", showticklabels=True, row=len(shares), col=1)
    return figure


def _add_arrows(figure: go.Figure, z: Reals, x: Reals, span: Sequence[float], look: Theme) -> None:
    """From codes on a line of their own to samples above them; those that leave the picture end at its edge."""
    most = max(float(np.abs(z).max()), 1e-9)
    middle, half = (span[0] + span[1]) / 2, 0.45 * (span[1] - span[0])
    starts, ends = middle + half * np.asarray(z) / most, np.clip(np.asarray(x), span[0], span[1])
    gap = np.full_like(ends, np.nan)
    marker: dict[str, Any] = {"symbol": "arrow", "angleref": "previous", "size": [0, 8, 0] * len(ends)}
    figure.add_scatter(
        x=np.stack([starts, ends, gap], 1).ravel(), y=np.tile([0.0, 1.0, np.nan], len(ends)),
        mode="lines+markers", line={"color": look.muted, "width": 1}, marker=marker, showlegend=False,
        hoverinfo="skip", row=2, col=1,
    )  # fmt: skip
    shown = TICKS[np.abs(TICKS) <= most]
    figure.add_scatter(
        x=middle + half * shown / most, y=np.zeros(len(shown)), mode="markers+text", row=2, col=1,
        text=[f"z = {value:g}" if value == 0 else f"{value:g}" for value in shown], textposition="bottom center",
        marker={"symbol": "line-ns-open", "size": 7, "color": look.text}, textfont={"size": 11, "color": look.muted},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    figure.update_yaxes(range=[-0.35, 1], showticklabels=False, showgrid=False, row=2, col=1)


def plane_game(
    examples: Floats, samples: Floats, categories: Labels | None, certainty: Floats, box: Box, look: Theme
) -> go.Figure:
    """Samples over examples, and behind them what the discriminator says of each place.

    Args:
        examples: (N, 2).
        samples: (M, 2).
        categories: (M,) of the codes of the samples, which give them colours and symbols; None for one colour.
        certainty: (n, n) D, row by row from the lowest.
        box: where D is known.
        look: colours.
    """
    n = len(certainty)
    x, y = (np.linspace(*ends, n, dtype=np.float32) for ends in (box.x, box.y))
    figure = go.Figure()
    figure.add_heatmap(
        x=x, y=y, z=certainty, zmin=0, zmax=1, colorscale=[[0, LEARNED], [0.5, look.surface], [1, BEST]], opacity=0.45,
        colorbar={"title": {"text": "D(x)"}, "tickvals": [0, 0.5, 1], "thickness": 10, "len": 0.6},
        hovertemplate="D(x) %{z:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_scattergl(
        x=examples[:, 0], y=examples[:, 1], mode="markers", name="data", hoverinfo="skip",
        marker={"color": look.muted, "size": 4, "opacity": 0.5},
    )  # fmt: skip
    for k in range(1 + int(categories.max(initial=0))) if categories is not None else [-1]:
        own = samples if categories is None else samples[categories == k]
        colour, mark = (look.accent, "circle") if k < 0 else (look.colour(k), symbol(k))
        figure.add_scattergl(
            x=own[:, 0], y=own[:, 1], mode="markers", name="samples" if k < 0 else f"c = {k + 1}", hoverinfo="skip",
            marker={"color": colour, "symbol": mark, "size": 5, "line": {"color": look.surface, "width": 0.5}},
        )  # fmt: skip
    figure.update_xaxes(title_text="x1", range=list(box.x), constrain="domain", showgrid=False)
    figure.update_yaxes(title_text="x2", range=list(box.y), scaleanchor="x", constrain="domain", showgrid=False)
    return styled(figure, look, 560)


def value_curve(times: Reals, values: Reals, shown: float | None, look: Theme, time: str = "epoch") -> go.Figure:
    """V over a training, with -log 4.

    Args:
        times: (T,).
        values: (T,) nats.
        shown: the time that is marked; None for none.
        look: colours.
        time: what the times count.
    """
    figure = _curve({"V": (times, values)}, "V, nats", LEAST, "−log 4", shown, look)
    return figure.update_xaxes(title_text=time)


def gap_curve(means: Reals, values: Reals, shown: tuple[float, float], look: Theme) -> go.Figure:
    """V at the best discriminator of N(0, 1) and a Gaussian by its mean, (T,), and the pair that is chosen."""
    figure = _curve({"C": (means, values)}, "C, nats", LEAST, "−log 4", None, look)
    figure.add_scatter(
        x=shown[:1], y=shown[1:], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 11, "color": MARK, "line": {"width": 2.5}},
    )  # fmt: skip
    figure.add_hline(0, line={"color": look.muted, "dash": "dot", "width": 1}, annotation_text="0: far apart",
                     annotation_font={"size": 12, "color": look.text})  # fmt: skip
    figure.update_xaxes(title_text="mean m of the generator")
    return figure.update_yaxes(range=[LEAST - 0.12, 0.12])


def information_curve(epochs: Reals, values: Reals, most: float, name: str, look: Theme) -> go.Figure:
    """L_I of a category over the epochs of a training, and the most that it can be."""
    return _curve({"L_I": (epochs, values)}, "nats", most, name, None, look)


def distance_curves(
    epochs: Sequence[float], distances: Mapping[str, Sequence[float]], goal: float, shown: float, unit: str, look: Theme
) -> go.Figure:
    """What was measured at each snapshot, and what it would be if samples and data agreed."""
    curves = {name: (np.array(epochs), np.array(values)) for name, values in distances.items()}
    return _curve(curves, unit, goal, "if they agree", shown, look, mode="lines+markers")


def coverage_bars(shares: Doubles, due: Doubles, names: Sequence[str], look: Theme) -> go.Figure:
    """The share of the samples at each mode, (K,), and the share that the data have there."""
    figure, labels = go.Figure(), [literal(name) for name in names]
    for values, name, colour in ((100 * due, "data", look.muted), (100 * shares, "samples", look.accent)):
        figure.add_bar(x=labels, y=values, name=name, marker={"color": colour}, hovertemplate="%{x}: %{y:.1f} %")
    figure.update_yaxes(title_text="%")
    return styled(figure, look, 280, bargap=0.3)


def _curve(
    curves: Mapping[str, tuple[Reals, Reals]], unit: str, goal: float, goal_name: str, shown: float | None,
    look: Theme, mode: str = "lines",
) -> go.Figure:  # fmt: skip
    figure, everything = go.Figure(), [goal]
    for k, (name, (x, y)) in enumerate(curves.items()):
        line = {"color": (look.accent, LEARNED)[k % 2], "width": 2, "dash": ("solid", "dot")[k % 2]}
        figure.add_scatter(
            x=x, y=y, name=name, mode=mode, line=line, showlegend=len(curves) > 1,
            hovertemplate=f"epoch %{{x:.4g}}: {name} %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
        everything += [float(value) for value in y if np.isfinite(value)]
        at = np.flatnonzero(np.asarray(x) == shown)
        figure.add_scatter(
            x=x[at], y=y[at], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 11, "color": MARK, "line": {"width": 2.5}},
        )  # fmt: skip
    figure.add_hline(
        goal, line={"color": look.text, "dash": "dash", "width": 1.5}, annotation_text=goal_name,
        annotation_position="bottom right", annotation_font={"size": 12, "color": look.text},
    )  # fmt: skip
    margin = 0.12 * (max(everything) - min(everything)) or 0.1
    figure.update_yaxes(title_text=unit, range=[min(everything) - margin, max(everything) + margin])
    figure.update_xaxes(title_text="epoch")
    return styled(figure, look, 260)
