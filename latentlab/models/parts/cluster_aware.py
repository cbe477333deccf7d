"""What CaGeM shares with and without labels: a cluster y between two layers of latent variables (abstract).

Maaløe, Fraccaro & Winther, Semi-supervised Generation with Cluster-aware Generative Models (2017), eq. 2-11:

    p(x, y, z1, z2) = p(x|y, z1) p(z1|y, z2) p(y|z2) p(z2)      q(y, z1, z2|x) = q(z1|x) q(y|z1, x) q(z2|x, y, z1)

With one draw of z1, and one of z2 for each cluster c, the bound is exact in y:

    r_c = log p(x|c, z1) + progress · [log p(z1|c, z2) - log q(z1|x) + log p(z2) - log q(z2|x, c, z1)]
          + log p(c|z2) - log q(c|z1, x)
    U(x) = Σ_c q(c|z1, x) r_c

The term of the cluster keeps its full weight during the warm-up. y costs as much whether z2 carries it or not, so while
z2 is free it is worth carrying; if that term is tempered like the others nothing makes z2 carry it (`temper_class`).
The paper doesn't say which it does. Two predictions of the cluster: q(y|z1, x) from below, and, through the top layer,

    p(y|x) = Σ_c q(c|z1, x) p(y|z2)     with z2 ~ q(z2|x, c, z1)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.device import generator
from latentlab.distributions import Gaussian, normal_log_prob, standard_normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import ClusterPredictions, InfersClusters, LatentLayer, Samples
from latentlab.models.base import Trains
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob
from latentlab.nn.layers import JointMLP

N_ABOVE = 256  # draws of z2 that say which cluster a z1 alone belongs to


@dataclass(frozen=True)
class TwoLayers:
    """The knobs of a model with a cluster between two layers."""

    z_dim: int = knob(16, 1, 256, log=True, help="dimensions of z1, next to the data")
    z2_dim: int = knob(8, 1, 256, log=True, help="dimensions of z2, from which the cluster follows")
    hidden: int = knob(128, 8, 4096, log=True, help="units of the networks next to the data; half as many above")
    batch_norm: bool = knob(True, help="batch normalisation before each activation")
    temper_class: bool = knob(False, help="warm up the term of the class or cluster, too, and not the layers' alone")
    likelihood: str = likelihood_knob("y, z1")
    std: float = std_knob()
    threshold: float = threshold_knob()

    def network(self, n_in: Sequence[int], n_out: int, above: bool = False) -> JointMLP:
        """A network of several inputs with two hidden layers, next to the data or above."""
        width = max(1, self.hidden // 2) if above else self.hidden
        return JointMLP(n_in, [width, width], n_out, self.batch_norm)


class Draws(NamedTuple):
    """A draw of z1 and of z2 for each cluster, with the parts of r_c; (…, K, B) but for what doesn't depend on c.

    Attributes:
        log_p_x: log p(x|c, z1).
        z1_gain: (…, K, B, dim) log p(z1|c, z2) - log q(z1|x) of each unit.
        z2_gain: (…, K, B, dim) log p(z2) - log q(z2|x, c, z1) of each unit.
        log_p_y: log p(c|z2).
        log_q_y: log q(c|z1, x).
    """

    log_p_x: Tensor
    z1_gain: Tensor
    z2_gain: Tensor
    log_p_y: Tensor
    log_q_y: Tensor

    def bound(self, progress: float = 1.0, of_class: float = 1.0) -> Tensor:
        """(…, B) nats: U(x), with weights of the layers' and the cluster's terms."""
        of_layers = self.z1_gain.sum(-1) + self.z2_gain.sum(-1)
        return self.mean(self.log_p_x + progress * of_layers + of_class * (self.log_p_y - self.log_q_y))

    def mean(self, values: Tensor) -> Tensor:
        """(…, K, B) -> (…, B): the mean over q(c|z1, x)."""
        return (self.log_q_y.exp() * values).sum(-2)

    def log_weights(self) -> Tensor:
        """(…, B) nats: log Σ_c p(x, c, z1, z2) / q(z1, z2|x, c), whose mean weight is p(x)."""
        return (self.log_p_x + self.z1_gain.sum(-1) + self.z2_gain.sum(-1) + self.log_p_y).logsumexp(-2)


class ClusterAware(Trains, InfersClusters, Samples, Importance):
    """Six networks; a subclass says `losses`, and how many clusters there are."""

    def __init__(self, config: TwoLayers, spec: Spec, n_clusters: int) -> None:
        super().__init__()
        self.spec, self.n_clusters, self.temper_class = spec, n_clusters, config.temper_class
        self.z1_dim, self.z2_dim = config.z_dim, config.z2_dim
        self.likelihood = Likelihood(config.likelihood, config.std, config.threshold)
        self.likelihood.check(spec.kind)
        x, y, z1, z2 = math.prod(spec.shape), n_clusters, config.z_dim, config.z2_dim
        self.q_z1 = config.network([x], 2 * z1)
        self.q_y = config.network([x, z1], y)
        self.q_z2 = config.network([x, y, z1], 2 * z2, above=True)
        self.p_y = config.network([z2], y, above=True)
        self.p_z1 = config.network([y, z2], 2 * z1, above=True)
        self.p_x = config.network([y, z1], x * self.likelihood.outputs)

    def draws(self, x: Tensor, rng: torch.Generator, *n: int) -> Draws:
        """(B, *shape), as the likelihood takes it -> n draws, or one."""
        x, clusters = x.flatten(1), self._every_cluster(x.device)
        q_z1 = Gaussian.of(self.q_z1(x))  # q(z1|x)
        z1 = q_z1.draw(rng, *n)[..., None, :, :]  # (…, 1, B, z1_dim)
        log_q_y = self._log_q_y(x, z1)  # q(y|z1, x)
        q_z2 = Gaussian.of(self.q_z2(x, clusters, z1))  # q(z2|x, y, z1)
        z2 = q_z2.draw(rng)  # (…, K, B, z2_dim)
        log_p_y = self.clusters_given(z2).diagonal(dim1=-3, dim2=-1).mT  # p(y|z2), each of its own cluster
        p_z1 = Gaussian.of(self.p_z1(clusters, z2))  # p(z1|y, z2)
        log_p_x = self.likelihood.log_prob(x, self.p_x(clusters, z1)).sum(-1)  # p(x|y, z1)
        z1_gain = normal_log_prob(z1, *p_z1) - normal_log_prob(z1, *_above(q_z1))
        z2_gain = standard_normal_log_prob(z2) - normal_log_prob(z2, *q_z2)  # p(z2) / q(z2|x, y, z1)
        return Draws(log_p_x, z1_gain, z2_gain, log_p_y, log_q_y)

    def bounded(self, x: Tensor, rng: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        """(B, *shape), as the likelihood takes it -> the loss, (B,), and U and the KL of both layers, (2, B)."""
        drawn = self.draws(x, rng)
        value = -drawn.bound(progress, progress if self.temper_class else 1.0)
        kl = -drawn.mean(drawn.z1_gain.sum(-1) + drawn.z2_gain.sum(-1))
        return value, torch.stack([drawn.bound(), kl]).detach()

    def predictions(self, x: Tensor, rng: torch.Generator | None = None) -> ClusterPredictions:
        """(B, *shape) -> both predictions of the cluster, at the means of z1 and z2 or at one draw."""
        x = x.flatten(1)
        return self.predictions_given(x, *self.layers_of(x, rng))

    def predictions_given(self, x: Tensor, z1: Tensor, z2: Tensor) -> ClusterPredictions:
        """(B, D), (B, z1_dim), (K, B, z2_dim) one for each cluster -> both predictions of the cluster."""
        log_q_y = F.log_softmax(self.q_y(x, z1), -1)
        through = log_q_y.T[..., None] + self.clusters_given(z2)  # (K, B, K)
        return ClusterPredictions(log_q_y, through.logsumexp(0))

    def layers_of(self, x: Tensor, rng: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """(B, D) -> z1, (B, z1_dim), and z2 for each cluster, (K, B, z2_dim): means, or draws."""
        z1 = _taken(Gaussian.of(self.q_z1(x)), rng)
        return z1, _taken(Gaussian.of(self.q_z2(x, self._every_cluster(x.device), z1)), rng)

    def clusters_given(self, z: Tensor) -> Tensor:
        """(..., z2_dim) -> (..., K): log p(y|z2)."""
        return F.log_softmax(self.p_y(z), -1)

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z1 and z2."""
        return LatentLayer("z1", self.z1_dim), LatentLayer("z2", self.z2_dim)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q(z1|x), and q(z2|x, y, z1) for the most probable cluster."""
        x = x.flatten(1)
        q_z1 = Gaussian.of(self.q_z1(x))
        z1 = _taken(q_z1, rng)
        y = self._one_hot(self.q_y(x, z1).argmax(1))
        return {"z1": q_z1, "z2": Gaussian.of(self.q_z2(x, y, z1))}

    def unit_kl(self, x: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """(B, *shape) -> minus the two gains of a draw, averaged over the clusters, of each unit, (B, dim) nats."""
        drawn = self.draws(self.binarise(x, rng), rng)
        weights = drawn.log_q_y.exp()[..., None]
        return {"z1": -(weights * drawn.z1_gain).sum(0), "z2": -(weights * drawn.z2_gain).sum(0)}

    def generate(self, layer: str, z: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, dim) -> (B, *shape): the mean of p(x|y, z1) with a layer held at z; z1 given z2 at its mean or drawn.

        y is the most probable cluster, or one draw: given z2, or, where z1 alone is held, given that.
        """
        match layer:
            case "z2":
                return self.generate_given(z, _chosen(self.clusters_given(z), rng), rng)
            case "z1":
                return self._decode(z, _chosen(self._clusters_of_z1(z), rng))
        raise ValueError(f"There is no layer {layer!r}; there are z1, z2.")

    def generate_given(self, z: Tensor, y: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, z2_dim), (B,) -> (B, *shape): the mean of p(x|y, z1), z1 the mean of p(z1|y, z2) or one draw."""
        return self._decode(_taken(Gaussian.of(self.p_z1(self._one_hot(y), z)), rng), y)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|y, z1) for draws of z2, of y given z2, and of z1 given both."""
        return self.generate("z2", torch.randn(n, self.z2_dim, generator=rng, device=rng.device), rng)

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: the log of each draw's weight, exact in y."""
        return self.draws(x, rng, n).log_weights()

    def _log_q_y(self, x: Tensor, z1: Tensor) -> Tensor:
        """(B, D), (…, 1, B, z1_dim) -> (…, K, B): log q(y|z1, x)."""
        return F.log_softmax(self.q_y(x, z1), -1)[..., 0, :, :].mT

    def _clusters_of_z1(self, z1: Tensor) -> Tensor:
        """(B, z1_dim) -> (B, K): log p(y|z1), from the same `N_ABOVE` draws of z2 each time."""
        z2 = torch.randn(N_ABOVE, self.z2_dim, generator=generator(0, z1.device), device=z1.device)
        p_z1 = Gaussian.of(self.p_z1(torch.eye(self.n_clusters, device=z1.device), z2[:, None]))  # (N_ABOVE, K, z1_dim)
        joint = self.clusters_given(z2) + p_z1.log_prob(z1[:, None, None])  # (B, N_ABOVE, K)
        return F.log_softmax(joint.logsumexp(1), -1)

    def _decode(self, z1: Tensor, y: Tensor) -> Tensor:
        """(B, z1_dim), (B,) -> (B, *shape): the mean of p(x|y, z1)."""
        return self.likelihood.mean(self.p_x(self._one_hot(y), z1)).reshape(-1, *self.spec.shape)

    def _one_hot(self, y: Tensor) -> Tensor:
        return F.one_hot(y, self.n_clusters).float()

    def _every_cluster(self, where: torch.device) -> Tensor:
        """(K, 1, K): each cluster once, to be broadcast against a batch."""
        return torch.eye(self.n_clusters, device=where)[:, None]


def _above(q: Gaussian) -> Gaussian:
    """The same for all clusters."""
    return Gaussian(q.mean[..., None, :, :], q.log_std[..., None, :, :])


def _taken(q: Gaussian, rng: torch.Generator | None) -> Tensor:
    """A draw of q, or its mean without a generator."""
    return q.mean if rng is None else q.draw(rng)


def _chosen(log_probs: Tensor, rng: torch.Generator | None) -> Tensor:
    """(B, K) -> (B,): the most probable cluster, or a draw."""
    return log_probs.argmax(1) if rng is None else torch.multinomial(log_probs.exp(), 1, generator=rng)[:, 0]
