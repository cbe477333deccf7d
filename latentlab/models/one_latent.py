"""One latent variable of a model as its code, with all that lies above it held: a space to move through.

    z of p(y) p(z) p(a|z, y) p(x|a, y, z)    y is held, and a is its mean given z and y, or one draw
    a of the same                            y and z are held, and a = μ + σ s with p(a|z, y) = N(μ, σ²): s is the code
    z2 of p(z2) p(z1|z2) p(x|z1)             z1 is its mean given z2, or one draw

So the prior of the code is N(0, I), and 0 stands for what the model expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.device import generator
from latentlab.distributions import Gaussian
from latentlab.models.abilities import Decodes, HasPosterior, InfersLatents, Layered
from latentlab.models.base import Model
from latentlab.models.parts.latent_prior import HasStandardPrior
from latentlab.models.parts.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.parts.two_steps import DecodesInTwoSteps

CODE = "z"  # the variable below p(y) and p(z) of a model with a class


@dataclass(frozen=True)
class Held:
    """What stays while one latent variable moves.

    Attributes:
        y: the class, where the model has one.
        z: the code above the variable; empty for the prior's mean, 0.
        draw: of what lies between the variable and x: 0 for its mean, else the seed of one draw for all places.
    """

    y: int = 0
    z: tuple[float, ...] = ()
    draw: int = 0


def movable(model: Model) -> tuple[str, ...]:
    """The latent variables on which x depends, given those above them: what `one_latent` takes."""
    if isinstance(model, Layered):
        return tuple(layer.name for layer in model.layers)
    if isinstance(model, DecodesInTwoSteps):
        return CODE, model.between
    return (CODE,) if isinstance(model, SemiSupervisedVAE) else ()


def between(model: Model, latent: str) -> str | None:
    """What is between a latent variable and x and random given it, from above: "z2, z1"; None if nothing is."""
    if isinstance(model, Layered):
        names = [layer.name for layer in model.layers]
        return ", ".join(reversed(names[: names.index(latent)])) or None
    return model.between if isinstance(model, DecodesInTwoSteps) and latent == CODE else None


def one_latent(model: Model, latent: str, held: Held) -> OneLatent:
    """A model with one of its `movable` latent variables as its code.

    Raises:
        ValueError: it isn't one of them.
    """
    if latent in movable(model):
        if isinstance(model, Layered):
            return OneLayer(model, latent, held)
        if isinstance(model, DecodesInTwoSteps):
            return (_Between if latent == model.between else _AboveAnother)(model, latent, held)
        if isinstance(model, SemiSupervisedVAE):
            return _OfClass(model, latent, held)
    raise ValueError(f"x doesn't depend on a latent variable {latent!r} of the model {model.name!r}.")


class OneLatent(HasPosterior, Decodes, HasStandardPrior):
    """A model whose code is one latent variable of another."""

    name = "one_latent"
    title = "One latent variable"
    units: ClassVar[Mapping[str, str]] = {}

    def __init__(self, model: InfersLatents, latent: str, held: Held) -> None:
        super().__init__()
        self.model, self.latent, self.held, self.spec = model, latent, held, model.spec
        self.z_dim = next(layer.dim for layer in model.layers if layer.name == latent)

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> q of the variable; of classes, the most probable."""
        return self.model.infer(x)[self.latent]

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the mean of `posterior`."""
        return self.posterior(x).mean


class OneLayer(OneLatent):
    """One layer of a hierarchy; what lies above it doesn't matter to x."""

    model: Layered

    def unit_kl(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, z_dim) nats: the KL of each unit from what the layer above expects."""
        return self.model.unit_kl(x, rng)[self.latent]

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|·), with what lies below at its mean, or at one draw."""
        if not self.held.draw:
            return self.model.generate(self.latent, z)
        return torch.cat([self.model.generate(self.latent, row, generator(self.held.draw)) for row in z.split(1)])


class _OfClass(OneLatent):
    model: SemiSupervisedVAE

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|y, z)."""
        return self.model.decode(z, _repeated(self.held.y, z))


class _AboveAnother(OneLatent):
    model: DecodesInTwoSteps

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|a, y, z) at the mean of p(a|z, y), or at one draw."""
        y = _repeated(self.held.y, z)
        if not self.held.draw:
            return self.model.decode(z, y)
        p = self.model.p_between(z, y)
        noise = torch.randn(1, p.mean.shape[1], generator=generator(self.held.draw))
        return self.model.decode_between(p.mean + p.log_std.exp() * noise, z, y)


class _Between(OneLatent):
    model: DecodesInTwoSteps

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> q(a|x), in standard deviations of p(a|z, y) from its mean."""
        q, (_, _, p) = super().posterior(x), self._above(x)
        return Gaussian((q.mean - p.mean) / p.log_std.exp(), q.log_std - p.log_std)

    def decode(self, z: Tensor) -> Tensor:
        """(B, a_dim) -> (B, *shape): the mean of p(x|a, y, z) at the mean of p(a|z, y) plus so many deviations."""
        above, y, p = self._above(z)
        return self.model.decode_between(p.mean + p.log_std.exp() * z, above, y)

    def _above(self, each: Tensor) -> tuple[Tensor, Tensor, Gaussian]:
        """z and y, as often as there are places or examples, and p(a|z, y)."""
        y = _repeated(self.held.y, each)
        z = torch.tensor(self.held.z or (0.0,) * self.model.z_dim).expand(len(each), -1)
        return z, y, self.model.p_between(z, y)


def _repeated(y: int, each: Tensor) -> Tensor:
    return torch.full((len(each),), y)
