"""Probes drawn: the curve against depth over the network that it was read from, and what one probe confuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.probes.layer_curve import ASIDE, Curve, Measure, Split
from latentlab.experiments.deep_networks import Depths
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

KINK = "#d6336c"
ERRORS = "RdYlBu"  # red for an error of 1, blue for none: on every model the same
MOST_NODES = 20  # drawn with their diodes and numbers; beyond that only the colours fit
MOST_NAMES = 40  # of layers along an axis
LONGEST = 20  # characters of the name of a layer along an axis
PLOT, STRIP, LABELS, GAP = 400, 110, 90, 14  # heights in pixels: of the curve, of a network and of the names under it
NUMBERS = ("#1f2430", "#ffffff")  # on a pale node and on a strong one: its colour is the same in the light and the dark
LEAST = 1e-3  # where a logarithmic axis ends
CLOSE = 0.04  # share of the axis: lines nearer than that get their names above and below
STRONG = 0.2  # error from which on, or within which of 1, a node is strong


@dataclass(frozen=True, eq=False)
class Second:
    """Another network whose curve is drawn over that of the first.

    Attributes:
        curve: of its probes, on the same examples.
        title: of its model.
        first: of the model of the first.
    """

    curve: Curve
    title: str
    first: str

    def curves(self, curve: Curve) -> dict[str, Curve]:
        """Title -> curve of both networks, given that of the first."""
        return {self.first: curve, self.title: self.curve}


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
        second: another network; None for none.
    """

    measure: Measure = "error"
    split: Split = "test"
    selected: int = 0
    chance: float | None = None
    model: float | None = None
    overlay: Mapping[str, float] | None = None
    log: bool = False
    second: Second | None = None


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
    second = shown.second
    strips = [(curve, np.arange(n, dtype=np.float64))]
    if second is not None and not are_alike(curve, second.curve):
        strips.append((second.curve, places_along(curve, second.curve)))
    figure = make_subplots(1 + len(strips), 1, shared_xaxes=True)
    if before is not None:
        _line(figure, before, shown, "before training", look.muted, "dash")
    _line(figure, curve, shown, literal(second.first) if second is not None else "the probes", look.accent, "solid")
    if second is not None:
        _line(figure, second.curve, shown, literal(second.title), look.text, "solid", places_along(curve, second.curve))
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
    for row, (one, places) in enumerate(strips, 2):
        colour = look.muted if second is None else (look.accent, look.text)[row - 2]
        _network(figure, one, places, shown, row, colour)
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
    figure.update_xaxes(range=[-0.6, max(float(places[-1]) for _, places in strips) + 0.6], showgrid=False)
    height = PLOT + (STRIP + LABELS) * len(strips)
    figure.update_yaxes(domain=[1 - PLOT / height, 1], row=1, col=1)
    for row in range(2, 2 + len(strips)):
        top = 1 - (PLOT + (row - 2) * (STRIP + LABELS) + GAP) / height
        figure.update_yaxes(domain=[top - STRIP / height, top], row=row, col=1)
    layout: dict[str, Any] = {"hovermode": "closest", "dragmode": False, "margin": {"l": 8, "r": 78, "t": 8, "b": 8}}
    return styled(figure, look, height, **layout)


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


def are_alike(curve: Curve, other: Curve) -> bool:
    """Whether the layers of two networks have the same names, in the same order."""
    return [one.layer.name for one in curve.readings] == [one.layer.name for one in other.readings]


def places_along(curve: Curve, other: Curve) -> Doubles:
    """(n_layers of the other,) where they stand along the first: where the names are the same at the same places, else
    at their relative depth, from the input to the last layer; latent variables that are no step follow one by one.
    """
    if are_alike(curve, other):
        return np.arange(len(other.readings), dtype=np.float64)
    last, end = ([one.layer.kind for one in each.readings if one.layer.kind != ASIDE] for each in (curve, other))
    k = np.arange(len(other.readings))
    inside, after = k * (len(last) - 1) / max(1, len(end) - 1), len(last) + k - len(end)
    return np.where(k < len(end), inside, after).astype(np.float64)


def _line(
    figure: go.Figure, curve: Curve, shown: Shown, name: str, colour: str, dash: str,
    places: Doubles | None = None,
) -> None:  # fmt: skip
    means, bands = curve.means(shown.measure, shown.split), curve.half_bands(shown.measure, shown.split)
    x = np.arange(len(means)) if places is None else places
    floor = LEAST if shown.log else 0.0
    band = np.concatenate([means + bands, np.maximum(means - bands, floor)[::-1]])
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=band, fill="toself", fillcolor=colour, opacity=0.15, line={"width": 0},
        hoverinfo="skip", showlegend=False, legendgroup=name, row=1, col=1,
    )  # fmt: skip
    layers = [reading.layer for reading in curve.readings]
    figure.add_scatter(
        x=x, y=np.maximum(means, floor), mode="lines+markers", name=name, legendgroup=name,
        marker={"size": 8, "symbol": "circle" if places is None else "square"},
        line={"color": colour, "dash": dash, "width": 2}, customdata=np.round(x), row=1, col=1,
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


def _network(figure: go.Figure, curve: Curve, places: Doubles, shown: Shown, row: int, colour: str) -> None:
    """Layers in a row; below each its probe, behind a diode: the forward pass goes through, no gradient comes back."""
    n = len(curve.readings)
    errors, step = curve.means("error", shown.split), -(-n // MOST_NAMES)
    near, names = np.round(places), [literal(_short(reading.layer.name)) for reading in curve.readings]
    figure.add_scatter(
        x=places, y=np.ones(n), mode="lines+markers", line={"color": colour, "width": 2}, showlegend=False, row=row,
        col=1, marker={"symbol": "square", "size": 9, "color": colour}, customdata=near, hoverinfo="text",
        text=[f"{literal(r.layer.name)} ({literal(r.layer.kind)}): {r.layer.size:,} numbers" for r in curve.readings],
    )  # fmt: skip
    few = n <= MOST_NODES
    if few:
        wires = np.stack([places, places, np.full(n, np.nan)], 1).ravel()
        ends = np.tile([1.0, 0.4, np.nan], n)
        wire = {"color": colour, "width": 1}
        figure.add_scatter(x=wires, y=ends, mode="lines", line=wire, hoverinfo="skip", showlegend=False, row=row, col=1)
        for symbol, y, size, width in (("triangle-down", 0.67, 9, 0), ("line-ew", 0.56, 7, 2)):
            marker = {
                "symbol": symbol,
                "size": size,
                "color": colour,
                "line": {"width": width, "color": colour},
            }
            figure.add_scatter(
                x=places, y=np.full(n, y), mode="markers", marker=marker, hoverinfo="skip", showlegend=False, row=row,
                col=1,
            )  # fmt: skip
    figure.add_bar(
        x=places, y=np.full(n, 0.8), base=-0.4, width=0.86 * (float(places[1] - places[0]) if n > 1 else 1.0),
        row=row, col=1, customdata=near, showlegend=False, text=[_percent(error) for error in errors], textangle=0,
        textposition="inside" if few else "none", insidetextanchor="middle", textfont={"size": 12},
        insidetextfont={"color": [NUMBERS[int(min(error, 1 - error) < STRONG)] for error in errors]},
        hovertemplate="probe error %{text} %<extra></extra>",
        marker={
            "color": errors, "cmin": 0, "cmax": 1, "colorscale": ERRORS, "reversescale": True, "cornerradius": "40%",
            "line": {"width": 1, "color": colour},
        },
    )  # fmt: skip
    figure.update_xaxes(
        tickvals=places[::step], ticktext=names[::step], tickangle=-35, showticklabels=True, row=row, col=1
    )
    figure.update_yaxes(visible=False, range=[-0.6, 1.2], row=row, col=1)


def _short(name: str) -> str:
    """The end of a long name, in which those of one network differ."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def _percent(error: float) -> str:
    return f"{100 * error:.1f}" if error < 0.095 else f"{100 * error:.0f}"
