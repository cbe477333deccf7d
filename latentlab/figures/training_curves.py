"""How a training went: a figure for each term, in its unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

History = Sequence[Mapping[str, float]]
BaselineErrors = Mapping[str, float]
CLOSE = 0.15  # two floors that differ by less, as a share of the higher one, are written above and below
TERMS = {"kl": "KL divergence", "reconstruction": "reconstruction term"}  # stored name -> as the glossary has it
BASELINE_NAMES = {"linear": ("linear classifier", "dash"), "mlp": ("MLP", "dot")}


def training_curves(
    history: History, units: Mapping[str, str], look: Theme, height: int = 280, baselines: BaselineErrors | None = None
) -> dict[str, go.Figure]:
    """For each term its course over the epochs: while training (thin), and on the held-out split (dots).

    Args:
        history: the reports.
        units: of the terms that get a figure.
        look: colours.
        height: in pixels.
        baselines: held-out errors of classifiers of the same labels, "linear" and "mlp": horizontal lines with the
            error.
    """
    curves = {}
    for term, unit in units.items():
        x, y = _series(history, term)
        held_x, held_y = _series(history, f"valid_{term}")
        curves[term] = figure = go.Figure()
        figure.add_scatter(
            x=x, y=y, name="training", mode="lines", line={"color": look.muted, "width": 1}, opacity=0.6,
            hovertemplate=f"epoch %{{x:.1f}}<br>{term} %{{y:.4g}} {unit}<extra>training</extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=held_x, y=held_y, name="held out", mode="lines+markers", line={"color": look.accent, "width": 2},
            marker={"size": 5},
            hovertemplate=f"epoch %{{x:.0f}}<br>{term} %{{y:.4g}} {unit}<extra>held out</extra>",
        )  # fmt: skip
        known = _draw_baselines(figure, baselines or {}, x, look) if term == "error" else []
        figure.update_yaxes(title_text=f"{TERMS.get(term, term)} ({unit})", range=_range(y, held_y, *known))
        figure.update_xaxes(title_text="epoch")
        styled(figure, look, height, showlegend=False)
    return curves


def compared_curves(histories: Mapping[str, History], term: str, unit: str, look: Theme) -> go.Figure:
    """One held-out term of several runs over their epochs."""
    figure = go.Figure()
    dashes = ("solid", "dash", "dot", "dashdot")
    every = [np.empty(0, np.float32)]
    for index, (name, history) in enumerate(histories.items()):
        x, y = _series(history, f"valid_{term}")
        every.append(y)
        line = {"color": look.classes[index % len(look.classes)], "dash": dashes[index % len(dashes)], "width": 2}
        figure.add_scatter(x=x, y=y, name=literal(name), mode="lines", line=line)
    figure.update_yaxes(title_text=f"held-out {TERMS.get(term, term)} ({unit})", range=_range(*every))
    figure.update_xaxes(title_text="epoch")
    return styled(figure, look, 340)


def _draw_baselines(
    figure: go.Figure, baselines: BaselineErrors, x: NDArray[np.float32], look: Theme
) -> list[NDArray[np.float32]]:
    """Draw and name horizontal lines and return their heights, so that the range includes them."""
    known = {name: value for name, value in baselines.items() if name in BASELINE_NAMES and len(x)}
    lowest, highest = min(known.values(), default=0.0), max(known.values(), default=0.0)
    apart = lowest < (1 - CLOSE) * highest  # then each is named on the side of the other, else on the outer side
    for name, value in known.items():
        called, dash = BASELINE_NAMES[name]
        figure.add_scatter(
            x=np.array([0, x.max()], np.float32), y=np.full(2, value, np.float32), mode="lines+text",
            name=f"{called} of the same labels", line={"color": look.text, "width": 1.5, "dash": dash},
            text=["", called], textposition=f"{'bottom' if (value == highest) == apart else 'top'} left",
            textfont={"size": 12, "color": look.text},
            hovertemplate=f"{called}, fitted to the same labels<br>held-out error {value:.2%}<extra></extra>",
        )  # fmt: skip
    return [np.array([value], np.float32) for value in (*known.values(), (1 + CLOSE) * highest) if known]


def _series(history: History, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    points = [(row["epoch"], row[name]) for row in history if name in row and "epoch" in row]
    array = np.asarray(points, np.float32).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _range(*series: NDArray[np.float32]) -> list[float] | None:
    """Limits that show the bulk: the first steep fall or rise would flatten all that follows."""
    values = np.concatenate(series)
    if len(values) < 8:
        return None
    low, high = np.quantile(values, [0.03, 0.97])
    start, end = min(float(low), *(float(s[-1]) for s in series if len(s))), float(high)
    margin = 0.06 * (end - start) or 1e-3
    return [start - margin, max(end, *(float(s[-1]) for s in series if len(s))) + margin]
