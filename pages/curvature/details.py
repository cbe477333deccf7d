"""Closer looks at one snapshot: along a direction, the spectrum of each layer, and the numbers of the source."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from latentlab.analysis.curvature.measure import RANGES, Curvature
from latentlab.experiments.curvature import tables as curvature_tables
from latentlab.figures.curvature.details import (
    along_figure,
    best_steps_figure,
    changes_figure,
    density_figure,
    layer_bars,
    subsets_figure,
    surface_figure,
)
from latentlab.subjects import StoredRun
from pages.curvature.measured import n_examples, subsets_task
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice

DIRECTIONS = ("sharpest", "lowest")  # the first and the last of the eigenvectors

ALL = "all"
SCALES = ("1", "5", "100", ALL)  # of λ and of 1/α*, as the source has them
FLAT = 1e-3  # a slope so small changes the loss by no more than single precision shows


def draw_along(found: Curvature, times: Mapping[int, Curvature]) -> None:
    """The loss along one eigenvector and over two, and the best steps along each.

    Args:
        found: at the time that is looked at.
        times: step of the training -> the curvature there, of all times.
    """
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
    upto = linked_choice("|λ| up to", SCALES, ALL, "upto")
    panels(
        {
            "1/α* of the best step": best_steps_figure(times, None if upto == ALL else float(upto), look()),
            "What the best step changes": changes_figure(times, look()),
        },
        "The best step along each eigenvector",
    )
    st.caption(
        "Where the parabola holds, 1/α* = λ: Newton's step (dashed). Along negative directions, triangles, the best "
        "step is far longer than 1/|λ| (dotted), since the loss rises again at some distance."
    )


def draw_subsets(run: StoredRun, name: str, k: int) -> None:
    """How far the Hessian of fewer examples is from that of many, at one time of a run."""
    task = subsets_task(run, name, k)
    if task.result is None:
        show_tasks([task], Waiting("Comparing the Hessians of ever more examples"), "They can't be compared")
        return
    rows, most = task.result, max(one.n for one in task.result)
    n_all = n_examples(run)
    figure(subsets_figure(rows, look()), "The errors of the eigenvalues by the number of examples")
    st.dataframe(
        [
            {
                "examples": one.n, "share": 100 * one.n / n_all, "end": one.end, "extreme λ": one.value,
                "its error": 100 * one.apart.extreme_error, "largest error": 100 * one.apart.largest_error,
                "|v · v'|": one.apart.cosine, "largest angle": one.apart.angle,
            }
            for one in sorted(rows, key=lambda one: (one.end, one.n))
        ],
        hide_index=True,
        column_config={
            "extreme λ": st.column_config.NumberColumn(format="%.4g"),
            "|v · v'|": st.column_config.NumberColumn(format="%.3f"),
            "largest angle": st.column_config.NumberColumn(format="%.0f°"),
            **{
                column: st.column_config.NumberColumn(format="%.3g %%")
                for column in ("share", "its error", "largest error")
            },
        },
        alt="Each number of examples and end of the spectrum: errors of the eigenvalues and angles",
    )  # fmt: skip
    st.caption(
        f"Against the Hessian of {most:,} examples ({most / n_all:.0%} of all {n_all:,}), {k} eigenpairs of either "
        "end. Single eigenvectors turn freely where eigenvalues are close; the largest angle is between the spaces of "
        f"all {k}. The source takes 5 % of MNIST, which are 2,500 examples (Alain 2018, §11.D): what counts is the "
        "number of examples, not their share."
    )


def draw_spectrum(named: Mapping[str, int], found: Curvature) -> None:
    """The extreme eigenvalues of each layer's block, where the ends lie, and the density of all eigenvalues.

    Args:
        named: layer -> the number of its parameters.
        found: the curvature.
    """
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
        "In the course of a training": curvature_tables.progress_rows(curvature_tables.PROGRESS.read()),
        "How much data the Hessian needs": curvature_tables.subset_rows(curvature_tables.SUBSETS.read()),
        "Following the lowest direction of one Hessian": curvature_tables.follow_rows(
            curvature_tables.FOLLOWING.read()
        ),
        "Training along it": curvature_tables.race_rows(curvature_tables.RACE.read()),
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
