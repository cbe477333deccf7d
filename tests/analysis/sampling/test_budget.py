"""How many chains and steps fit: no more work than is allowed, no less than would fit, and never too few."""

from __future__ import annotations

import pytest

from latentlab.analysis.sampling.budget import LEAST_CHAINS, LEAST_STEPS, within


@pytest.mark.parametrize("flops", [1e2, 1e5, 3e6, 1e7, 1e9])
@pytest.mark.parametrize("n_chains", [1, 10, 100, 2_000])
@pytest.mark.parametrize("n_steps", [50, 1_000])
def test_as_much_as_fits_is_kept(flops: float, n_chains: int, n_steps: int) -> None:
    work = 2e9
    chains, steps = within(flops, n_chains, n_steps, work)
    assert min(n_chains, LEAST_CHAINS) <= chains <= n_chains
    assert min(n_steps, LEAST_STEPS) <= steps <= n_steps
    at_least = chains <= LEAST_CHAINS and steps <= LEAST_STEPS
    assert flops * chains * steps <= work or at_least
    if steps < n_steps:
        assert flops * chains * (steps + 1) > work  # another step wouldn't fit
    if chains < n_chains:
        assert flops * (chains + 1) * LEAST_STEPS > work  # nor another chain of the fewest steps
        assert steps == max(LEAST_STEPS, int(work / flops / chains))


def test_what_fits_is_not_cut() -> None:
    assert within(1e6, 100, 200, 2e10) == (100, 200)
    assert within(1e6, 100, 201, 2e10) == (100, 200)
    assert within(1e12, 3, 5, 1.0) == (3, 5)
