"""Chains as such: what is kept, which are lost, and what is refused in a sentence."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.sampling import (
    HMC,
    MALA,
    NUTS,
    Langevin,
    RandomWalk,
    Sampler,
    SamplingError,
    Target,
    diagnose,
    iterate_chains,
    sample_chains,
)
from latentlab.analysis.sampling.chains import MOST_CHAINS, MOST_NUMBERS
from latentlab.data.builtin.synthetic import mixture
from tests.conftest import naming

NORMAL = mixture([[0.0, 0.0]], 1.0)


def cliff(x: Tensor, beyond: float) -> Tensor:
    """A normal log-density, but `beyond` right of x = 1."""
    return torch.where(x[:, 0] > 1, beyond, -0.5 * x.square().sum(1))


def test_the_generator_and_the_result_tell_the_same_story() -> None:
    start = torch.zeros(5, 2)
    target = Target(NORMAL.log_prob)
    kept = sample_chains(target, start, sampler=RandomWalk(), scale=0.7, n_steps=20, rng=device.generator(0))
    seen = list(itertools.islice(iterate_chains(target, start, RandomWalk(), 0.7, device.generator(0)), 20))
    np.testing.assert_array_equal(kept.positions, torch.stack([state.x for state, _ in seen]))
    np.testing.assert_array_equal(kept.accepted, torch.stack([move.accepted for _, move in seen]))
    before = start
    for state, move in seen:
        torch.testing.assert_close(state.x, torch.where(move.accepted.unsqueeze(1), move.proposal, before))
        before = state.x
    assert 0 < kept.accepted.mean() < 1
    assert torch.equal(start, torch.zeros(5, 2))


def test_a_refused_region_is_never_entered_and_nobody_is_lost() -> None:
    target = Target(lambda x: cliff(x, -math.inf))
    start = torch.zeros(200, 2)
    found = sample_chains(target, start, sampler=RandomWalk(), scale=1.0, n_steps=50, rng=device.generator(0))
    assert found.positions[..., 0].max() <= 1
    assert not found.lost.any()


@pytest.mark.parametrize("beyond", [math.nan, math.inf])
def test_chains_that_meet_no_number_are_lost_and_the_others_go_on(beyond: float) -> None:
    target = Target(lambda x: cliff(x, beyond))
    start = torch.zeros(300, 2)
    start[:150, 0] = -40.0  # too far to get there
    found = sample_chains(target, start, sampler=RandomWalk(), scale=0.5, n_steps=60, rng=device.generator(0))
    assert not found.lost[:150].any()
    assert 0 < found.lost[150:].mean() <= 1
    assert np.isfinite(found.positions).all()
    assert found.positions[..., 0].max() <= 1
    still = found.positions[-2:, found.lost]
    np.testing.assert_array_equal(still[0], still[1])
    assert found.accepted[-1, ~found.lost].any()
    assert not found.accepted[-1, found.lost].any()
    told = diagnose(found, RandomWalk())
    assert (told.n_chains, told.n_lost) == ((~found.lost).sum(), found.lost.sum())
    assert told.advice.startswith(f"{found.lost.sum()} of 300 chains")


def test_a_start_without_mass_is_lost_and_all_of_them_a_sentence() -> None:
    target = Target(lambda x: cliff(x, -math.inf))
    start = torch.tensor([[0.0, 0.0], [2.0, 0.0], [math.nan, 0.0]])
    found = sample_chains(target, start, sampler=RandomWalk(), scale=0.5, n_steps=10, rng=device.generator(0))
    assert found.lost.tolist() == [False, True, True]
    with pytest.raises(SamplingError, match="density"):
        sample_chains(target, start[1:], sampler=RandomWalk(), scale=0.5, n_steps=10, rng=device.generator(0))


@pytest.mark.parametrize("sampler", [Langevin(), MALA(), HMC(), NUTS()])
def test_a_step_that_is_far_too_long_never_gives_what_is_no_number(sampler: Sampler) -> None:
    steep = Target(lambda x: -x.square().square().sum(1), gradient=lambda x: -4 * x**3)
    start = torch.ones(50, 2)
    found = sample_chains(steep, start, sampler=sampler, scale=3.0, n_steps=40, rng=device.generator(0))
    assert np.isfinite(found.positions).all()
    if isinstance(sampler, Langevin):
        assert found.lost.all()
    else:
        assert found.accepted.mean() < 0.1


def test_ratios_alone_are_enough() -> None:
    by_ratio = Target(log_ratio=lambda x, y: NORMAL.log_prob(y) - NORMAL.log_prob(x), gradient=NORMAL.score)
    whole = Target(NORMAL.log_prob, gradient=NORMAL.score)
    for sampler in (RandomWalk(), MALA(), HMC(), NUTS()):
        a, b = (
            sample_chains(
                one, torch.zeros(9, 2).double(), sampler=sampler, scale=0.5, n_steps=30, rng=device.generator(0)
            )
            for one in (by_ratio, whole)
        )
        np.testing.assert_allclose(a.positions, b.positions, atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_a_step_that_is_no_length_is_refused(scale: float) -> None:
    with pytest.raises(SamplingError, match=naming("step", f"{scale:g}")):
        next(iterate_chains(Target(NORMAL.log_prob), torch.zeros(1, 2), RandomWalk(), scale, device.generator(0)))


def test_too_much_is_refused_before_it_is_taken() -> None:
    target, rng = Target(NORMAL.log_prob), device.generator(0)
    with pytest.raises(SamplingError, match=naming("1,000,000", f"{MOST_CHAINS:,}")):
        sample_chains(target, torch.zeros(1_000_000, 1), sampler=RandomWalk(), scale=1.0, n_steps=1, rng=rng)
    with pytest.raises(SamplingError, match=naming("1,000,000", "1,000", f"{MOST_NUMBERS:,}")):
        sample_chains(target, torch.zeros(1_000, 2), sampler=RandomWalk(), scale=1.0, n_steps=10**6, rng=rng)
    with pytest.raises(SamplingError, match=naming("step", 0)):
        sample_chains(target, torch.zeros(1, 2), sampler=RandomWalk(), scale=1.0, n_steps=0, rng=rng)
    with pytest.raises(SamplingError, match=naming((0, 2))):
        sample_chains(target, torch.zeros(0, 2), sampler=RandomWalk(), scale=1.0, n_steps=1, rng=rng)


def test_one_step_is_a_step_but_cannot_be_judged() -> None:
    target = Target(NORMAL.log_prob)
    found = sample_chains(
        target, torch.zeros(3, 2), sampler=RandomWalk(), scale=1.0, n_steps=1, rng=device.generator(0)
    )
    assert found.positions.shape == (1, 3, 2)
    with pytest.raises(SamplingError, match=naming(4, 1)):
        diagnose(found)


def test_the_steps_done_are_reported() -> None:
    done: list[int] = []
    sample_chains(
        Target(NORMAL.log_prob), torch.zeros(1, 2), sampler=RandomWalk(), scale=1.0, n_steps=250,
        rng=device.generator(0), report=done.append,
    )  # fmt: skip
    assert done == [100, 200]
