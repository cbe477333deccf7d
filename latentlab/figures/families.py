"""Families of variational posteriors, drawn: their densities side by side, and their bounds on a line of numbers."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles, Floats
from latentlab.analysis.box import Box
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled


def densities(found: Mapping[str, Floats], box: Box, look: Theme) -> go.Figure:
    """Densities (n, n) of one box of the plane, row 0 the lowest z2, each in a panel under its name.

    All have the same colours, those of the first one: a density that is more concentrated is as dark as that at most.
    """
    names = list(found)
    figure = make_subplots(
        rows=(len(names) + 1) // 2, cols=2, subplot_titles=[literal(name) for name in names],
        horizontal_spacing=0.04, vertical_spacing=0.09,
    )  # fmt: skip
    most = float(found[names[0]].max())
    for k, values in enumerate(found.values()):
        n = len(values)
        steps = [(high - low) / n for low, high in (box.x, box.y)]
        figure.add_heatmap(
            x0=box.x[0] + steps[0] / 2, dx=steps[0], y0=box.y[0] + steps[1] / 2, dy=steps[1], z=values,
            zmin=0, zmax=most, colorscale=[[0, look.surface], [1, look.accent]], showscale=False,
            hovertemplate="z1 %{x:.2f}, z2 %{y:.2f}: density %{z:.3f}<extra></extra>", row=k // 2 + 1, col=k % 2 + 1,
        )  # fmt: skip
    styled(figure, look, 600, margin={"l": 8, "r": 8, "t": 32, "b": 8})
    figure.update_xaxes(showgrid=False, constrain="domain", tickvals=[-2, 0, 2], range=list(box.x))
    for k in range(len(names)):  # squares, at the top of their room in a narrow window: next to their titles
        figure.update_yaxes(
            showgrid=False, constrain="domain", constraintoward="top", tickvals=[-2, 0, 2], range=list(box.y),
            scaleanchor=f"x{k + 1 if k else ''}", row=k // 2 + 1, col=k % 2 + 1,
        )  # fmt: skip
    return figure.update_annotations(font={"size": 14, "color": look.text})


def number_line(found: Mapping[str, Doubles], marks: Mapping[str, float], look: Theme) -> go.Figure:
    """The bounds of all restarts of each family, the best of them larger, and values to compare them with.

    Args:
        found: family -> (R,) nats.
        marks: what a value is called -> nats.
        look: colours.
    """
    figure = go.Figure()
    for name, bounds in found.items():
        best = int(bounds.argmax())
        figure.add_scatter(
            x=bounds, y=[literal(name)] * len(bounds), mode="markers", showlegend=False,
            marker={
                "color": look.accent, "line": {"color": look.surface, "width": 1},
                "size": [15 if k == best else 8 for k in range(len(bounds))],
                "opacity": [1.0 if k == best else 0.55 for k in range(len(bounds))],
                "symbol": ["diamond" if k == best else "circle" for k in range(len(bounds))],
            },
            hovertemplate=f"{literal(name)}: %{{x:.3f}} nats<extra></extra>",
        )  # fmt: skip
    for k, (text, value) in enumerate(marks.items()):
        figure.add_vline(value, line={"color": look.text, "dash": "dash" if k else "solid", "width": 1.5})
        figure.add_annotation(
            x=value, y=1, yref="paper", yanchor="bottom", yshift=2 + 16 * k, xanchor="right", showarrow=False,
            text=f"{literal(text)} {value:.4f}", font={"size": 12, "color": look.text},
        )  # fmt: skip
    figure.update_xaxes(title_text="bound on log Z (nats)")
    figure.update_yaxes(autorange="reversed", showgrid=True)
    return styled(figure, look, 105 + 34 * len(found), margin={"l": 8, "r": 8, "t": 42, "b": 8})
