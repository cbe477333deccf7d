"""How the lower bound on log p(x) rises with the number of draws that it is made of.

Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders (2016), theorem 1:

    L_1 <= L_2 <= … <= log p(x)        L_k = E[log 1/k Σ_i p(x, z_i) / q(z_i|x)],  z_i drawn from q(z|x)

L_1 is the ELBO, and log p(x) - L_1 = KL(q(z|x) ‖ p(z|x)); so the rise from L_1 to L_k is a part of that divergence, and
more draws can only show more of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.stats import standard_error

DRAWS = (1, 10, 100, 1_000, 5_000)
REPEATED = 50  # draws that each bound is made of at least, so that that of one draw is as sure as the others


@dataclass(frozen=True)
class Bound:
    """The bound of so many draws.

    Attributes:
        n: draws; 0 stands for log p(x) itself.
        values: (B,) nats, one for each example.
    """

    n: int
    values: Doubles

    @property
    def mean(self) -> float:
        """Over the examples, in nats."""
        return float(self.values.mean())

    @property
    def std_error(self) -> float:
        """Of the mean, from the examples: they differ much more than repeated draws do."""
        return standard_error(self.values)

    def bits(self, n_values: int) -> float:
        """Of the mean: bits for each of so many values of an example, -mean / (n log 2)."""
        return -self.mean / (n_values * math.log(2))

    def above(self, other: Bound) -> tuple[float, float]:
        """How much more it is than another on the same examples, and the standard error of that, in nats."""
        apart = self.values - other.values
        return float(apart.mean()), standard_error(apart)


@torch.no_grad()
def bound(log_prob: Callable[[Tensor, int, torch.Generator], Tensor], x: Tensor, n: int, seed: int = 0) -> Bound:
    """The bound of n draws for each example; of few draws the mean of several such bounds.

    Args:
        log_prob: (B, *shape), n, generator -> (B,) nats.
        x: (B, *shape), binarised already where the model takes binary values: else each bound is of other examples.
        n: draws; 0 where log_prob is exact.
        seed: of the draws.
    """
    rng = device.generator(seed, x.device)
    repeats = 1 if n == 0 else max(1, REPEATED // n)
    found = torch.stack([log_prob(x, max(1, n), rng) for _ in range(repeats)]).double()
    return Bound(n, found.mean(0).cpu().numpy())
