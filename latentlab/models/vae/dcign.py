"""DC-IGN: a VAE that is shown one factor at a time, so that a dimension of the code is for one factor and no other.

Kulkarni, Whitney, Kohli & Tenenbaum, Deep Convolutional Inverse Graphics Network (2015). The examples of a batch differ
in one factor k of numbers, which has the dimension z_k, or in what they are, which has all dimensions after those. The
active dimensions A are drawn as ever; each other one is the mean of the batch, and instead of the gradient through the
decoder it gets what pulls it there:

    ẑ_i = z_i for i in A, mean(z_i) over the batch for others        loss = -log p(x|ẑ) + b · Σ_A KL_i
    ∂/∂z_i := w (z_i − mean(z_i)) for others

b is the weight of the KL of a VAE. A batch that differs in anything, as held-out ones do, has all dimensions active:
then it is the objective of the VAE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from latentlab import distributions
from latentlab.data import Batch, DataError, Sampler, Varied, one_factor_batches
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.base import Loss
from latentlab.models.parts.encoder_decoder import Codes, EncodingDecoding
from latentlab.models.vae.vae import VAE


class DCIGN(VAE):
    """A VAE whose code says one known factor in each of its first dimensions."""

    name = "dcign"
    title = "Deep convolutional inverse graphics network (DC-IGN)"
    sampler: ClassVar[Sampler] = staticmethod(one_factor_batches)
    needs_factors = True

    config: Config

    @dataclass(frozen=True)
    class Config(EncodingDecoding):
        """The knobs of such a VAE."""

        z_dim: int = knob(10, 1, 256, log=True, help="dimensions of the latent space: more than factors of numbers")
        pull: float = knob(1.0, 0.0, 100.0, help="w: how strongly a factor that is the same is kept the same")

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss, with the terms of a VAE; the KL is that of the active dimensions."""
        x = self.binarise(batch.x, rng)
        q_z = self.posterior(x)
        active = self.active(batch.varied)
        z = q_z.draw(rng, self.config.samples)
        part = Gaussian(q_z.mean[:, active], q_z.log_std[:, active])
        ratio = part.log_prior_ratio(z[..., active], sampled=True)
        kl = distributions.kl_to_standard_normal(*part).sum(-1)
        if batch.varied is not None:
            z = clamped(z, active, self.config.pull, batch.varied.alike)
        yield self.objective(x, Codes(z, ratio, kl), progress)

    def active(self, varied: Varied | None) -> Tensor:
        """(z_dim,) bool: the dimensions for what examples differ in.

        Raises:
            DataError: there are fewer dimensions than groups of factors.
        """
        at = torch.arange(self.z_dim, device=next(self.parameters()).device)
        if varied is None:
            return at >= 0
        found = at == varied.group if varied.group < varied.n - 1 else at >= varied.group
        if varied.group >= self.z_dim:
            raise DataError(
                f"These data have {varied.n - 1} factors of numbers, a dimension each and one at least for what is "
                f"left: z_dim is {self.z_dim}, and has to be {varied.n} or more."
            )
        return found


def clamped(z: Tensor, active: Tensor, pull: float, alike: int) -> Tensor:
    """(..., B, D): the active dimensions as they are, the others at their means over examples that are alike in them.

    Args:
        z: (..., B, D), so many examples after each other that are alike.
        active: (D,).
        pull: towards the mean, where the loss is a mean over the batch.
        alike: how many.
    """
    sets = z.unflatten(-2, (-1, alike))
    out: Tensor = _Clamp.apply(sets, active, pull / z.shape[-2])  # type: ignore[no-untyped-call]
    return out.flatten(-3, -2)


class _Clamp(torch.autograd.Function):
    """The mean of a set for some dimensions, and the distance from it, times a pull, for their gradient."""

    @staticmethod
    def forward(ctx: FunctionCtx, z: Tensor, active: Tensor, pull: float) -> Tensor:
        """(..., n, D), of which the mean over n is taken."""
        mean = z.mean(-2, keepdim=True)
        ctx.save_for_backward(pull * (z - mean), active)
        return torch.where(active, z, mean)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of active dimensions as it is."""
        towards_mean, active = ctx.saved_tensors
        return torch.where(active, gradient, towards_mean), None, None
