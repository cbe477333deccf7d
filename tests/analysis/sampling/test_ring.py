"""Chains on the two-mode potential, which the Sampling page offers: they find the truth, or one mode of it."""

from __future__ import annotations

import numpy as np
import torch

from latentlab.analysis.sampling import ENERGIES, HMC, KNOWN, Start, experiment
from latentlab.data.builtin.two_modes import log_prob


def test_it_is_the_potential() -> None:
    target = KNOWN["two modes on a ring"].instance(ENERGIES["exact"]).target
    z = 1.5 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert target.log_prob is not None
    near = log_prob(z) > -8
    assert (target.log_prob(z) - log_prob(z))[near].abs().max() < 0.02


def test_chains_from_the_data_have_both_modes_and_from_one_point_may_not() -> None:
    instance = KNOWN["two modes on a ring"].instance(ENERGIES["exact"])
    assert instance.truth is not None
    starts: tuple[tuple[Start, bool], ...] = (("data", True), ("one point", False))
    for start, balanced in starts:
        found = experiment(instance, HMC(), 0.15, start, n_chains=60, n_steps=60, seed=0)
        upper = float((found.chains.positions[10:, :, 1] > 0).mean())
        assert (0.3 < upper < 0.7) == balanced
        radius = np.linalg.norm(found.chains.positions[10:], axis=2).mean()
        assert abs(radius - 2.139) < 0.1
