"""A cluster-aware model drawn: the plane of its top layer, its two predictions, its clusters, and what labels add."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.box import Box
from latentlab.analysis.conditional.cluster_use import ClusterUse
from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.score.field import PlaneLayer, add_points, draw_layer, empty_plane
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

LOWEST_SHADE, HIGHEST_SHADE = 0.06, 0.22  # of the regions of clusters without a colour of their own


def top_plane(
    places: Floats, y: Labels, classes: Sequence[str], regions: Labels, is_named: bool, whole: Box, box: Box,
    look: Theme,
) -> go.Figure:  # fmt: skip
    """Examples in the plane of the top layer by class, over the most probable cluster of each place, and a box.

    Args:
        places: (N, 2) of the examples.
        y: (N,) classes, or UNLABELLED.
        classes: their names.
        regions: (n, n) clusters, row by row from the lowest.
        is_named: whether the clusters are the classes, in whose colours they are drawn; else in shades of gray.
        whole: what is drawn of the plane.
        box: the chosen part of it.
        look: colours.
    """
    figure = empty_plane(whole, look)
    if is_named:
        layer = PlaneLayer(regions, "", discrete=True)
        figure.add_trace(draw_layer(layer, np.array(whole.x), np.array(whole.y), look))
    else:
        figure.add_trace(_shades(regions, whole, look))
    add_points(figure, places, y, classes, look)
    if (none := places[y < 0]).size:
        figure.add_scattergl(
            x=none[:, 0].copy(), y=none[:, 1].copy(), mode="markers", marker={"size": 5, "color": look.muted},
            name="no class", hoverinfo="skip",
        )  # fmt: skip
    figure.add_scattergl(
        x=np.array(box.x + box.x[::-1] + box.x[:1], np.float32),
        y=np.array([box.y_low, box.y_low, box.y_high, box.y_high, box.y_low], np.float32), mode="lines",
        line={"color": look.text, "width": 3}, name="the box", showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    return figure


def _shades(regions: Labels, whole: Box, look: Theme) -> go.Heatmap:
    """Clusters in shades between the surface and the text."""
    found = np.unique(regions)
    shown = np.searchsorted(found, regions).astype(np.float32)
    ends = [[0, look.surface], [1, look.text]]
    return go.Heatmap(
        x=np.array(whole.x, np.float32), y=np.array(whole.y, np.float32), z=shown, colorscale=ends,
        zmin=-LOWEST_SHADE * len(found), zmax=max(1, len(found) - 1) / HIGHEST_SHADE, showscale=False, hoverinfo="skip",
    )  # fmt: skip


def predictions(inferred: Floats, through_top: Floats, truth: int, names: Sequence[str], look: Theme) -> go.Figure:
    """Both predictions of an example's class, cluster by cluster.

    Args:
        inferred: (K,) q(y|z1, x).
        through_top: (K,) p(y|x).
        truth: its class, or a negative number.
        names: of the K clusters.
        look: colours.
    """
    figure = go.Figure()
    for probs, name, colour, shape in (
        (inferred, "q(y|z₁, x), from below", look.accent, ""),
        (through_top, "p(y|x), through z₂", look.muted, "/"),
    ):
        figure.add_bar(
            x=list(map(literal, names)), y=probs, name=name, hovertemplate="%{x}: %{y:.1%}",
            marker={"color": colour, "pattern": {"shape": shape, "fgcolor": look.surface, "fillmode": "overlay"}},
        )  # fmt: skip
    if truth >= 0:
        figure.add_annotation(
            x=literal(names[truth]), y=1.04, text="its class", showarrow=False, font={"size": 12, "color": look.text}
        )
    figure.update_yaxes(title_text="probability", range=[0, 1.1])
    return styled(figure, look, 300, barmode="group", xaxis={**class_axis(names), "showgrid": False})


def cluster_classes(
    use: ClusterUse, clusters: Sequence[str], classes: Sequence[str], look: Theme, title: str = "cluster"
) -> go.Figure:
    """How many examples of each class (across) are in each cluster (down), or in what the title says."""
    counts = use.counts
    figure = go.Figure(
        go.Heatmap(
            x=list(map(literal, classes)), y=list(map(literal, clusters)), z=counts, showscale=False,
            colorscale=[[0, look.surface], [1, look.accent]], zmin=0, zmax=max(1, int(counts.max())),
            text=np.where(counts > 0, counts.astype(str), ""), texttemplate="%{text}" if written(classes) else None,
            hovertemplate="%{z} examples of %{x} in %{y}<extra></extra>", xgap=1, ygap=1,
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="class")
    figure.update_yaxes(title_text=title)
    height = 110 + 24 * min(len(clusters), 20)
    return styled(
        figure, look, height, xaxis=class_axis(classes), yaxis={**class_axis(clusters), "autorange": "reversed"}
    )


def against_labels(
    labels: Sequence[int], values: Sequence[tuple[str, NDArray[np.floating]]], title: str, look: Theme
) -> go.Figure:
    """Numbers against labels: means over the seeds with their standard deviations, and each seed by itself.

    Args:
        labels: of each row of values.
        values: what the app calls a number, and (labels, seeds) of it; NaN where there is none.
        title: of the axis, with the unit.
        look: colours.
    """
    figure = go.Figure()
    names = [f"{n} labels" for n in labels]
    for k, (name, found) in enumerate(values):
        mean = found.mean(1)
        std = found.std(1, ddof=1) if found.shape[1] > 1 else np.zeros(len(found))
        colour = (look.accent, look.muted)[k % 2]
        figure.add_scatter(
            x=names, y=mean, name=name, mode="lines+markers", line={"color": colour, "dash": ("solid", "dash")[k % 2]},
            marker={"size": 9, "symbol": ("circle", "diamond")[k % 2]},
            error_y={"type": "data", "array": std, "thickness": 1.5, "width": 5},
            hovertemplate="%{x}: %{y:.2f} ± %{error_y.array:.2f}",
        )  # fmt: skip
        figure.add_scatter(
            x=[name for name in names for _ in range(found.shape[1])], y=found.ravel(), mode="markers",
            marker={"size": 4, "color": colour, "opacity": 0.6}, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    figure.update_yaxes(title_text=title)
    return styled(figure, look, 300, xaxis={"type": "category", "showgrid": False})
