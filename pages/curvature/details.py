"""Closer looks at one snapshot: along a direction, the spectrum of each layer, and the numbers of the source."""

from __future__ import annotations

import streamlit as st

from latentlab.analysis.curvature.measure import RANGES, Curvature
from latentlab.experiments import curvature_tables
from latentlab.experiments.curvature import FollowScore, ProgressScore, SubsetScore
from latentlab.experiments.curvature_race import RaceScore
from latentlab.figures.curvature.details import (
    along_figure,
    best_steps_figure,
    changes_figure,
    density_figure,
    layer_bars,
    surface_figure,
)
from latentlab.subjects import StoredRun
from pages.curvature.measured import layers
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.linked_choice import linked_choice

DIRECTIONS = ("sharpest", "lowest")  # the first and the last of the eigenvectors

FLAT = 1e-3  # a slope so small changes the loss by no more than single precision shows


def draw_along(found: Curvature) -> None:
    """The loss along one eigenvector and over two, and the best steps along each."""
    with st.container(horizontal=True):
        direction = linked_choice("Direction", DIRECTIONS, DIRECTIONS[0], "direction")
        reach = linked_choice("α up to", tuple(f"{r:g}" for r in RANGES), f"{RANGES[1]:g}", "reach")
    end, which = DIRECTIONS.index(direction), [f"{r:g}" for r in RANGES].index(reach)
    place = -1 if end else 0
    slope, value = float(found.slopes[place]), float(found.values[place])
    panels(
        {
            "Along the eigenvector": along_figure(found, end, which, look()),
            "Over the sharpest and the lowest": surface_figure(found, look()),
        },
        "The loss",
    )
    flat = ""
    if abs(slope) < FLAT:
        flat = " The gradient is almost orthogonal to it: near 0 both curves are flat up to the rounding of the loss."
    st.caption(
        f"λ = {value:.4g}, c = gᵀv = {slope:.3g}: the loss at θ − α c v and the parabola "
        f"L − c² (α − λ α²/2).{flat} The best step is α* = {found.alphas[place]:.3g}, which changes the loss by "
        f"{found.changes[place]:.3g}."
    )
    panels(
        {
            "1/α* of the best step": best_steps_figure(found, look()),
            "What the best step changes": changes_figure(found, look()),
        },
        "The best step along each eigenvector",
    )
    st.caption(
        "Where the parabola holds, 1/α* = λ: Newton's step. Along negative directions the best step is far longer than "
        "1/|λ|, since the loss rises again at some distance."
    )


def draw_spectrum(run: StoredRun, found: Curvature) -> None:
    """The extreme eigenvalues of each layer's block, where the ends lie, and the density of all eigenvalues."""
    named = layers(run)
    panels(
        {
            "Each layer's own block": layer_bars(found, named, look()),
            "All eigenvalues": density_figure(found, look()),
        },
        "The spectrum",
    )
    trace, error = found.trace
    st.dataframe(
        [
            {
                "layer": name, "parameters": size, "largest λ of its block": float(high), "smallest": float(low),
                "share of the sharpest direction": 100 * float(sharp), "of the lowest": 100 * float(lowest),
            }
            for (name, size), (high, low), sharp, lowest in zip(
                named.items(), found.blocks, found.shares[0], found.shares[1], strict=True
            )
        ],
        hide_index=True,
        column_config={
            **{name: st.column_config.NumberColumn(format="%.3g") for name in ("largest λ of its block", "smallest")},
            **{
                name: st.column_config.NumberColumn(format="%.0f %%")
                for name in ("share of the sharpest direction", "of the lowest")
            },
        },
        alt="Each layer: its parameters, the extreme eigenvalues of its block, and its share of the ends",
    )  # fmt: skip
    st.caption(
        f"The trace, the sum of all {found.size:,} eigenvalues, is {trace:.3g} ± {error:.2g}. It and the density are "
        "estimated by Lanczos from random vectors: the heights are shares of the whole, not counts."
    )


def draw_source() -> None:
    """What the source says and what was measured of it over seeds."""
    tables = {
        "What the source says": curvature_tables.claim_rows(),
        "In the course of a training": curvature_tables.progress_rows(curvature_tables.read(ProgressScore)),
        "How much data the Hessian needs": curvature_tables.subset_rows(curvature_tables.read(SubsetScore)),
        "Following the lowest direction of one Hessian": curvature_tables.follow_rows(
            curvature_tables.read(FollowScore)
        ),
        "Training along it": curvature_tables.race_rows(curvature_tables.read(RaceScore)),
    }
    for title, rows in tables.items():
        if rows:
            st.markdown(f"**{title}**")
            st.dataframe(rows, hide_index=True, alt=title)
    st.caption(
        "Means, and the range over seeds in brackets; SA are the smallest eigenvalues, LA the largest. Alain (2018), "
        "chapter 11, has a network of 3.3 million parameters on MNIST and figures without numbers; here it has 1,378 "
        "on 8×8 digits, or 13,818 on MNIST. `python -m latentlab reproduce curvature`."
    )
