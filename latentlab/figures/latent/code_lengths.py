"""What an example takes: bars of the code and of the values, and where in the image the bits go."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.code_lengths import bits
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled


def length_bars(found: Mapping[str, tuple[float, float]], look: Theme, marked: str = "") -> go.Figure:
    """A bar for each way to send an example, of the nats for the code and for the values.

    Args:
        found: what it is called -> nats for the code, nats for the values.
        look: colours.
        marked: the bar that is meant; the others are paler. Empty: all.
    """
    names, figure = [literal(name) for name in found], go.Figure()
    opacity = [1.0 if not marked or name == marked else 0.45 for name in found]
    for part, (title, colour, pattern) in enumerate((("code", look.accent, "/"), ("pixels", look.muted, ""))):
        nats = [lengths[part] for lengths in found.values()]
        figure.add_bar(
            y=names, x=nats, name=title, orientation="h",
            marker={"color": colour, "opacity": opacity, "pattern": {"shape": pattern}},
            customdata=[bits(one) for one in nats],
            hovertemplate=f"%{{y}}: {title} %{{x:.1f}} nats, %{{customdata:.1f}} bits<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title_text="nats")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return styled(figure, look, 100 + 36 * len(found), barmode="stack", showlegend=True, legend=legend)


def bits_map(nats: Floats, look: Theme, most: float | None = None) -> go.Figure:
    """(H, W) nats of each pixel as a map of bits; `most` bits is where the colours end, None the largest there is."""
    shown = bits(1) * nats
    figure = go.Figure()
    bar = {
        "title": {"text": "bits", "font": {"size": 13, "color": look.muted}}, "thickness": 12, "outlinewidth": 0,
        "tickfont": {"color": look.muted},
    }  # fmt: skip
    figure.add_heatmap(
        z=shown, colorscale="Viridis", zmin=0, zmax=most or float(shown.max()), colorbar=bar,
        hovertemplate="row %{y}, column %{x}: %{z:.2f} bits<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    return styled(figure, look, 280)
