"""What models with a prior of their codes share: N(0, I), and samples that are decoded draws from it."""

from __future__ import annotations

import torch
from torch import Tensor

from latentlab.models.abilities import Decodes, HasPrior, Samples
from latentlab.models.parts.priors import StandardNormal


class HasStandardPrior(HasPrior):
    """p(z) = N(0, I)."""

    @property
    def prior(self) -> StandardNormal:
        """p(z) = N(0, I)."""
        return StandardNormal(self.z_dim)


class SamplesPrior(Decodes, HasPrior, Samples):
    """Draws a code from the prior and decodes it."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): decoded draws from the prior."""
        return self.decode(self.prior.sample(n, rng))
