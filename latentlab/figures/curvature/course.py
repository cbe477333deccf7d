"""The extreme eigenvalues of the Hessian over a training, with the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled

POSITIVE, NEGATIVE, EXACT, PARABOLA = "#2b8ab0", "#d1495b", "#e08a1e", "#2a9d8f"  # LA, SA, the loss, what H says


@dataclass(frozen=True, eq=False)
class Course:
    """One training.

    Attributes:
        steps: (n,) at which it was measured.
        values: at each step the eigenvalues, the largest first.
        loss_steps: (m,) at which the loss is known.
        losses: (m,).
        bearable: the largest λ that the step size bears; None where the optimizer has no such number.
    """

    steps: Sequence[int]
    values: Sequence[Doubles]
    loss_steps: Sequence[float]
    losses: Sequence[float]
    bearable: float | None = None


def eigenvalue_course(courses: Mapping[str, Course], chosen: int | None, look: Theme, height: int = 430) -> go.Figure:
    """log |λ| of the largest and the smallest eigenvalues with the loss: the first run whole, of others the ends.

    Args:
        courses: title -> a run; the first is drawn with all eigenvalues, the others dashed.
        chosen: the step that is looked at.
        look: colours.
        height: in pixels.
    """
    figure = go.Figure()
    every = [step for course in courses.values() for step in (*course.steps, *course.loss_steps)]
    first = min((step for step in every if step > 0), default=1)
    for k, (name, course) in enumerate(courses.items()):
        where = [_place(step, first) for step in course.steps]
        if k == 0:
            _all_values(figure, course, where)
        for label, colour, pick in (("largest", POSITIVE, 0), ("smallest", NEGATIVE, -1)):
            values = [abs(float(found[pick])) for found in course.values]
            said = [[step, float(found[pick])] for step, found in zip(course.steps, course.values, strict=True)]
            figure.add_scatter(
                x=where, y=values, name=literal(f"{label}: {name}" if len(courses) > 1 else f"{label} eigenvalue"),
                mode="lines+markers", line={"color": colour, "width": 2, "dash": "solid" if k == 0 else "dash"},
                marker={"size": 7, "symbol": "circle" if pick == 0 else "triangle-down"},
                customdata=said,
                hovertemplate="step %{customdata[0]:,}: λ %{customdata[1]:.4g}<extra></extra>",
            )  # fmt: skip
        figure.add_scatter(
            x=[_place(step, first) for step in course.loss_steps], y=list(course.losses), yaxis="y2",
            name=literal(f"loss: {name}" if len(courses) > 1 else "loss"), mode="lines", opacity=0.9 if k == 0 else 0.5,
            line={"color": look.text, "width": 2, "dash": "dot"}, hovertemplate="loss %{y:.4g}<extra></extra>",
        )  # fmt: skip
        if course.bearable is not None and k == 0:
            figure.add_scatter(
                x=[min(where, default=first), max(where, default=first)], y=[course.bearable] * 2, mode="lines",
                name=f"the step size bears {course.bearable:.3g}",
                line={"color": look.muted, "dash": "dashdot", "width": 1.5}, hoverinfo="skip",
            )  # fmt: skip
    if chosen is not None:
        figure.add_vline(_place(chosen, first), line={"color": look.accent, "width": 1})
    shown = sorted({step for course in courses.values() for step in course.steps})
    figure.update_xaxes(
        type="log", title_text="steps", tickvals=[_place(step, first) for step in shown],
        ticktext=[f"{step:,}" for step in shown],
    )  # fmt: skip
    sizes = np.concatenate([np.abs(v) for course in courses.values() for v in course.values] or [np.ones(1)])
    losses = np.array([loss for course in courses.values() for loss in course.losses] or [1.0])
    figure.update_layout(
        yaxis={"type": "log", "title": {"text": "|λ|"}, **log_ticks(sizes)},
        yaxis2={
            "type": "log", "title": {"text": "loss"}, "overlaying": "y", "side": "right", "showgrid": False,
            **log_ticks(losses),
        },
    )  # fmt: skip
    return styled(figure, look, height, margin={"l": 8, "r": 56, "t": 8, "b": 8})


def _all_values(figure: go.Figure, course: Course, where: Sequence[float]) -> None:
    """The eigenvalues between the ends, as small points."""
    for colour, sign in ((POSITIVE, 1), (NEGATIVE, -1)):
        points = [
            (x, abs(float(value)), float(value))
            for x, found in zip(where, course.values, strict=True)
            for value in found[1:-1]
            if value * sign > 0
        ]
        x, y, signed = zip(*points, strict=True) if points else ((), (), ())
        figure.add_scatter(
            x=x, y=y, customdata=signed, mode="markers", marker={"color": colour, "size": 4, "opacity": 0.5},
            showlegend=False, hovertemplate="λ %{customdata:.4g}<extra></extra>",
        )  # fmt: skip


def _place(step: float, first: float) -> float:
    """Where a step lies on the logarithmic axis: 0 a little before the first one."""
    return max(float(step), first / 2)
