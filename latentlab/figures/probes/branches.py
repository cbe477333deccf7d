"""A network of branches with two heads: probe errors on its graph, and the errors of the heads over the training."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.experiments.auxiliary_head import AUX_AFTER, BLOCKS, BRANCHES, DEPTH, PROBED, HeadScore, by_step
from latentlab.figures.probes.curve import ERRORS, NUMBERS, STRONG
from latentlab.figures.theme import Theme, styled

ROW = 165  # pixels of a graph
LARGE, SMALL = 34, 15  # sides of a node in pixels: of a block or a head, and of a branch
HEADS = {"auxiliary": (AUX_AFTER + 0.7, -0.95), "logits": (DEPTH + 0.8, 0.0)}
Place = tuple[float, float]


def graph_figure(found: Mapping[int, Sequence[HeadScore]], look: Theme) -> go.Figure:
    """The network after some steps, one graph below the other: every node has the colour of its probe's error.

    Args:
        found: step -> the scores of the seeds, whose mean is drawn.
        look: colours.
    """
    titles = [f"after {step:,} steps" if step else "untrained" for step in found]
    figure = make_subplots(len(found), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.05)
    places = _places()
    for row, scores in enumerate(found.values(), 1):
        errors = dict(zip(PROBED, np.mean([one.probes for one in scores], 0), strict=True))
        lines = [(places[a], places[b], (None, None)) for a, b in _edges()]
        x, y = ([point[k] for line in lines for point in line] for k in (0, 1))
        wire = {"color": look.muted, "width": 1}
        figure.add_scatter(x=x, y=y, mode="lines", line=wire, hoverinfo="skip", showlegend=False, row=row, col=1)
        for size in (SMALL, LARGE):
            names = [name for name in PROBED if _is_branch(name) == (size == SMALL)]
            values = [errors[name] for name in names]
            figure.add_scatter(
                x=[places[name][0] for name in names], y=[places[name][1] for name in names], showlegend=False,
                mode="markers" if size == SMALL else "markers+text", text=[f"{100 * value:.0f}" for value in values],
                textfont={"size": 12, "color": [NUMBERS[int(min(one, 1 - one) < STRONG)] for one in values]},
                customdata=names, hovertemplate="%{customdata}: probe error %{text} %<extra></extra>", row=row, col=1,
                marker={
                    "size": size, "color": values, "cmin": 0, "cmax": 1, "colorscale": ERRORS, "reversescale": True,
                    "line": {"width": 1, "color": look.muted},
                },
            )  # fmt: skip
    figure.update_xaxes(showticklabels=False, showgrid=False, range=[-0.4, DEPTH + 1.2])
    figure.update_xaxes(
        tickvals=[places[name][0] for name in (*BLOCKS, "logits")],
        ticktext=["stem", *(f"block {k + 1}" for k in range(DEPTH)), "head"],
        showticklabels=True, row=len(found), col=1,
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-1.3, 0.65])
    return styled(figure, look, 40 + ROW * len(found), margin={"l": 8, "r": 8, "t": 26, "b": 8})


def heads_figure(own: Sequence[HeadScore], alone: Sequence[HeadScore], look: Theme) -> go.Figure:
    """Errors over the steps of the training, the mean of the seeds and their standard deviation.

    Args:
        own: of trainings with the auxiliary head.
        alone: of those without it.
        look: colours.
    """
    figure = go.Figure()
    lines = {
        "main head": [[one.main for one in found] for found in by_step(own).values()],
        "auxiliary head": [[one.auxiliary for one in found] for found in by_step(own).values()],
        "main head, no auxiliary one": [[one.main for one in found] for found in by_step(alone).values()],
    }
    for k, ((name, found), dash) in enumerate(zip(lines.items(), ("solid", "dash", "dot"), strict=True)):
        values = [np.array(errors) for errors in found]
        figure.add_scatter(
            x=list(by_step(own)), y=[one.mean() for one in values], name=name, mode="lines+markers",
            line={"color": look.colour(k), "dash": dash, "width": 2}, marker={"size": 8, "symbol": k},
            error_y={"array": [one.std(ddof=1) if len(one) > 1 else 0.0 for one in values]},
            hovertemplate="after %{x} steps: %{y:.1%} ± %{error_y.array:.1%}<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="steps of training")
    figure.update_yaxes(title_text="test error", tickformat=".0%", range=[0, 1.02])
    return styled(figure, look, 380)


def _is_branch(name: str) -> bool:
    return name.count(".") == 2


def _places() -> dict[str, Place]:
    """Where each of `PROBED` stands: blocks and the main head on one line, branches before their block."""
    places: dict[str, Place] = {block: (float(k), 0.0) for k, block in enumerate(BLOCKS)}
    for k, block in enumerate(BLOCKS[1:], 1):
        places |= {f"{block}.{name}": (k - 0.5, 0.5 - j / 3) for j, name in enumerate(BRANCHES)}
    return places | HEADS


def _edges() -> list[tuple[str, str]]:
    found = [(BLOCKS[-1], "logits"), (BLOCKS[AUX_AFTER], "auxiliary")]
    for before, block in itertools.pairwise(BLOCKS):
        for name in BRANCHES:
            found += [(before, f"{block}.{name}"), (f"{block}.{name}", block)]
    return found
