"""The quality of chains: diagnostics, distances to the truth, and samplers side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import streamlit as st
from pandas.io.formats.style import Styler  # type: ignore[import-untyped]

from latentlab.analysis.sampling import (
    NUTS,
    SAMPLERS,
    Comparison,
    Diagnostics,
    Experiment,
    FromCentres,
    Sampler,
    Tempering,
    as_samples,
    diagnose,
    from_centres,
    in_cells,
    rank_histogram,
    side_by_side,
)
from latentlab.analysis.sampling.hamiltonian import MOST_ERROR
from latentlab.analysis.verdict import of_samplers
from latentlab.figures.sampling.chains import against, memory, pairs, ranks, traces
from latentlab.models import Samples
from latentlab.subjects import Subject
from pages.sampling.experiment import DENSITY, Setup, problem, sampler
from pages.sampling.samples import compare_with_samples
from pages.shared.background import Waiting, run_task, show_tasks
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

PAIRED = 1_000  # examples and draws in the panels of pairs
COMPARED = {
    "acceptance": st.column_config.NumberColumn(format="percent"),
    "distance from the truth": st.column_config.NumberColumn(format="%.3f"),
    "by chance": st.column_config.NumberColumn(format="%.3f"),
    "R-hat": st.column_config.NumberColumn(format="%.3f"),
    "ESS per 1,000 evaluations": st.column_config.NumberColumn(format="%.1f"),
    "ESS per second": st.column_config.NumberColumn(format="%.0f"),
    "step": st.column_config.NumberColumn(format="%.3g"),
}


@remember(16, "Computing diagnostics …")
def diagnose_experiment(
    run: Subject,
    setup: Setup,
    burn_in: float,
    of: tuple[int, ...],  # noqa: ARG001 it distinguishes a run from a longer one
    _found: Experiment,
) -> Diagnostics:
    """The diagnostics of an experiment of so many steps and chains, without the given share of its steps.

    Raises:
        ValueError: it can't be diagnosed; one sentence.
    """
    return diagnose(_found.chains, sampler(run, setup), _found.n_burnt(burn_in))


def diagnostics(found: Experiment, used: Sampler, numbers: Diagnostics, burn_in: float) -> None:
    """Numbers of each coordinate, and traces, ranks and memory of one."""
    names = found.names
    rows = [
        {
            "coordinate": name,
            "mean": numbers.mean[k],
            "MCSE": numbers.mcse[k],
            "std": numbers.std[k],
            "R-hat": numbers.r_hat[k],
            "ESS, bulk": numbers.ess_bulk[k],
            "ESS, tail": numbers.ess_tail[k],
        }
        for k, name in enumerate(names)
    ]
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in ("mean", "MCSE", "std", "R-hat")}
    config |= {name: st.column_config.NumberColumn(format="%.0f") for name in ("ESS, bulk", "ESS, tail")}
    st.dataframe(rows, hide_index=True, column_config=config, alt="Diagnostics of each coordinate")
    st.caption(
        f"{numbers.n_chains:,} chain{'' if numbers.n_chains == 1 else 's'} of {numbers.n_steps:,} steps after the "
        f"burn-in; acceptance {numbers.acceptance:.0%}; {numbers.ess_per_second:,.0f} ESS per second, "
        f"{1_000 * numbers.ess_per_evaluation:.3g} per thousand evaluations of the density, for the worst coordinate. "
        f"{numbers.n_lost:,} chains lost."
    )
    if found.chains.diverged is not None:
        st.caption(_trajectories(found, used, numbers, burn_in))
    if isinstance(used, Tempering) and found.chains.swapped is not None:
        exchanged = found.chains.swapped[found.n_burnt(burn_in) :, :, ~found.chains.lost].mean((0, 2))
        pairs_of = zip(used.temperatures, used.temperatures[1:], exchanged, strict=False)
        rates = "; ".join(f"{cold:g} and {hot:g}: **{rate:.0%}**" for cold, hot, rate in pairs_of)
        st.markdown(
            f"Exchanges accepted between temperatures {rates}. The cold chain reaches what the hottest does only "
            "if none is near zero."
        )
    axis = (
        names.index(st.selectbox("Coordinate", names, key="coordinate", bind="query-params")) if len(names) > 2 else 0
    )
    left, middle, right = st.columns(3)
    some = found.chains.positions[:, ~found.chains.lost][:, :4]
    figure(traces(some[:, :, axis], names[axis], look()), "Traces of four chains", place=left)
    shares = rank_histogram(found.chains, axis, burn_in=found.n_burnt(burn_in))
    figure(
        ranks(shares, look()),
        "Ranks of a few chains' draws among all of theirs; the dashed line is what is expected",
        place=middle,
    )
    shown = names[:4]
    figure(memory(numbers.autocorrelation[:, : len(shown)], shown, look()), "Autocorrelation", place=right)


def _trajectories(found: Experiment, used: Sampler, numbers: Diagnostics, burn_in: float) -> str:
    """Leapfrog steps and divergences, in a sentence each."""
    n_all = numbers.n_steps * numbers.n_chains
    said = (
        f"{numbers.n_diverged:,} of {n_all:,} trajectories diverged: their energy changed by more than "
        f"{MOST_ERROR:,.0f} nats, or was not finite."
    )
    if found.chains.n_leapfrog is None or not isinstance(used, NUTS):
        return said
    n = found.chains.n_leapfrog[found.n_burnt(burn_in) :, ~found.chains.lost]
    largest = 2**used.max_depth - 1
    return (
        f"A tree had {n.mean():.1f} leapfrog steps on average and {n.max():,} at most; {(n == largest).mean():.1%} "
        f"reached the largest depth {used.max_depth}, which is {largest:,} steps. {said}"
    )


def truth(run: Subject, setup: Setup, found: Experiment, burn_in: float) -> None:
    """Cells, distances and panels compared with the truth, as far as it is known."""
    draws = found.draws(burn_in)
    flat = draws.reshape(-1, draws.shape[-1])
    if found.truth is None and found.density is None:
        st.info("The truth isn't known in closed form; pairs of coordinates are compared with those of the examples.")
    if found.density is not None and flat.shape[1] == 2:
        shares = in_cells(flat, found.truth, found.density, found.box)
        drawn = against(shares.masses, shares.shares, found.box, look())
        figure(drawn, "Cells of the plane: the truth, the chains, their difference")
        text = (
            f"Total variation in {len(shares.masses)}² cells: **{shares.total_variation:.3f}** (as many independent "
            f"draws: {shares.noise:.3f}). "
        )
        if found.truth is not None:
            apart = as_samples(flat, found.truth)
            moved = ", ".join(f"{name} {far:.3f}" for name, far in zip(found.names, apart.wasserstein, strict=True))
            text += (
                f"Squared maximum mean discrepancy of {apart.n_paired} draws: **{apart.mmd.value:.4f}** (alike: "
                f"{apart.mmd.null:.4f} ± {apart.mmd.null_std:.4f}). Wasserstein distance of a coordinate: {moved}."
            )
        st.markdown(text)
    else:
        step = max(1, len(flat) // PAIRED)
        data, center, unit = found.data, 0.0, 1.0
        if setup.target == DENSITY:  # coordinates may have units of their own
            center, unit = data.mean(0), data.std(0).clip(min=np.finfo(np.float32).tiny)
        known, drawn = ((x[:PAIRED] - center) / unit for x in (data, flat[::step]))
        shown = pairs(known, drawn, found.names, look())
        figure(shown, "Pairs of coordinates: examples and samples")
    if setup.target == DENSITY and run.has(Samples):
        compare_with_samples(run, flat)
    if found.truth is not None:
        _from_centres(from_centres(flat, found.chains.positions[-1], found.truth), found)


def compared(run: Subject, setup: Setup) -> None:
    """All samplers on the same number of evaluations, by the background process."""
    chosen = problem(run, setup)
    if chosen.closed_form is None:
        st.info("Choose a density as the target: then every sampler is given the same number of evaluations of it.")
        return
    scales = {name: chosen.scale(one) for name, one in SAMPLERS.items()}
    key = f"side by side {setup.target} {setup.start}"
    stopped: Slot[bool] = Slot(f"cancelled {key}")
    if stopped.get():
        st.button("Compare them", on_click=stopped.forget, icon=":material/play_arrow:")
        return
    task = run_task(key, partial(side_by_side, chosen.closed_form, scales, setup.start))
    if task.result is None:
        waiting = Waiting("Running the samplers side by side", on_cancel=partial(stopped.set, True))
        show_tasks([task], waiting, "They can't be compared")
        return
    st.markdown(f"**{plain(of_samplers(task.result))}**")
    st.dataframe(
        _table(task.result),
        hide_index=True,
        column_config=COMPARED,
        alt="Samplers side by side, nearest to the truth first",
    )
    shown = "total variation in cells" if chosen.dim == 2 else "maximum mean discrepancy"
    st.caption(
        f"{task.result[0].n_chains} chains each, from “{setup.start}”, with about 1,000 evaluations of the density or "
        "its gradient a chain and their recommended step, with exact differences of log-density; measured on the "
        f"second half. The distance from the truth is the {shown}; “by chance” is that of as many independent draws. "
        "The ESS is gray where it counts only what the chains have reached, and not what they missed."
    )


def _table(rows: Sequence[Comparison]) -> Styler:
    """A row for each sampler; the ESS of those that are not to be trusted is gray."""
    found = []
    for row in rows:
        numbers = row.diagnostics
        found.append(
            {
                "sampler": row.name,
                "distance from the truth": row.distance if numbers else None,
                "by chance": row.noise if numbers else None,
                "R-hat": float(np.max(numbers.r_hat)) if numbers else None,
                "ESS per 1,000 evaluations": 1_000 * numbers.ess_per_evaluation if numbers else None,
                "ESS per second": numbers.ess_per_second if numbers else None,
                "why not to trust the ESS": row.fault,
                "acceptance": numbers.acceptance if numbers else None,
                "step": row.scale,
                "steps": row.n_steps,
            }
        )
    table, faulty = pd.DataFrame(found), [k for k, row in enumerate(rows) if row.fault]
    ess = [name for name in table if name.startswith("ESS")]
    return table.style.set_properties(subset=(faulty, ess), color=look().muted)


def _from_centres(off: FromCentres, found: Experiment) -> None:
    """The distance of the draws from the nearest component, and the chains that ended far from all."""
    d = len(found.names)
    st.markdown(
        f"Root mean square distance to the nearest component's centre: **{off.rms:.2f}** of its width {off.width:.3g}"
        + (f" (a curve: √{d - 1} = {math.sqrt(d - 1):.2f})" if d > 2 else "")
        + f". **{off.n_far:,}** of {len(found.start):,} chains ended far off; {off.share_far:.1%} of the draws lie "
        "there."
    )
