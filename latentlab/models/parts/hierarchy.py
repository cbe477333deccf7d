"""What every hierarchy of Gaussian latent variables shares: inference, bounds, and examples for each layer (abstract;
what uses it says the networks and p(x|z1)).

Sønderby, Raiko, Maaløe, Sønderby & Winther, Ladder Variational Autoencoders (2016); with L layers, z1 next to the data:

    p(x, z1 … zL) = p(zL) p(z(L-1)|zL) … p(z1|z2) p(x|z1)      p(zL) = N(0, I)
    top down      q(zL|x) … q(z1|z2, x), the ladder VAE: what rises from x, N(μ̂, v̂), merged by precision with what
                  comes down, p(zi|z(i+1)) = N(μp, vp):  v = 1 / (1/v̂ + 1/vp),  μ = v (μ̂/v̂ + μp/vp)
    bottom-up     q(z1|x) q(z2|z1) … q(zL|z(L-1)): nothing comes down

    loss = -E_q[log p(x|z1)] + β · Σ_i max(free bits, KL_i)                     K = 1
    loss = -log 1/K Σ_k p(x|z1_k) [p(z_k) / q(z_k|x)]^β                         K > 1

β is `kl_weight` of the progress: the progress itself, unless a model says otherwise.
KL_i = E KL(q(zi|·) ‖ p(zi|z(i+1))) is in closed form given the draw above. Bottom-up it depends on draws on both sides
but at the top, so log q - log p of the draws stands for it. A layer's mean over the batch is what counts as its KL for
free bits (Kingma et al. 2016, eq. 15). K draws give the bound of Burda et al. (2016). One layer is a VAE.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian, gaussian_kl, log_mean_exp, normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Decodes, Encodes, LatentLayer, Layered, Samples
from latentlab.models.base import Loss, Trains
from latentlab.models.parts.gaussian_layers import merge, standard
from latentlab.models.parts.importance_weighted import Importance


@dataclass(frozen=True)
class Layers:
    """The knobs of a hierarchy of latent variables."""

    z_dim: int = knob(16, 1, 256, log=True, help="dimensions of z1, next to the data")
    z2_dim: int = knob(8, 0, 256, help="dimensions of z2; 0: z1 is the top")
    z3_dim: int = knob(0, 0, 256, help="dimensions of z3; 0: z2 is the top")
    z4_dim: int = knob(0, 0, 256, help="dimensions of z4; 0: z3 is the top")
    z5_dim: int = knob(0, 0, 256, help="dimensions of z5; 0: z4 is the top")
    z6_dim: int = knob(0, 0, 256, help="dimensions of z6; 0: z5 is the top")
    inference: str = knob("ladder", choices=("ladder", "bottom-up"), help="merge what rises with what comes down")
    batch_norm: bool = knob(True, help="batch normalisation in the hidden layers")
    head_norm: bool = knob(True, help="batch normalisation of means and variances, too", when=("batch_norm", True))
    samples: int = knob(1, 1, 64, log=True, help="importance samples K in the objective; 1 is the ELBO")
    free_bits: float = knob(0.0, 0.0, 10.0, help="nats of each layer's KL that cost nothing", when=("samples", 1))

    @property
    def dims(self) -> tuple[int, ...]:
        """Of each layer, z1 first; a layer of 0 dimensions ends the hierarchy."""
        above = (self.z2_dim, self.z3_dim, self.z4_dim, self.z5_dim, self.z6_dim)
        return (self.z_dim, *takewhile(bool, above))


class Draw(NamedTuple):
    """A draw of one layer, what it was drawn from, and what the layer above expects of it."""

    z: Tensor  # (..., B, dim)
    q: Gaussian
    p: Gaussian


class Hierarchy(Trains, Layered, Encodes, Decodes, Samples, Importance):
    """Layers of latent variables, of which z1 is the code.

    A subclass has the networks up1, up2 … (of x, and of what up1 … give or, bottom-up, of z1 …), q_z1 … (a Gaussian of
    what those give) and p_z1 … (a Gaussian of z2 …), for codes of any leading dimensions, and says what x is given z1.
    """

    units: ClassVar[dict[str, str]] = {"bound": "nats", "reconstruction": "nats", "kl": "nats"}

    def __init__(self, config: Layers, spec: Spec) -> None:
        super().__init__()
        self.config: Any = config
        self.spec, self.z_dim, self.dims = spec, config.z_dim, config.dims

    def kl_weight(self, progress: float) -> float:
        """What the KL is multiplied by in the course of a warm-up."""
        return progress

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the true bound and its two parts, in nats per example."""
        x, weight = self.binarise(batch.x, rng), self.kl_weight(progress)
        drawn = self._infer(x, rng, self.config.samples)
        log_p_x = self._log_p_x(x, drawn[0].z)  # (K, B)
        kls = torch.stack([units.sum(-1) for units in self._kl(drawn)])  # (L, K, B)
        kl = kls.sum(0)
        if self.config.samples == 1:
            bound = (log_p_x - kl)[0]
            value = (weight * self._paid(kls).sum(0) - log_p_x)[0]
        else:
            log_ratio = -_total_log_ratio(drawn)
            bound = log_mean_exp(log_p_x + log_ratio, 0)
            value = -log_mean_exp(log_p_x + weight * log_ratio, 0)
        yield Loss(value, {"bound": bound, "reconstruction": -log_p_x.mean(0), "kl": kl.mean(0)})

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z1, z2 and so on."""
        return tuple(LatentLayer(f"z{i}", dim) for i, dim in enumerate(self.dims, 1))

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q of each layer, given the means of those that it depends on, or draws of them."""
        return {f"z{i}": drawn.q for i, drawn in enumerate(self._infer(x, rng), 1)}

    def unit_kl(self, x: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """(B, *shape) -> the KL of each unit of each layer, (B, dim) nats, with one draw of the layers."""
        drawn = self._infer(self.binarise(x, rng), rng)
        return {f"z{i}": kl for i, kl in enumerate(self._kl(drawn), 1)}

    def generate(self, layer: str, z: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, dim) -> (B, *shape): the mean of p(x|z1) with a layer held at z, those below at their means or drawn."""
        return self._mean_x(self._z1(layer, z, rng))

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the mean of q(z1|·), given the mean of z2 where that comes down."""
        return self.infer(x)["z1"].mean

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z1)."""
        return self.generate("z1", z)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|z1) for draws of the top and of each layer given the one above."""
        return self._mean_x(self.sample_code(n, rng))

    def sample_code(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, z_dim): z1 for draws of the top and of each layer given the one above."""
        top = self.layers[-1]
        return self._z1(top.name, torch.randn(n, top.dim, generator=rng, device=rng.device), rng)

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: log p(x, z) - log q(z|x) for n draws of all layers; never a KL in closed form."""
        drawn = self._infer(x, rng, n)
        return self._log_p_x(x, drawn[0].z) - _total_log_ratio(drawn)

    @abstractmethod
    def _log_p_x(self, x: Tensor, z1: Tensor) -> Tensor:
        """(B, *shape), (..., B, z_dim) -> (..., B): log p(x|z1) in nats."""

    @abstractmethod
    def _mean_x(self, z1: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z1)."""

    def _infer(self, x: Tensor, rng: torch.Generator | None, *n: int) -> list[Draw]:
        """All layers from z1 up given x: n draws of each, or their means without a generator."""
        infer = self._bottom_up if self.config.inference == "bottom-up" else self._top_down
        return infer(self._first(x), rng, *n)

    def _z1(self, layer: str, z: Tensor, rng: torch.Generator | None) -> Tensor:
        """(B, z_dim): z1 given a layer, those between at their means or drawn."""
        names = [one.name for one in self.layers]
        if layer not in names:
            raise ValueError(f"There is no layer {layer!r}; there are {', '.join(names)}.")
        for below in reversed(names[: names.index(layer)]):
            z = _taken(self._network(f"p_{below}", z), rng)
        return z

    def _first(self, x: Tensor) -> Tensor:
        """(B, *shape) -> what `up1` is given."""
        return x

    def _top_down(self, h: Tensor, rng: torch.Generator | None, *n: int) -> list[Draw]:
        rising = list[Gaussian]()  # N(μ̂i, v̂i)
        for i in range(1, len(self.dims) + 1):
            h = self._network(f"up{i}", h)
            rising.append(self._network(f"q_z{i}", h))
        q = rising[-1]  # q(zL|x)
        z = _taken(q, rng, *n)
        drawn = [Draw(z, q, standard(z))]
        for i in reversed(range(1, len(self.dims))):
            p = self._network(f"p_z{i}", z)  # p(zi|z(i+1))
            q = merge(rising[i - 1], p)  # q(zi|z(i+1), x)
            z = _taken(q, rng)
            drawn.insert(0, Draw(z, q, p))
        return drawn

    def _bottom_up(self, h: Tensor, rng: torch.Generator | None, *n: int) -> list[Draw]:
        q, z = list[Gaussian](), list[Tensor]()
        for i in range(1, len(self.dims) + 1):
            q.append(self._network(f"q_z{i}", self._network(f"up{i}", z[-1] if z else h)))  # q(zi|z(i-1))
            z.append(_taken(q[-1], rng, *(() if z else n)))
        p = [self._network(f"p_z{i}", above) for i, above in enumerate(z[1:], 1)]  # p(zi|z(i+1))
        return [*map(Draw, z, q, [*p, standard(z[-1])])]

    def _kl(self, drawn: list[Draw]) -> list[Tensor]:
        """The KL of each unit of each layer, (..., B, dim) nats: in closed form where there is one."""
        closed = len(drawn) - 1 if self.config.inference == "bottom-up" else 0
        return [(gaussian_kl(d.q, d.p) if i >= closed else _log_ratios(d)) for i, d in enumerate(drawn)]

    def _paid(self, kls: Tensor) -> Tensor:
        """The KLs of all layers, (L, K, B), as the loss has them: a constant where the mean is less than free."""
        free = self.config.free_bits
        return torch.where(kls.mean((1, 2), keepdim=True) > free, kls, torch.full_like(kls, free)) if free else kls

    def _network(self, name: str, h: Tensor) -> Any:
        """What one of the networks gives: units, or a Gaussian."""
        return self.get_submodule(name)(h)


def _taken(q: Gaussian, rng: torch.Generator | None, *n: int) -> Tensor:
    """n draws of q, or its mean without a generator."""
    return q.mean if rng is None else q.draw(rng, *n)


def _log_ratios(drawn: Draw) -> Tensor:
    """log q - log p of each unit of a layer, (..., B, dim) nats."""
    return normal_log_prob(drawn.z, *drawn.q) - normal_log_prob(drawn.z, *drawn.p)


def _total_log_ratio(drawn: list[Draw]) -> Tensor:
    """log q - log p of all layers, (..., B) nats."""
    return torch.stack([_log_ratios(layer).sum(-1) for layer in drawn]).sum(0)
