"""Probes drawn: the curve against depth over the network that it was read from, and what one probe confuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.analysis.probes.layer_curve import Curve, Measure, Split
from latentlab.analysis.probes.steering import Leakage
from latentlab.experiments.deep_networks import Depths
from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

KINK = "#d6336c"
ERRORS = "RdYlBu"  # red for an error of 1, blue for none: on every model the same
MOST_NODES = 20  # drawn with their diodes and numbers; beyond that only the colours fit
NUMBERS = ("#1f2430", "#ffffff")  # on a pale node and on a strong one: its colour is the same in the light and the dark
LEAST = 1e-3  # where a logarithmic axis ends
CLOSE = 0.04  # share of the axis: lines nearer than that get their names above and below
STRONG = 0.2  # error from which on, or within which of 1, a node is strong


@dataclass(frozen=True)
class Shown:
    """What of a curve is drawn, and the lines that it is to be seen against.

    Attributes:
        measure: on the y axis.
        split: whose examples.
        selected: place of the layer that is looked at.
        chance: of always predicting the most frequent class; None where the measure has none.
        model: the model's own number; None where it has none.
        overlay: errors of another network by name, drawn over the same width; None for none.
        log: whether the y axis is logarithmic.
    """

    measure: Measure = "error"
    split: Split = "test"
    selected: int = 0
    chance: float | None = None
    model: float | None = None
    overlay: Mapping[str, float] | None = None
    log: bool = False


def probe_figure(curve: Curve, before: Curve | None, shown: Shown, look: Theme) -> go.Figure:
    """The curve over the network: each point stands above the layer that its probe reads.

    Args:
        curve: of the model.
        before: of the same model untrained, drawn behind it.
        shown: what is drawn.
        look: colours.
    """
    n = len(curve.readings)
    names = [literal(reading.layer.name) for reading in curve.readings]
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.03)
    if before is not None:
        _line(figure, before, shown, "before training", look.muted, "dash")
    _line(figure, curve, shown, "the probes", look.accent, "solid")
    kinks = curve.kinks(shown.measure, shown.split)
    if kinks:
        means = curve.means(shown.measure, shown.split)
        figure.add_scatter(
            x=list(kinks), y=means[list(kinks)], mode="markers", name="higher error than the layer before",
            marker={"symbol": "triangle-up-open", "size": 15, "color": KINK, "line": {"width": 2}},
            text=[f"{names[k]}: {literal(why)}" for k, why in kinks.items()], customdata=list(kinks),
            hovertemplate="%{text}<extra></extra>", row=1, col=1,
        )  # fmt: skip
    if shown.overlay:
        _overlay(figure, shown.overlay, n, look)
    _levels(figure, curve, shown, look)
    _network(figure, curve, shown, look)
    for row in (1, 2):
        figure.add_vrect(
            x0=shown.selected - 0.42, x1=shown.selected + 0.42, line_width=0, fillcolor=look.muted, opacity=0.16,
            layer="below", row=row, col=1,
        )  # fmt: skip
    unit = {"error": "error", "cross-entropy": "cross-entropy (nats)", "top 3": "right class not in the top 3"}
    what = {"test": "of the test examples", "valid": "of the validation examples", "train": "of the fitted examples"}
    figure.update_yaxes(title_text=f"{unit[shown.measure]} {what[shown.split]}", rangemode="tozero", row=1, col=1)
    if shown.log:
        figure.update_yaxes(type="log", dtick="D2", row=1, col=1)
    if shown.measure != "cross-entropy":
        figure.update_yaxes(tickformat=".2~%", row=1, col=1)
    ticks = list(range(n)) if n <= 40 else list(range(0, n, max(1, n // 16)))
    figure.update_xaxes(range=[-0.6, n - 0.4], showgrid=False)
    figure.update_xaxes(tickvals=ticks, ticktext=[names[k] for k in ticks], tickangle=-35, row=2, col=1)
    figure.update_yaxes(visible=False, range=[-0.75, 1.3], row=2, col=1)
    layout: dict[str, Any] = {"hovermode": "closest", "dragmode": False, "margin": {"l": 8, "r": 78, "t": 8, "b": 8}}
    return styled(figure, look, 600, **layout)


def confusion_figure(table: NDArray[np.int64], classes: Sequence[str], look: Theme) -> go.Figure:
    """(K, K) how often a class (row) was predicted as another; the share of the row is the shade, the number is
    written.
    """
    share = table / np.maximum(table.sum(1, keepdims=True), 1)
    text, names = [[str(value) if value else "" for value in row] for row in table], list(map(literal, classes))
    template = "%{text}" if written(names) else None
    figure = go.Figure(
        go.Heatmap(
            z=share, x=names, y=names, text=text, texttemplate=template, showscale=False, zmin=0,
            zmax=1, colorscale=[[0, look.surface], [1, look.accent]], xgap=1, ygap=1,
            hovertemplate="%{y} predicted as %{x}: %{text}<extra></extra>",
        )
    )  # fmt: skip
    axis = class_axis(classes)
    figure.update_xaxes(title_text="predicted class", showgrid=False, **axis)
    figure.update_yaxes(title_text="it is", autorange="reversed", showgrid=False, **axis)
    return styled(figure, look, 340)


def weights_figure(weights: NDArray[np.float32], classes: Sequence[str], look: Theme) -> go.Figure:
    """(K, d) the weights of a probe whose layer is no image."""
    most = float(np.abs(weights).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=weights, x=np.arange(1, weights.shape[1] + 1), y=list(map(literal, classes)),
            zmin=-most, zmax=most, colorscale="RdBu",
            colorbar={"thickness": 12, "outlinewidth": 0, "tickfont": {"size": 12, "color": look.muted}},
            hovertemplate="feature %{x}, class %{y}: %{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="feature", showgrid=False, dtick=max(1, round(weights.shape[1] / 16)), tick0=1)
    figure.update_yaxes(title_text="weight for", autorange="reversed", showgrid=False, **class_axis(classes))
    return styled(figure, look, 260)


def training_figure(rows: Sequence[Mapping[str, float]], look: Theme) -> go.Figure:
    """Errors of probes by layer (down) over the epochs (across), on the scale of the nodes."""
    names = [name for name in rows[-1] if name != "epoch"]
    errors = np.array([[row.get(name, np.nan) for row in rows] for name in names], np.float32)
    figure = go.Figure(
        go.Heatmap(
            z=errors, x=np.array([row["epoch"] for row in rows]), y=list(map(literal, names)), zmin=0, zmax=1,
            colorscale=ERRORS, reversescale=True, showscale=False,
            hovertemplate="%{y} after epoch %{x}: %{z:.1%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="epoch", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return styled(figure, look, 60 + 24 * len(names))


def leakage_figure(found: Leakage, look: Theme) -> go.Figure:
    """(T, T) change of each answer's probability (column) when steered by each probe (row)."""
    most = max(0.05, float(np.abs(found.change).max()))
    names, targets = list(map(literal, found.names)), [name.partition(":")[0] for name in found.names]
    measured = list(map(literal, targets))
    figure = go.Figure(
        go.Heatmap(
            z=found.change, x=measured, y=names, text=np.round(100 * found.change).astype(int),
            texttemplate="%{text}" if written(names) else None, zmin=-most, zmax=most, colorscale="RdBu",
            showscale=False, xgap=1, ygap=1, hovertemplate="steered by %{y}<br>%{x}: %{z:+.1%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        title_text="measured (percentage points)",
        tickangle=-35,
        showgrid=False,
        **class_axis(targets),
    )
    figure.update_yaxes(title_text="steered by", autorange="reversed", showgrid=False, **class_axis(found.names))
    return styled(figure, look, 360)


def depth_figure(found: Mapping[str, Depths], look: Theme) -> go.Figure:
    """Probe error against depth for each network, its own error, chance, and the dead segment shaded."""
    figure = go.Figure()
    colours = (look.accent, look.text)
    for (name, depths), colour, dash in zip(found.items(), colours, ("solid", "dot"), strict=False):
        known = np.flatnonzero(np.isfinite(depths.errors))
        figure.add_scatter(
            x=known, y=depths.errors[known], mode="lines+markers", name=f"{literal(name)}: probes", marker={"size": 5},
            line={"color": colour, "dash": dash, "width": 2}, hovertemplate="layer %{x}: %{y:.1%}<extra></extra>",
        )  # fmt: skip
        own = {"color": colour, "dash": "dash", "width": 1}
        figure.add_scatter(
            x=[0, len(depths.errors) - 1], y=[depths.model_error] * 2, mode="lines", line=own, hoverinfo="skip",
            name=f"{literal(name)}: the network {depths.model_error:.0%}",
        )  # fmt: skip
        if depths.dead_segment is not None:
            first, last = depths.dead_segment
            figure.add_vrect(x0=first, x1=last, fillcolor=colour, opacity=0.1, line_width=0)
    chance = next(iter(found.values())).chance
    figure.add_hline(y=chance, line={"color": look.muted, "dash": "dot", "width": 1}, annotation_text="chance")
    figure.update_xaxes(title_text="layer")
    figure.update_yaxes(title_text="test error of the probe", tickformat=".0%", range=[0, 1])
    return styled(figure, look, 380)


def _line(figure: go.Figure, curve: Curve, shown: Shown, name: str, colour: str, dash: str) -> None:
    means, bands = curve.means(shown.measure, shown.split), curve.half_bands(shown.measure, shown.split)
    x = np.arange(len(means))
    floor = LEAST if shown.log else 0.0
    band = np.concatenate([means + bands, np.maximum(means - bands, floor)[::-1]])
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=band, fill="toself", fillcolor=colour, opacity=0.15, line={"width": 0},
        hoverinfo="skip", showlegend=False, legendgroup=name, row=1, col=1,
    )  # fmt: skip
    layers = [reading.layer for reading in curve.readings]
    figure.add_scatter(
        x=x, y=np.maximum(means, floor), mode="lines+markers", name=name, legendgroup=name, marker={"size": 8},
        line={"color": colour, "dash": dash, "width": 2}, customdata=x, row=1, col=1,
        text=[f"{literal(layer.name)} ({literal(layer.kind)}, {'×'.join(map(str, layer.shape))})" for layer in layers],
        error_y={"array": bands, "visible": False},
        hovertemplate=f"%{{text}}<br>{shown.measure} %{{y:.4g}} ± %{{error_y.array:.2g}}<extra>{name}</extra>",
    )  # fmt: skip


def _levels(figure: go.Figure, curve: Curve, shown: Shown, look: Theme) -> None:
    """Horizontal lines with their names at the right end: where the input stands, chance, and the model itself."""
    lines = {"the input": (float(curve.means(shown.measure, shown.split)[0]), look.accent)}
    if shown.chance is not None:
        lines["chance"] = (shown.chance, look.muted)
    if shown.model is not None:
        lines["the model"] = (shown.model, look.text)
    top = max(value for value, _ in lines.values())
    below = -top
    for name, (value, colour) in sorted(lines.items(), key=lambda item: item[1]):
        crowded, below = value - below < CLOSE * top, value
        figure.add_hline(y=value, line={"color": colour, "dash": "dot", "width": 1}, row=1, col=1)
        figure.add_annotation(
            x=1, xref="x domain", xanchor="left", y=np.log10(max(value, LEAST)) if shown.log else value, text=name,
            showarrow=False, font={"color": colour, "size": 12}, yshift=12 if crowded else 0, row=1, col=1,
        )  # fmt: skip


def _overlay(figure: go.Figure, errors: Mapping[str, float], n: int, look: Theme) -> None:
    values = np.array(list(errors.values()))
    figure.add_scatter(
        x=np.linspace(0, n - 1, len(values)), y=values, mode="lines+markers", name="ResNet-50 on ImageNet (the source)",
        line={"color": look.text, "width": 1, "dash": "dot"}, opacity=0.7, marker={"size": 5, "symbol": "diamond"},
        text=list(map(literal, errors)), hovertemplate="%{text}: %{y:.2f}<extra>ResNet-50</extra>", row=1, col=1,
    )  # fmt: skip


def _network(figure: go.Figure, curve: Curve, shown: Shown, look: Theme) -> None:
    """Layers in a row; below each its probe, behind a diode: the forward pass goes through, no gradient comes back."""
    n = len(curve.readings)
    x, errors = np.arange(n), curve.means("error", shown.split)
    inks = [NUMBERS[int(min(error, 1 - error) < STRONG)] for error in errors]
    figure.add_scatter(
        x=x, y=np.ones(n), mode="lines+markers", line={"color": look.muted, "width": 2}, showlegend=False, row=2, col=1,
        marker={"symbol": "square", "size": 13, "color": look.muted}, customdata=x, hoverinfo="text",
        text=[f"{literal(r.layer.name)} ({literal(r.layer.kind)}): {r.layer.size:,} numbers" for r in curve.readings],
    )  # fmt: skip
    few = n <= MOST_NODES
    if few:
        wires = np.stack([x, x, np.full(n, np.nan)], 1).ravel()
        ends = np.tile([1.0, 0.0, np.nan], n)
        wire = {"color": look.muted, "width": 1}
        figure.add_scatter(x=wires, y=ends, mode="lines", line=wire, hoverinfo="skip", showlegend=False, row=2, col=1)
        for symbol, y, size, width in (("triangle-down", 0.57, 11, 0), ("line-ew", 0.46, 8, 2)):
            marker = {
                "symbol": symbol,
                "size": size,
                "color": look.muted,
                "line": {"width": width, "color": look.muted},
            }
            figure.add_scatter(
                x=x, y=np.full(n, y), mode="markers", marker=marker, hoverinfo="skip", showlegend=False, row=2, col=1
            )
    figure.add_scatter(
        x=x, y=np.zeros(n), mode="markers+text" if few else "markers", row=2, col=1, customdata=x, showlegend=False,
        text=[f"{100 * error:.1f}" if error < 0.095 else f"{100 * error:.0f}" for error in errors],
        textfont={"size": 11, "color": inks}, hovertemplate="probe error %{text} %<extra></extra>",
        marker={
            "size": 32 if few else 10, "color": errors, "cmin": 0, "cmax": 1, "colorscale": ERRORS,
            "reversescale": True, "line": {"width": 1, "color": look.muted},
        },
    )  # fmt: skip
