"""How many nats an example takes by a model that sends a code and then its values, and what each of both says alone.

Bits back (Hinton & van Camp 1993): to send x by way of a draw z of q(z|x) takes KL(q(z|x) ‖ p(z)) for the code and
-log p(x|z) for the values, on average as much as the bound says, -ELBO(x). A decoder that reads the values before each
beside the code (Maaløe 2018, appendix E, Fig. 3) can do without either, at a price:

    code and values     KL + Σ_i -log p(x_i | x_1 … x_(i-1), z)
    code alone          KL + Σ_i -log p(x_i | z)
    values alone             Σ_i -log p(x_i | x_1 … x_(i-1))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats, floats


@dataclass(frozen=True)
class CodeLength:
    """What examples of 0 and 1 take.

    Attributes:
        code: (B,) nats for the code; 0 where none is sent.
        values: (B, *shape) nats for each value.
        picture: (B, *shape) how probable a 1 is at each value, given what was read of those before it.
    """

    code: Floats
    values: Floats
    picture: Floats

    @property
    def of_values(self) -> Floats:
        """(B,) nats for all values."""
        nats: Floats = self.values.reshape(len(self.values), -1).sum(1)
        return nats

    @property
    def total(self) -> Floats:
        """(B,) nats."""
        return self.code + self.of_values


def bits(nats: float) -> float:
    """Nats as bits."""
    return nats / math.log(2)


@torch.no_grad()
def code_length(
    log_conditionals: Callable[[Tensor, Tensor | None], Tensor],
    x: Tensor,
    z: Tensor | None = None,
    kl: Tensor | None = None,
) -> CodeLength:
    """What examples take, as a mean over draws of their codes.

    Args:
        log_conditionals: (n · B, *shape) of 0 and 1, (n · B, dim) codes or None -> (n · B, *shape) nats.
        x: (B, *shape) of 0 and 1.
        z: (n, B, dim): n draws of each code; None: no code is read.
        kl: (B,) nats that the codes take; None: none, as of a code that is the same for all examples.
    """
    n = 1 if z is None else len(z)
    repeated = x.repeat(n, *[1] * (x.dim() - 1))
    log_p = log_conditionals(repeated, None if z is None else z.flatten(0, 1)).reshape(n, *x.shape)
    p = log_p.exp()
    picture = torch.where(x > 0.5, p, 1 - p).mean(0)
    code = torch.zeros(len(x)) if kl is None else kl
    return CodeLength(floats(code), floats(-log_p.mean(0)), floats(picture))
