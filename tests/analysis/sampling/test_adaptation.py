"""Dual averaging reaches the acceptance that it seeks, and then leaves the step alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentlab import device
from latentlab.analysis.sampling import (
    ENERGIES,
    HMC,
    KNOWN,
    MALA,
    NUTS,
    Gibbs,
    RandomWalk,
    Sampler,
    SamplingError,
    experiment,
    sample_chains,
)
from latentlab.analysis.sampling.adaptation import DualAveraging
from latentlab.analysis.sampling.targets import exact
from latentlab.data.builtin.synthetic import mixture


@pytest.mark.parametrize(("first", "target"), [(1e-3, 0.8), (50.0, 0.234)])
def test_where_the_acceptance_is_a_function_of_the_step_that_is_solved(first: float, target: float) -> None:
    """exp(-ε) = target."""
    averaging, scale = DualAveraging(first, target), first
    for _ in range(300):
        scale = averaging.update(math.exp(-scale))
    assert averaging.scale == pytest.approx(-math.log(target), rel=0.05)


@pytest.mark.parametrize("dim", [1, 2, 20])
@pytest.mark.parametrize(
    "sampler", [RandomWalk(), MALA(), HMC(), pytest.param(NUTS(), marks=pytest.mark.slow)], ids=lambda one: one.name
)
def test_the_acceptance_that_suits_is_reached_on_a_gaussian(sampler: Sampler, dim: int) -> None:
    density = mixture([[1.0] * dim], 0.7)
    found = sample_chains(
        exact(density), density.sample(40, device.generator(0)), sampler=sampler, scale=0.3, n_steps=230, n_adapt=200,
        rng=device.generator(1),
    )  # fmt: skip
    assert found.log_alpha is not None
    assert found.scales is not None
    assert found.scales[0] == 0.3
    assert len(set(found.scales[:200])) == 200
    assert len(set(found.scales[200:])) == 1
    acceptance = np.exp(np.minimum(found.log_alpha[200:], 0)).mean()
    wanted = {"random walk": 0.44 if dim == 1 else 0.234, "MALA": 0.574}.get(sampler.name, 0.8)
    assert acceptance == pytest.approx(wanted, abs=0.05)


def test_an_experiment_adapts_during_a_share_of_its_steps() -> None:
    instance = KNOWN["mixture"].instance(ENERGIES["exact"])
    found = experiment(instance, RandomWalk(), 0.01, n_chains=20, n_steps=80, adapt=0.25)
    assert found.chains.scales is not None
    assert (found.chains.scales[20:] == found.scale).all()
    assert found.chains.scales[19] != found.scale
    with pytest.raises(SamplingError, match=Gibbs.name):
        experiment(instance, Gibbs(), 1.0, adapt=0.25)
