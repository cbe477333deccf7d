"""Samples of a model beside examples, where both are points: in the plane, or on a line."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.figures.theme import Theme, styled

BINS = 50  # on a line


def samples_over_examples(examples: NDArray[np.float32], drawn: NDArray[np.float32], look: Theme) -> go.Figure:
    """Samples in colour over examples in gray; on a line their densities, the examples' filled. Axes fit the examples.

    Args:
        examples: (N, d) with d 1 or 2.
        drawn: (M, d).
        look: colours.
    """
    figure, low, high = go.Figure(), examples.min(0), examples.max(0)
    margin = 0.15 * (high - low)
    if examples.shape[1] == 1:
        edges = np.linspace(low[0] - margin[0], high[0] + margin[0], BINS + 1, dtype=np.float32)
        middles = (edges[1:] + edges[:-1]) / 2
        for points, name, colour in ((examples, "examples", look.muted), (drawn, "samples", look.accent)):
            counts, _ = np.histogram(points[:, 0], edges)
            density = (counts / (len(points) * np.diff(edges))).astype(np.float32)
            line, fill = {"color": colour, "shape": "hvh"}, "tozeroy" if points is examples else None
            figure.add_scatter(x=middles, y=density, name=name, mode="lines", line=line, fill=fill)
        figure.update_xaxes(title_text="x")
        figure.update_yaxes(title_text="density")
    else:
        for points, name, colour in ((examples, "examples", look.muted), (drawn, "samples", look.accent)):
            marker = {"color": colour, "size": 4, "opacity": 0.35 if points is examples else 0.9}
            figure.add_scattergl(x=points[:, 0], y=points[:, 1], name=name, mode="markers", marker=marker)
        figure.update_xaxes(title_text="x1", range=[low[0] - margin[0], high[0] + margin[0]])
        figure.update_yaxes(title_text="x2", range=[low[1] - margin[1], high[1] + margin[1]], scaleanchor="x")
    return styled(figure, look, 420)
