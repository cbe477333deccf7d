"""The figures of Alain (2018) about the score in the plane: a shipped run, a box, and what is drawn of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreFigure:
    """What a figure of the source needs."""

    title: str
    run: str
    box: str | None
    over: tuple[str, ...]
    behind: str
    what: str


FIGURES = (
    ScoreFigure("Spiral", "spiral-dae", None, ("arrows", "data"), "true density", "Alain 2018, Fig. 3.5a"),
    ScoreFigure("Gap between the arms", "spiral-dae", "-0.47,-0.15,-0.13,0.19", ("arrows", "data", "fixed points"),
           "reconstruction error", "Fig. 3.5b: the arrows point in opposite directions half-way, though the error is "
                                   "low there"),
    ScoreFigure("A spurious attractor", "moons-dae-spurious", None, ("arrows", "data", "fixed points"), "basins",
           "Alain 2018, Fig. 3.7: right near the data, but with a spurious attractor where training never led"),
    ScoreFigure("Trained with walkback", "moons-dae-walkback", None, ("arrows", "data", "fixed points"), "basins",
           "The same network trained on five steps of its own chain: no spurious attractor, and directions only"),
    ScoreFigure("Mixture", "mixture-dae", None, ("arrows", "streamlines"), "angle error",
           "Five Gaussians: where the network is wrong, and by how much"),
)  # fmt: skip

CONTRACTING = {name: f"moons-one-layer-{name.lower()}" for name in ("DAE", "RCAE", "CAE")}  # runs of one size
