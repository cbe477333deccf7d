"""Claims on chains of a few states, drawn: curves of burn-in, of bounds and of local noise, and laws against laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.exact_claims import LocalNoise, Perturbation
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled

LEAST = 1e-16  # of a total variation: what is smaller is rounding


def burn_in_figure(steps: Sequence[int], distances: Doubles, look: Theme) -> go.Figure:
    """The total variation of a chain's law from the data's, by the burn-in steps of its training."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(steps), y=np.maximum(distances, LEAST), mode="lines+markers", line={"color": look.accent, "width": 2},
        hovertemplate="%{x} steps: %{y:.3g}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="log", title_text="burn-in steps in training", tickvals=list(steps))
    figure.update_yaxes(type="log", title_text="total variation", **log_ticks(np.maximum(distances, LEAST)))
    return styled(figure, look, 320, showlegend=False)


def bound_figure(found: Mapping[int, Sequence[Perturbation]], look: Theme) -> go.Figure:
    """How far the stationary law moved and the bound on it, by the number of examples: means, and all seeds.

    Args:
        found: number of examples -> a perturbation for each seed.
        look: the colours.
    """
    figure = go.Figure()
    parts = {
        "bound |Z| |P − P̃|": (look.text, "dash", [[one.bound for one in own] for own in found.values()]),
        "|π − π̃|₁": (look.accent, "solid", [[one.moved for one in own] for own in found.values()]),
    }
    for name, (colour, dash, values) in parts.items():
        figure.add_scatter(
            x=list(found), y=[float(np.mean(own)) for own in values], name=name, mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2}, hovertemplate="%{x:,} examples: %{y:.3g}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[n for n, own in zip(found, values, strict=True) for _ in own], y=[one for own in values for one in own],
            mode="markers", marker={"color": colour, "size": 4, "opacity": 0.5}, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    every = np.array([number for own in found.values() for one in own for number in (one.bound, one.moved)])
    figure.update_xaxes(
        type="log", title_text="examples that R is counted in", tickvals=list(found), ticktext=[f"{n:,}" for n in found]
    )
    figure.update_yaxes(type="log", **log_ticks(every))
    return styled(figure, look, 320)


def local_noise_figure(found: LocalNoise, chosen: float, gap: float, look: Theme) -> go.Figure:
    """The second eigenvalue and H(x|x̃) by how far the corruption reaches; a line where it reaches over the gap."""
    figure = go.Figure()
    figure.add_scatter(
        x=found.reaches, y=found.second, name="second eigenvalue", mode="lines+markers",
        line={"color": look.accent, "width": 2}, hovertemplate="ε %{x:.3g}: %{y:.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=found.reaches, y=found.entropy, name="H(x|x̃)", mode="lines", yaxis="y2",
        line={"color": look.text, "width": 2, "dash": "dot"}, hovertemplate="ε %{x:.3g}: %{y:.3g} nats<extra></extra>",
    )  # fmt: skip
    figure.add_vline(gap / 2, line={"color": look.muted, "dash": "dash", "width": 1})
    figure.add_vline(chosen, line={"color": look.accent, "width": 1})
    figure.update_xaxes(title_text="reach ε of the corruption")
    figure.update_layout(
        yaxis={"title": {"text": "second eigenvalue"}, "rangemode": "tozero"},
        yaxis2={
            "title": {"text": "H(x|x̃), nats"},
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "tickmode": "linear",
            "dtick": 0.5,
        },
    )
    return styled(figure, look, 320, margin={"l": 8, "r": 48, "t": 8, "b": 8})


def posterior_figure(places: Doubles, posteriors: Mapping[str, Doubles], look: Theme) -> go.Figure:
    """P(x|x̃) over cells for one x̃, under several corruptions: what leaks from one interval into the other."""
    figure = go.Figure()
    for k, (name, values) in enumerate(posteriors.items()):
        figure.add_scatter(
            x=places, y=values, name=literal(name), mode="markers",
            marker={"color": (look.accent, look.text)[k % 2], "symbol": ("circle", "diamond")[k % 2], "size": 5},
            hovertemplate="x %{x:.3f}: %{y:.4f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="x")
    figure.update_yaxes(title_text="P(x|x̃)", rangemode="tozero")
    return styled(figure, look, 320)


def against_law(law: Doubles, others: Mapping[str, Doubles], look: Theme) -> go.Figure:
    """Probabilities of each state by other laws against those by a law, on logarithmic scales; equal ones on the line.

    Args:
        law: (n,).
        others: name -> (n,); what is 0 isn't drawn.
        look: the colours.
    """
    figure = go.Figure()
    low, high = float(law[law > 0].min()), float(law.max())
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": look.muted, "dash": "dash", "width": 1},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    colours, symbols = (look.muted, look.accent, look.text), ("circle-open", "circle", "x-thin-open")
    for k, (name, other) in enumerate(others.items()):
        figure.add_scatter(
            x=law, y=np.where(other > 0, other, np.nan), name=literal(name), mode="markers",
            marker={"color": colours[k % 3], "symbol": symbols[k % 3], "size": 5},
            hovertemplate="%{x:.3g} → %{y:.3g}<extra></extra>",
        )  # fmt: skip
    every = np.concatenate([law, *others.values()])
    figure.update_xaxes(type="log", title_text="true probability of a state", **log_ticks(law))
    figure.update_yaxes(type="log", title_text="probability", **log_ticks(every[every >= low / 100]))
    figure.update_yaxes(range=[np.log10(low / 30), np.log10(high * 2)])
    return styled(figure, look, 380)
