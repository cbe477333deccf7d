"""Dependency networks of an Ising model on a grid of 3 × 3: what fitted conditionals make of its law, over seeds.

`python -m latentlab reproduce dependency` draws examples, fits logistic regressions and trees to them, and prints total
variations; every law is exact, over all 512 states. After Alain (2018), §5.3.7, which has no experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling import dependency
from latentlab.analysis.sampling.dependency import Fitted, fitted
from latentlab.analysis.stats import total_variation
from latentlab.experiments.score_tables import ScoreTable, grouped
from latentlab.runs.store import SHIPPED

SEEDS = (0, 1, 2)
SIDE, STD = 3, 0.8  # of the grid, and of its couplings
SIZES = (500, 5_000, 50_000)  # examples
EXACT = "exact"
KINDS: Mapping[str, Callable[[Doubles], Doubles]] = {"logistic": dependency.logistic, "trees": dependency.trees}


@dataclass(frozen=True)
class DependencyScore:
    """Total variations of one fit.

    Attributes:
        empirical: of the examples' own frequencies from the true law.
        scan, forward, backward: of the laws of the random scan, of an order and of its reverse, from the true law.
        apart: of the order's law from its reverse's.
    """

    kind: str
    n: int
    seed: int
    empirical: float
    scan: float
    forward: float
    backward: float
    apart: float


TABLE = ScoreTable(DependencyScore, SHIPPED / "dependency.csv")


def draw(joint: Doubles, n: int, seed: int) -> Doubles:
    """(2^d,) how often each state is among n examples."""
    return np.random.default_rng(seed).multinomial(n, joint).astype(np.float64)


def score(kind: str, n: int, seed: int, joint: Doubles, counts: Doubles, found: Fitted) -> DependencyScore:
    """The distances of the laws that conditionals make."""
    laws = (counts / counts.sum(), found.scan, found.forward, found.backward)
    empirical, scan, forward, backward = (total_variation(law, joint) for law in laws)
    apart = total_variation(found.forward, found.backward)
    return DependencyScore(kind, n, seed, empirical, scan, forward, backward, apart)


def run(seeds: Sequence[int] = SEEDS, side: int = SIDE, sizes: Sequence[int] = SIZES) -> Iterator[DependencyScore]:
    """Fit with every seed, of the couplings and of the examples; yields each score when it is there."""
    order = list(range(side**2))
    for seed in seeds:
        joint = dependency.ising(side, STD, seed)
        for n in sizes:
            counts = draw(joint, n, seed)
            for kind, fit in KINDS.items():
                yield score(kind, n, seed, joint, counts, fitted(fit(counts), order))


def table_rows(scores: Sequence[DependencyScore]) -> list[dict[str, str]]:
    """A row for each kind and number of examples: means and, over the seeds, the least and the largest."""
    return [
        {
            "conditionals": kind,
            "examples": f"{n:,}",
            "random scan": _range([one.scan for one in own]),
            "in order": _range([one.forward for one in own]),
            "in reverse": _range([one.backward for one in own]),
            "orders apart": _range([one.apart for one in own]),
            "examples themselves": _range([one.empirical for one in own]),
            "seeds": str(len(own)),
        }
        for (kind, n), own in grouped(scores, lambda one: (one.kind, one.n)).items()
    ]


def _range(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.2g}"
    return f"{mean} ({min(values):.2g} to {max(values):.2g})" if len(values) > 1 else mean
