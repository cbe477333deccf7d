"""How many chains and steps an experiment may have, so that a page can wait for it."""

from __future__ import annotations

WORK = 2e10  # floating-point operations: about a second
LEAST_STEPS, LEAST_CHAINS = 20, 10  # that an experiment is never cut below


def within(flops: float, n_chains: int, n_steps: int, work: float = WORK) -> tuple[int, int]:
    """Chains and steps that fit: chains are cut only where the fewest steps of all of them would take too long.

    Args:
        flops: floating-point operations of one step of one chain.
        n_chains: as wished; fewer than `LEAST_CHAINS` are kept.
        n_steps: as wished, of each chain; fewer than `LEAST_STEPS` are kept.
        work: floating-point operations at most, but for the fewest chains and steps.
    """
    steps = work / max(flops, 1.0)
    chains = int(min(n_chains, max(LEAST_CHAINS, steps / LEAST_STEPS)))
    return chains, int(min(n_steps, max(LEAST_STEPS, steps / chains)))
