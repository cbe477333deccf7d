"""What chains are worth: their diagnostics, how far they are from the truth, and samplers side by side."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.sampling import (
    FAR_MODES,
    Diagnostics,
    cells,
    diagnose,
    mmd,
    rank_histogram,
    side_by_side,
    total_variation,
    wasserstein,
)
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.figures.sampling.chains import against, memory, pairs, ranks, traces
from latentlab.runs.run import Run
from pages.sampling.experiment import FAR, LENGTHS, Played, Setup, played, sensible
from pages.shared import cached
from pages.shared.background import EVERY, background
from pages.shared.header import look
from pages.shared.images import figure

N_CELLS = 24  # along a side
SOME = 500  # draws for what takes all pairs
OFF = 6.0  # distances above so many times the noise count as off the data


@st.cache_resource(max_entries=16, show_spinner="Judging the chains …", hash_funcs=cached.BY_VERSION)
def judged(run: Run, setup: Setup, burn_in: float) -> Diagnostics:
    """The diagnostics of an experiment, without the given share of its steps.

    Raises:
        ValueError: it can't be judged; one sentence.
    """
    found = played(run, setup)
    return diagnose(found.chains, found.sampler, int(burn_in * len(found.chains.positions)))


def diagnostics(found: Played, told: Diagnostics, burn_in: float) -> None:
    """Numbers of each coordinate, and traces, ranks and memory of one."""
    names = found.names
    rows = [
        {
            "coordinate": name,
            "mean": told.mean[k],
            "± error": told.mcse[k],
            "spread": told.std[k],
            "R-hat": told.r_hat[k],
            "effective, bulk": told.ess_bulk[k],
            "effective, tail": told.ess_tail[k],
        }
        for k, name in enumerate(names)
    ]
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in ("mean", "± error", "spread", "R-hat")}
    config |= {name: st.column_config.NumberColumn(format="%.0f") for name in ("effective, bulk", "effective, tail")}
    st.dataframe(rows, hide_index=True, column_config=config, alt="Diagnostics of each coordinate")
    st.caption(
        f"{told.n_chains:,} chain{'' if told.n_chains == 1 else 's'} of {told.n_steps:,} steps after the burn-in; "
        f"acceptance {told.acceptance:.0%}; "
        f"{told.ess_per_second:,.0f} effective draws a second, {1_000 * told.ess_per_evaluation:.3g} for a thousand "
        f"evaluations of the density, by the worst coordinate. {told.n_lost:,} chains lost."
    )
    axis = names.index(st.selectbox("Coordinate", names, key="coordinate")) if len(names) > 2 else 0
    skip = int(burn_in * len(found.chains.positions))
    left, middle, right = st.columns(3)
    some = found.chains.positions[:, ~found.chains.lost][:, :4]
    figure(traces(some[:, :, axis], names[axis], look()), "Traces of four chains", place=left)
    shares = rank_histogram(found.chains, axis, burn_in=skip)
    figure(ranks(shares, look()), "Ranks of four chains' draws among all of theirs", place=middle)
    shown = names[:4]
    figure(memory(told.autocorrelation[:, : len(shown)], shown, look()), "Autocorrelation", place=right)


def truth(found: Played, burn_in: float) -> None:
    """Cells, distances and panels against what is known of the truth."""
    draws = found.chains.positions[int(burn_in * len(found.chains.positions)) :, ~found.chains.lost]
    flat = draws.reshape(-1, draws.shape[-1])
    if found.truth is None and found.density is None:
        st.info("The truth isn't known in closed form; the pairs of coordinates are shown beside the examples' codes.")
    if found.density is not None and flat.shape[1] == 2:
        box = cells(found.box.low, found.box.high, N_CELLS)
        side = len(found.density) // N_CELLS
        masses = found.density.astype(np.float64).reshape(N_CELLS, side, N_CELLS, side).sum((1, 3))
        masses = masses / masses.sum() if found.truth is None else box.masses(found.truth.log_prob)
        shares = box.shares(flat)
        figure(
            against(masses, shares, found.box, look()), "Cells of the plane: the truth, the chains, their difference"
        )
        distance, noise = total_variation(masses, shares), _noise(masses, len(flat))
        text = f"Total variation in {N_CELLS}² cells: **{distance:.3f}** (as many independent draws: {noise:.3f}). "
        if found.truth is not None:
            real = found.truth.sample(len(flat), device.generator(7)).numpy()
            step = max(1, len(flat) // SOME)
            apart = mmd(flat[::step][:SOME], real[:SOME])
            moved = ", ".join(
                f"{name} {far:.3f}" for name, far in zip(found.names, wasserstein(flat, real), strict=True)
            )
            text += (
                f"Squared maximum mean discrepancy of {SOME} draws: **{apart.value:.4f}** (alike: {apart.null:.4f} "
                f"± {apart.null_std:.4f}). Wasserstein distance of a coordinate: {moved}."
            )
        st.markdown(text)
    else:
        step = max(1, len(flat) // 1_000)
        shown = pairs(found.data[:1_000], flat[::step][:1_000], found.names, look())
        figure(shown, "Pairs of coordinates: examples beside samples")
    if found.truth is not None:
        _off(found, flat)


def compared(run: Run, setup: Setup) -> None:
    """All samplers on the same number of evaluations, by the helper process."""
    if setup.target not in (*DENSITIES, FAR):
        st.info("Choose a density as the target: then every sampler is given the same number of evaluations of it.")
        return
    density = FAR_MODES if setup.target == FAR else DENSITIES[setup.target]
    names = [*LENGTHS, "Gibbs"]
    scales = {name: sensible(run, setup.target, name, 0, None) for name in names}
    key = f"side by side {setup.target} {setup.start}"
    asked = background().ask(key, side_by_side, density, scales, setup.start)
    if not asked.done():
        st.fragment(_wait, run_every=EVERY)(key)
        return
    try:
        rows = asked.result()
    except (ValueError, RuntimeError) as error:
        st.error(f"They can't be compared: {str(error).partition(chr(10))[0]}")
        return
    table = [
        {
            "sampler": row.name,
            "step": row.scale,
            "steps": row.n_steps,
            "acceptance": row.diagnostics.acceptance,
            "R-hat": float(np.max(row.diagnostics.r_hat)),
            "effective of 1,000 evaluations": 1_000 * row.diagnostics.ess_per_evaluation,
            "effective a second": row.diagnostics.ess_per_second,
            "total variation": row.total_variation,
        }
        for row in rows
    ]
    config = {
        "step": st.column_config.NumberColumn(format="%.3g"),
        "acceptance": st.column_config.NumberColumn(format="percent"),
        "R-hat": st.column_config.NumberColumn(format="%.3f"),
        "effective of 1,000 evaluations": st.column_config.NumberColumn(format="%.1f"),
        "effective a second": st.column_config.NumberColumn(format="%.0f"),
        "total variation": st.column_config.NumberColumn(format="%.3f"),
    }
    st.dataframe(table, hide_index=True, column_config=config, alt="Samplers side by side")
    st.caption(
        f"200 chains each, from “{setup.start}”, with 1,000 evaluations of the density or its gradient a chain and "
        "their sensible step, by exact differences of log-density; judged by the second half. Unadjusted Langevin "
        "mixes well towards the wrong law."
    )


def _off(found: Played, flat: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> None:
    """How far from the nearest component the draws lie, and which chains ended nowhere near."""
    assert found.truth is not None
    step = max(1, len(flat) // 3_000)
    some = torch.from_numpy(np.ascontiguousarray(flat[::step], np.float64))
    width = float(found.truth.stds.mean())
    far = found.truth.nearest(some)[1] / width
    last = torch.from_numpy(found.chains.positions[-1].astype(np.float64))
    d = found.truth.dim
    ended = int((found.truth.nearest(last)[1] / width > OFF * math.sqrt(max(1, d - 1) / 2)).sum())
    beyond = float((far > OFF * math.sqrt(max(1, d - 1) / 2)).double().mean())
    st.markdown(
        f"Root mean square distance to the nearest component's centre: **{float(far.square().mean().sqrt()):.2f}** of "
        f"its width {width:.3g}"
        + (f" (a curve: √{d - 1} = {math.sqrt(d - 1):.2f})" if d > 2 else "")
        + f". **{ended:,}** of {len(last):,} chains ended far off; {beyond:.1%} of the draws lie there."
    )


def _noise(masses: np.ndarray[tuple[int, ...], np.dtype[np.float64]], n: int) -> float:
    """The total variation that n independent draws would have."""
    share = (masses / masses.sum()).reshape(-1)
    drawn = np.random.default_rng(0).multinomial(n, share) / n
    return total_variation(share, drawn)


def _wait(key: str) -> None:
    asked = background().asked(key)
    if asked is None or asked.done():
        st.rerun()
        return
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.info("Six samplers walk side by side; that takes a few seconds.", icon=":material/hourglass_top:")
    right.button("Cancel", key="cancel", on_click=background().forget, args=(key,))
