"""Chains on the curve in ten dimensions, σ = σ_MH = 0.1: the shipped denoiser beside the exact density.

    python -m benchmarks.curve                      # one table, about a minute

100 chains of 800 steps from the data, the first quarter left out. The source shows them in Fig. 3.6 (Alain 2018)
without numbers; by theory the root mean square distance from a curve in ten dimensions is σ √9 = 0.300, and 4e-5 of
the draws lie beyond 0.6.
"""

from __future__ import annotations

import torch

from latentlab import device
from latentlab.analysis.sampling import RandomWalk, Target, denoised, sample_chains
from latentlab.analysis.score.field import Rule
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.models import Denoises
from latentlab.runs.store import Store

SIGMA, CHAINS, STEPS, SEEDS = 0.1, 100, 800, (0, 1, 2)


def sampled(target: Target, start: torch.Tensor, seed: int) -> tuple[float, float, float]:
    """Acceptance, root mean square distance from the curve, and the share of the draws beyond 0.6 of it."""
    chains = sample_chains(
        target, start, sampler=RandomWalk(), scale=SIGMA, n_steps=STEPS, rng=device.generator(seed + 100)
    )
    draws = torch.from_numpy(chains.positions[STEPS // 4 :]).flatten(0, 1)[::5]
    far = DENSITIES["curve"].nearest(draws)[1]
    return float(chains.accepted.mean()), float(far.square().mean().sqrt()), float((far > 0.6).double().mean())


def main() -> None:
    """Print the table."""
    curve, model = DENSITIES["curve"], Store.default().load("curve-dae")
    assert isinstance(model, Denoises)
    print("| energies | start | seed | acceptance | rms distance | beyond 0.6 |\n|---|---|--:|--:|--:|--:|")
    rules: dict[str, tuple[Rule, int]] = {
        "denoiser, 5 points": ("midpoint", 5),
        "denoiser, 3 points": ("midpoint", 3),
        "denoiser, first order": ("first-order", 1),
    }
    targets = {"exact": Target(curve.blurred(SIGMA).log_prob)}
    targets |= {name: denoised(model.denoise, model.sigma, n, rule) for name, (rule, n) in rules.items()}
    for name, target in targets.items():
        for seed in SEEDS:
            start = curve.sample(CHAINS, device.generator(seed)).float()
            found = sampled(target, start, seed)
            print(f"| {name} | data | {seed} | {found[0]:.3f} | {found[1]:.3f} | {found[2]:.4%} |", flush=True)
    for seed in SEEDS:
        start = 3 * torch.rand(CHAINS, 10, generator=device.generator(seed)) - 1.5
        found = sampled(targets["denoiser, 5 points"], start, seed)
        print(f"| denoiser, 5 points | box ±1.5 | {seed} | {found[0]:.3f} | {found[1]:.3f} | {found[2]:.4%} |")


if __name__ == "__main__":
    device.limit_threads()
    main()
