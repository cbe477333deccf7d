"""Diagnostics of chains: do they agree, how many independent draws are they worth, and what to change.

Rank-normalised split R-hat, bulk and tail effective sample size and Monte Carlo standard error are those of Vehtari,
Gelman, Simpson, Carpenter & Bürkner (2021), computed by arviz-stats.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.chains import Chains
from latentlab.analysis.sampling.moves import Sampler
from latentlab.analysis.sampling.targets import SamplingError

LEAST_STEPS = 4  # half a chain must have two
TAIL = (0.05, 0.95)  # the quantiles whose effective sample sizes make that of the tails
AGREED = 1.01  # R-hat of chains that have converged (Vehtari et al. 2021, §4)
ENOUGH = 400  # effective sample size, of bulk and of tail
LAGS = 100


class Remedy(StrEnum):
    """A change of an experiment that an advice names."""

    HALVE_STEP = "halve the step"
    SHORTEN_STEP = "shorten the step to an eighth"
    DOUBLE_STEP = "double the step"
    RUN_LONGER = "run longer"
    LEAVE_OUT_MORE = "leave out more of the start"
    MORE_CHAINS = "run more chains"
    FEWER_CHAINS = "run fewer chains"
    START_AT_DATA = "start from the data"
    TEMPER = "use parallel tempering"
    INTEGRATE = "use the path integral"


@dataclass(frozen=True)
class Diagnostics:
    """Numbers of the chains that weren't lost, after the burn-in; arrays are (d,), one number a coordinate.

    Attributes:
        n_chains: that are diagnosed.
        n_steps: of each.
        n_lost: chains left out.
        acceptance: share of the proposals; of NUTS, which nearly always moves, the mean acceptance probability.
        n_diverged: trajectories of HMC and NUTS whose energy error was too large.
        mean, std: over all draws.
        mcse: standard error of the mean.
        r_hat: rank-normalised and split; 1 where all chains agree.
        ess_bulk, ess_tail: effective sample sizes; a tail's is the smaller of those of its 5 % and 95 % quantiles.
        ess_per_second: the smallest of all of them, by the time that the steps took.
        ess_per_evaluation: the same, by evaluations of the density or its gradient.
        autocorrelation: (L + 1, d) from lag 0 on, averaged over the chains that moved.
        advice: one sentence.
        remedies: the changes that it names, the best first.
    """

    n_chains: int
    n_steps: int
    n_lost: int
    acceptance: float
    n_diverged: int
    mean: Doubles
    std: Doubles
    mcse: Doubles
    r_hat: Doubles
    ess_bulk: Doubles
    ess_tail: Doubles
    ess_per_second: float
    ess_per_evaluation: float
    autocorrelation: Doubles
    advice: str
    remedies: tuple[Remedy, ...]


def diagnose(chains: Chains, sampler: Sampler | None = None, burn_in: int = 0) -> Diagnostics:
    """Diagnose chains.

    Args:
        chains: at least `LEAST_STEPS` steps of at least one chain that wasn't lost.
        sampler: knows the best acceptance rate; None for no advice on it.
        burn_in: steps left out at the start.

    Raises:
        SamplingError: too few steps, or every chain was lost.
    """
    from arviz_stats.base import array_stats

    n_steps = len(chains.positions) - burn_in
    if burn_in < 0 or n_steps < LEAST_STEPS:
        raise SamplingError(f"It takes {LEAST_STEPS} steps after the burn-in to diagnose chains; there are {n_steps}.")
    kept = ~chains.lost
    if not kept.any():
        raise SamplingError("Every chain was lost, so there is nothing to diagnose.")
    draws = np.moveaxis(chains.positions[burn_in:, kept].astype(np.float64), 0, 1)  # (C, T, d)
    axes = {"chain_axis": 0, "draw_axis": 1}
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # of chains that stand still: not a number
        warnings.simplefilter("ignore")
        r_hat = array_stats.rhat(draws, **axes)
        bulk = array_stats.ess(draws, **axes)
        tail = array_stats.ess(draws, **axes, method="tail", prob=TAIL)
        mcse = array_stats.mcse(draws, **axes)
        lags = array_stats.autocorr(draws, axis=1)[:, : LAGS + 1]
        autocorrelation = np.nanmean(lags, 0) if np.isfinite(lags).any() else np.full(lags.shape[1:], np.nan)
    acceptance = float(chains.acceptance[burn_in:, kept].mean())
    n_diverged = 0 if chains.diverged is None else int(chains.diverged[burn_in:, kept].sum())
    least = float(np.min([bulk, tail]))
    n_lost = int(chains.lost.sum())
    share = n_steps / len(chains.positions)  # of the time
    lost = (n_lost, len(kept), n_diverged)
    advice, remedies = _advice(acceptance, sampler, *lost, float(np.max(r_hat)), least, n_steps)
    return Diagnostics(
        n_chains=int(kept.sum()),
        n_steps=n_steps,
        n_lost=n_lost,
        acceptance=acceptance,
        n_diverged=n_diverged,
        mean=draws.mean((0, 1)),
        std=draws.std((0, 1)),
        mcse=np.asarray(mcse),
        r_hat=np.asarray(r_hat),
        ess_bulk=np.asarray(bulk),
        ess_tail=np.asarray(tail),
        ess_per_second=least / (chains.seconds * share),
        ess_per_evaluation=least / (n_steps * int(kept.sum()) * chains.evaluations),
        autocorrelation=autocorrelation,
        advice=advice,
        remedies=remedies,
    )


def _advice(
    acceptance: float,
    sampler: Sampler | None,
    n_lost: int,
    n_chains: int,
    n_diverged: int,
    r_hat: float,
    least: float,
    n_steps: int,
) -> tuple[str, tuple[Remedy, ...]]:
    """What to change first, as a sentence and as the changes that it names."""
    if n_lost:
        text = (
            f"{n_lost:,} of {n_chains:,} chains reached a NaN or infinite log-density: halve the step, or start from "
            "the data."
        )
        return text, (Remedy.HALVE_STEP, Remedy.START_AT_DATA)
    low, high = (0.0, 1.0) if sampler is None or sampler.best is None else sampler.best
    if acceptance < low:
        text = f"Acceptance {acceptance:.0%}: halve the step; most proposals fall where the density is low."
        return text, (Remedy.HALVE_STEP,)
    if acceptance > high:
        text = f"Acceptance {acceptance:.0%}: double the step; the chains mix slowly because steps are small."
        return text, (Remedy.DOUBLE_STEP,)
    if n_diverged:
        text = f"{n_diverged:,} trajectories diverged: halve the step, or parts of the density may be missed."
        return text, (Remedy.HALVE_STEP,)
    if n_chains < 2:
        return "R-hat needs two or more chains.", (Remedy.MORE_CHAINS,)
    if not np.isfinite(r_hat):
        return "Some coordinate never moved, so it can't be diagnosed: run longer.", (Remedy.RUN_LONGER,)
    if r_hat > 10 * (AGREED - 1) + 1:
        text = (
            f"R-hat {r_hat:.2f}: the chains still depend on where they started; run longer, or, if they are stuck in "
            "different modes, use parallel tempering."
        )
        return text, (Remedy.RUN_LONGER, Remedy.TEMPER)
    if r_hat > AGREED:
        text = f"R-hat {r_hat:.3f}: not yet one distribution; leave out more of the start, or run longer."
        return text, (Remedy.LEAVE_OUT_MORE, Remedy.RUN_LONGER)
    if least < ENOUGH:
        n_more = int(np.ceil(ENOUGH / max(least, 1) * n_steps / 100) * 100)
        text = f"The effective sample size is only {least:,.0f}: use about {n_more:,} steps for {ENOUGH}."
        return text, (Remedy.RUN_LONGER,)
    return f"No convergence problem detected: R-hat {r_hat:.3f}, effective sample size at least {least:,.0f}.", ()


def rank_histogram(chains: Chains, axis: int, most: int = 8, n_bins: int = 20, burn_in: int = 0) -> Doubles:
    """(c, n_bins) how one coordinate's draws of the first c chains rank among all of theirs: even, if they agree.

    Shares that are 1 where there are as many as expected (Vehtari et al. 2021, §5).
    """
    from arviz_stats.base import array_stats

    draws = chains.positions[burn_in:, ~chains.lost, axis][:, :most].T  # (c, T)
    ranks = np.asarray(array_stats.compute_ranks(draws, axis=(0, 1)))
    bins = ((ranks - 0.5) * n_bins / draws.size).astype(np.int64).clip(0, n_bins - 1)
    counts = np.stack([np.bincount(row, minlength=n_bins) for row in bins])
    return np.asarray(counts * n_bins / draws.shape[1], np.float64)
