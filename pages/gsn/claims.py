"""Claims on denoising chains, one at a time, each decided on few states or in few dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.exact_claims import (
    Perturbation,
    condition,
    fundamental,
    latent_chain,
    lazy,
    local_noise,
    perturbation,
    visited,
)
from latentlab.analysis.sampling.exact_gsn import EXAMPLE, burn_in_curve, clamp, counted, exact_gsn
from latentlab.analysis.sampling.parzen_chain import Coverage, coverage, parzen_chains
from latentlab.analysis.stats import total_variation
from latentlab.data import DENSITIES, load
from latentlab.figures.sampling.chains import pairs
from latentlab.figures.sampling.exact_claims import (
    bound_figure,
    burn_in_figure,
    local_noise_figure,
    posterior_figure,
)
from latentlab.figures.sampling.image_chains import laws
from pages.gsn.dependency_networks import dependency_networks
from pages.gsn.exact_chain import CORRUPTION, exact_chain
from pages.gsn.one_step import one_step
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain

N = 5_000  # examples, and steps of a chain, as in the source's Fig. 5.3
COUNTS = (500, 5_000, 50_000)
SEEDS = range(10)
STEPS = (1, 2, 3, 5, 10, 20, 50)
WIDTH = GAP = 0.3  # of the intervals, and between them
REACHES = np.unique(np.concatenate([np.linspace(0.05, 0.4, 36), np.linspace(0.4, 0.9, 11)]).round(4))
POINTS = 500  # in ten dimensions
BANDWIDTH = 0.01
FREE, WALKBACK = "Bayes' for C", "walkback"


def draw_claim() -> None:
    """The claim that is chosen."""
    claims: Mapping[str, Callable[[], None]] = {
        "the chain": exact_chain,
        "ten values": ten_values,
        "ten dimensions": ten_dimensions,
        "one step": one_step,
        "burn-in": burn_in,
        "perturbation": perturbed,
        "clamping": clamping,
        "local noise": locally,
        "dependency networks": dependency_networks,
    }
    claims[linked_choice("Claim", list(claims), "the chain", "claim")]()


def ten_values() -> None:
    """Fig. 5.3 of the source, discrete: the data, as many examples, and as many steps of the chain that they taught."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        n = int(st.select_slider("Examples and steps", COUNTS, N, key="n-examples", bind="query-params"))
        seed = int(st.number_input("Seed", 0, 99, 0, key="lab-seed", bind="query-params"))
    found = exact_gsn(EXAMPLE, CORRUPTION, reconstruction=counted(EXAMPLE, CORRUPTION, n, seed))
    examples = np.random.default_rng(seed).multinomial(n, EXAMPLE) / n
    chain = np.bincount(visited(found.kernel, n, seed), minlength=len(EXAMPLE)) / n
    with right:
        shown = {"the data": EXAMPLE, "examples": examples, "steps of the chain": chain}
        figure(laws(shown, look()), "The data, the frequencies in examples, and those in the steps of a chain")
    far = [total_variation(one, EXAMPLE) for one in (examples, found.stationary, chain)]
    left.markdown(
        f"From the data in total variation: **{far[0]:.3f}** the {n:,} examples, **{far[1]:.3f}** the law of the chain "
        f"whose reconstruction is counted in as many pairs, **{far[2]:.3f}** its {n:,} steps, which depend on each "
        "other."
    )


@remember(8, "Running the chains …")
def in_ten_dimensions(gamma: float, n_copies: int, n_chains: int, seed: int) -> tuple[Doubles, Doubles, Coverage]:
    """The training points, the samples, and how those lie about the curve."""
    train = load("curve").train.x.double().numpy()
    points, data = train[seed * POINTS : (seed + 1) * POINTS], train[-N:]
    chains = parzen_chains(points, gamma, BANDWIDTH, n_copies, n_chains, N // n_chains, seed)
    samples = chains.reshape(-1, points.shape[1])
    return points, samples, coverage(samples, DENSITIES["curve"].means.double().numpy(), data)


def ten_dimensions() -> None:
    """Fig. 5.3 of the source, continuous: 500 points in ten dimensions, and 5,000 steps by Parzen windows."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        gamma = float(st.slider("Corruption γ", 0.05, 0.4, 0.1, 0.05, key="gamma", bind="query-params"))
        copies = int(st.select_slider("Noisy copies of a point", (1, 5, 20), 1, key="copies", bind="query-params"))
        n_chains = int(st.select_slider("Chains", (1, 5, 50), 50, key="n-chains", bind="query-params"))
        seed = int(st.number_input("Seed", 0, 9, 0, key="lab-seed", bind="query-params"))
    points, samples, found = in_ten_dimensions(gamma, copies, n_chains, seed)
    with right:
        names = [f"x{k + 1}" for k in range(points.shape[1])]
        figure(pairs(points, samples[:: max(1, N // 2_000)], names, look()), "Pairs of coordinates: data and samples")
    each = f"one chain of {N:,} steps" if n_chains == 1 else f"{n_chains} chains of {N // n_chains:,} steps"
    left.markdown(
        f"Samples lie **{found.distance:.3f}** from the curve (root mean square; data: about 0.031). Along it they are "
        f"**{found.uneven:.2f}** from the data in total variation over 20 parts (the {POINTS} points themselves: about "
        f"0.09): {each}" + (", which see a part of it only." if found.uneven > 0.5 else ".")
    )


def burn_in() -> None:
    """Theorem 3: with a latent state the chain has the data's law if training burns it in."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        sharp = int(st.slider("Sharpness of f(h′|h, x)", 1, 12, 6, key="sharp", bind="query-params"))
        seed = int(st.number_input("Seed", 0, 99, 0, key="lab-seed", bind="query-params"))
    distances = burn_in_curve(*latent_chain(6, 7, sharp, seed), list(STEPS))
    with right:
        figure(burn_in_figure(STEPS, distances, look()), "Total variation from the data by burn-in steps")
    left.markdown(
        f"In training h starts at one state and takes some steps with x held. After one step the chain is "
        f"**{distances[0]:.2g}** from the data, after {STEPS[3]} steps **{distances[3]:.2g}**, after {STEPS[-1]} "
        f"steps **{distances[-1]:.1g}**: Theorem 3 asks that H₀ and H₁ have the same law given x."
    )


@remember(1)
def by_examples() -> Mapping[int, Sequence[Perturbation]]:
    """The chain of ten values whose reconstruction is counted in examples against the exact one, over seeds."""
    kernel = exact_gsn(EXAMPLE, CORRUPTION).kernel
    return {
        n: [perturbation(kernel, CORRUPTION @ counted(EXAMPLE, CORRUPTION, n, seed)) for seed in SEEDS] for n in COUNTS
    }


def perturbed() -> None:
    """Theorem 4: how far an error of the kernel moves the stationary law."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        shares = {"every step": 1.0, "one in 2": 0.5, "one in 10": 0.1, "one in 100": 0.01, "one in 1,000": 0.001}
        moves = st.select_slider("The chain moves in", list(shares), "every step", key="moves", bind="query-params")
    found = by_examples()
    with right:
        figure(bound_figure(found, look()), "How far the law moved, and the bound, by the number of examples")
    share, own = shares[str(moves)], found[COUNTS[0]][0].factor
    tight = float(np.mean([one.bound / one.moved for own in found.values() for one in own]))
    said = (
        f"|Z|_∞ is **{own:.3g}** for this chain, and the bound is {tight:.0f} times what the law moves, on average "
        f"over {len(SEEDS)} seeds."
    )
    if share < 1:
        z = fundamental(lazy(exact_gsn(EXAMPLE, CORRUPTION).kernel, share))
        said += (
            f" Of the same chain that moves in {moves} steps it is **{np.abs(z).sum(1).max():,.3g}**: a corruption "
            "that hardly corrupts makes small errors of P(x|x̃) count."
        )
    left.markdown(said)


def clamping() -> None:
    """Condition (5.5): what a chain has to satisfy so that clamping it to a set gives the conditional law."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        kind = linked_choice("Reconstruction", (FREE, WALKBACK), WALKBACK, "condition-of")
        states = st.multiselect("Clamped to states", list(range(1, 11)), [4, 5, 6], key="held", bind="query-params")
    found, inside = exact_gsn(EXAMPLE, CORRUPTION, kind == WALKBACK), np.isin(np.arange(1, 11), states)
    try:
        sides = condition(found.corruption, found.reconstruction, inside)
        held = clamp(found.corruption, found.reconstruction, inside)
    except ValueError as error:
        st.info(plain(str(error)))
        return
    with right:
        panels(
            {
                "Both sides of (5.5), of h = x̃": laws(
                    {"Σ π(x|S) f(h|x)": sides.led_to, "π(h|S)": sides.wanted}, look()
                ),
                "The law in S": laws({"wanted": held.conditional, "of the clamped chain": held.stationary}, look()),
            },
            "Clamping",
        )
    needed = "is needed, too" if sides.is_needed else "may fail and the law still be nearly right"
    left.markdown(
        f"The two sides are **{sides.apart:.2g}** apart, the clamped law **{held.total_variation:.2g}** from the "
        f"conditional one. S leads to {sides.n_reached} states h, of which {sides.rank} have independent g(·|h, S): "
        f"the condition {needed} (Proposition 4)."
    )


@remember(1)
def over_the_gap() -> tuple[float, ...]:
    """ε from which on the chain reaches both intervals, and the numbers at it."""
    found = local_noise(REACHES)
    first = int(np.flatnonzero(found.n_parts == 1)[0])
    return float(found.reaches[first]), float(found.second[first])


def locally() -> None:
    """§5.A: noise that reaches only so far, between ease of estimation and mixing."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        chosen = float(st.slider("Reach ε", 0.05, 0.9, 0.2, 0.01, key="noise-reach", bind="query-params"))
    curve, one = local_noise(REACHES, WIDTH, GAP), local_noise(np.array([chosen, 2.0]), WIDTH, GAP)
    with right:
        panels(
            {
                "Mixing against what must be known": local_noise_figure(curve, chosen, GAP, look()),
                "P(x|x̃) for x̃ at the edge of the gap": posterior_figure(
                    one.places, {f"ε = {chosen:g}": one.posteriors[0], "global noise": one.posteriors[1]}, look()
                ),
            },
            "Local noise",
        )
    first, second = over_the_gap()
    stuck = one.n_parts[0] > 1
    verdict = "never crosses the gap" if stuck else f"has the second eigenvalue **{one.second[0]:.3f}**"
    left.markdown(
        f"With ε = {chosen:g} the chain {verdict}, and a reconstruction leaves **{one.entropy[0]:.2f}** nats open (at "
        f"most {np.log(len(one.places)):.2f}). The gap is {GAP:g} wide: from ε = {first:g} on, half of it, the chain "
        f"crosses, at first with {second:.4f}. Global noise mixes at once, and P(x|x̃) must be known everywhere."
    )
