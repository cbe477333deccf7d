"""How often a classifier predicts each class, for several kinds of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.figures.class_axis import class_axis, written
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

ROW, REST = 34, 70  # pixels of a row, and of what is around


def predicted_shares(shares: Mapping[str, Doubles], classes: Sequence[str], look: Theme) -> go.Figure:
    """A row of shades for each kind of images, in percent of it.

    Args:
        shares: kind -> (K,), which adds up to 1.
        classes: K names.
        look: colours.
    """
    percent = 100 * np.stack(list(shares.values()))
    names, kinds = list(map(literal, classes)), list(map(literal, shares))
    figure = go.Figure(
        go.Heatmap(
            z=percent.astype(np.float32), x=names, y=kinds, showscale=False, zmin=0, xgap=1, ygap=1,
            colorscale=[[0, look.surface], [1, look.accent]], texttemplate="%{z:.0f}" if written(names) else None,
            hovertemplate="%{y}: %{z:.1f} % are predicted to be %{x}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="predicted class, % of the images", showgrid=False, **class_axis(classes))
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return styled(figure, look, ROW * len(kinds) + REST)
