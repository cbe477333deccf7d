"""Matrices of probes: what one probe confuses, its weights, and what changes when codes are steered by each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.probes.features import Reduction
from latentlab.analysis.probes.layer_curve import Reading
from latentlab.analysis.probes.steering import Leakage
from latentlab.data import to_bytes
from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

LONGEST = 20  # characters of the name of a target


def confusion_figure(table: NDArray[np.int64], classes: Sequence[str], look: Theme) -> go.Figure:
    """(K, K) how often a class (row) was predicted as another; the share of the row is the shade, the number is
    written.
    """
    share = table / np.maximum(table.sum(1, keepdims=True), 1)
    text, names = [[str(value) if value else "" for value in row] for row in table], list(map(literal, classes))
    template = "%{text}" if written(names) else None
    gap = 1 if written(names) else 0  # which would be all that one sees of many cells
    figure = go.Figure(
        go.Heatmap(
            z=share, x=names, y=names, text=text, texttemplate=template, showscale=False, zmin=0,
            zmax=1, colorscale=[[0, look.surface], [1, look.accent]], xgap=gap, ygap=gap,
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


def leakage_figure(found: Leakage, look: Theme) -> go.Figure:
    """(T, T) change of each answer's probability (column) when steered by each probe (row)."""
    most = max(0.05, float(np.abs(found.change).max()))
    names = list(map(literal, found.names))
    targets = [literal(_short(name.rpartition(": ")[0] or name)) for name in found.names]
    few = written(names)
    figure = go.Figure(
        go.Heatmap(
            z=found.change, x=names, y=names, text=np.round(100 * found.change).astype(int),
            texttemplate="%{text}" if few else None, zmin=-most, zmax=most, colorscale="RdBu", showscale=False,
            xgap=int(few), ygap=int(few), hovertemplate="steered by %{y}<br>%{x}: %{z:+.1%}<extra></extra>",
        )
    )  # fmt: skip
    axis = {"type": "category", "tickvals": names, "ticktext": targets, "showgrid": False}
    figure.update_xaxes(title_text="measured", tickangle=-35, **axis)
    figure.update_yaxes(title_text="steered by", autorange="reversed", **axis)
    return styled(figure, look, 360)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def weight_images(reading: Reading) -> NDArray[np.uint8]:
    """(K, 1, H, W) of the weights for each class on a layer of images: gray is 0; the sum over the channels."""
    probe, (channels, height, width) = reading.probes[0], reading.layer.shape
    flat = np.zeros((len(probe.weights), probe.total), np.float32)
    flat[:, Reduction(limit=probe.kept).chosen(probe.total)] = probe.weights
    image = flat.reshape(-1, channels, height, width).sum(1, keepdims=True)
    return to_bytes(0.5 + 0.5 * image / (np.abs(image).max() or 1.0))
