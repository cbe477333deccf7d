"""Chains on the shipped denoiser of the curve in ten dimensions, beside the exact density (Alain 2018, Fig. 3.6)."""

from __future__ import annotations

import pytest
import torch

from latentlab import device
from latentlab.analysis.sampling import RandomWalk, Target, denoised, sample_chains
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.models.autoencoders.dae import DAE
from latentlab.runs.store import SHIPPED, Store

SIGMA = 0.1


def test_the_shipped_denoiser_is_sampled_as_the_exact_density_is() -> None:
    curve, model = DENSITIES["curve"], Store(SHIPPED).load("curve-dae")
    assert isinstance(model, DAE)
    start = curve.blurred(SIGMA).sample(150, device.generator(0)).float()

    def run(target: Target) -> tuple[float, float, float]:
        rng = device.generator(1)
        found = sample_chains(target, start, sampler=RandomWalk(), scale=SIGMA, n_steps=150, rng=rng)
        far = curve.nearest(torch.from_numpy(found.positions[30:]).flatten(0, 1)[::7])[1]
        return float(found.accepted[30:].mean()), float(far.square().mean().sqrt()), float((far > 0.6).double().mean())

    exact, learned = run(Target(curve.blurred(SIGMA).log_prob)), run(denoised(model.denoise, model.sigma, 3))
    assert exact[0] == pytest.approx(0.166, abs=0.01)
    assert learned[0] == pytest.approx(exact[0], abs=0.03)
    assert learned[1] == pytest.approx(0.3, rel=0.05)
    assert learned[2] < 1e-3
    first = run(denoised(model.denoise, model.sigma, 1, "first-order"))
    assert first[1] > 1.5 * learned[1]
    assert first[2] > 0.3
