"""The objective of every VAE with a class that is only sometimes known (abstract; each model's file writes its bound).

Kingma et al., Semi-supervised Learning with Deep Generative Models (2014), eq. 6-9; Maaløe et al., Auxiliary Deep
Generative Models (2016), eq. 4-13 and 17. With w as in `conditional_vae.py` and a classifier q(y|·) of x (and of a draw
of the auxiliary variable, where there is one):

    L(x, y) = E[log 1/n Σ_k w_k(x, y)]                                          labelled
    U(x) = E[log 1/n Σ_k exp Σ_y q_k(y|·) (log w_k(x, y) - log q_k(y|·))]       unlabelled: exact in y
    loss = -L(x, y) - α E[log q(y|·)]   or   -U(x)

For n = 1 U is Σ_y q(y|·) L(x, y) + H[q(y|·)]; by Jensen's inequality it bounds log p(x) for every n. A warm-up
multiplies the latent variables' part of log w, never the entropy of the class. As in the papers α = β (N_l + N_u) / N_l
with β = 0.1 unless it is given, and a batch has as many labelled as unlabelled examples.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.data import UNLABELLED, Batch, LabelUse, Spec
from latentlab.distributions import Gaussian, log_mean_exp
from latentlab.knobs import knob
from latentlab.models.abilities import ClassDraws, InfersClass, InfersLatents, LatentLayer
from latentlab.models.base import Loss
from latentlab.models.parts.conditional_vae import ConditionalVAE, Dense, Weights

BETA = 0.1  # α with a label for every example


@dataclass(frozen=True)
class SemiSupervised(Dense):
    """The knobs of a model that learns from examples with and without a label."""

    alpha: float = knob(
        0.0,
        0.0,
        1e6,
        help="weight of the classification of a labelled example; 0: 0.1 N / N_l, as the papers set it, for N training "
        "examples of which N_l have a label",
    )


@dataclass(frozen=True)
class Inferred(Weights):
    """Weights, and the classifier's prediction.

    Attributes:
        log_q_y: (n, K, B) or (1, K, B) log-probabilities of all classes, whatever C is.
    """

    log_q_y: Tensor


class SemiSupervisedVAE(ConditionalVAE, InfersClass, InfersLatents):
    """A conditional VAE with a classifier; a subclass says `draw_weights`, `posterior`, `decode` and `classify`."""

    units: ClassVar[dict[str, str]] = {
        "bound": "nats", "labelled bound": "nats", "kl": "nats", "cross-entropy": "nats", "error": "fraction",
    }  # fmt: skip
    labels = LabelUse.OPTIONAL

    def __init__(self, config: SemiSupervised, spec: Spec) -> None:
        super().__init__(config, spec)
        self.config = config
        self.alpha = config.alpha or BETA

    @classmethod
    def configured(cls, config: SemiSupervised, n: int, n_labelled: int) -> SemiSupervised:
        """α = β N / N_l, unless it is given."""
        return config if config.alpha else replace(config, alpha=BETA * n / n_labelled)

    @abstractmethod
    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """As `ConditionalVAE.draw_weights`, with the classifier's prediction on the same draws."""

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z alone."""
        return (LatentLayer("z", self.z_dim),)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:  # noqa: ARG002
        """(B, *shape) -> q(z|x, y) for the most probable class."""
        return {"z": self.posterior(x, self.classify(x).argmax(1))}

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the bounds on log p(x), U, and on log p(x, y), L, the KL of the latent
        variables, the classifier's cross-entropy, and whether its most probable class is wrong.

        Without a label an example has no L, cross-entropy or error. In training one with a label has no U, which costs
        a decoding for each class.
        """
        x, known = self.binarise(batch.x, rng).flatten(1), batch.y != UNLABELLED
        parts = {}
        if known.any():
            shown = None if self.training else self.classify(batch.x[known])  # of the image itself, without noise
            parts[True] = self._labelled(x[known], batch.y[known], shown, rng, progress)
        if not known.all():
            parts[False] = self._unlabelled(x[~known], rng, progress)
        found = torch.cat([parts[key] for key in sorted(parts)], 1)  # (6, B): the unlabelled ones first
        place = torch.argsort(torch.argsort(known, stable=True))  # where each example of the batch is there
        value, *terms = found[:, place]
        yield Loss(value, dict(zip(self.units, terms, strict=True)))

    def unlabelled_bound(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B,) nats: U(x) from n draws."""
        drawn = self.draw_weights(x.flatten(1), self.every_class(x.device), n, rng)
        return _bound(drawn)

    def class_draws(self, x: Tensor, n: int, rng: torch.Generator) -> ClassDraws:
        """(B, *shape) -> n draws of z for every class, of x as the likelihood sees it, and their weights."""
        x = self.binarise(x, rng).flatten(1)
        drawn = self.draw_weights(x, self.every_class(x.device), n, rng)
        return ClassDraws(drawn.z, drawn.log_w(), drawn.log_q_y)

    def _labelled(
        self, x: Tensor, y: Tensor, log_probs: Tensor | None, rng: torch.Generator, progress: float
    ) -> Tensor:
        classes = self.one_hot(y)[None] if self.training else self.every_class(x.device)
        drawn = self.draw_weights(x, classes, self.config.samples, rng)

        def of_truth(values: Tensor) -> Tensor:  # (n, C, B) -> (n, B); C is 1 where the others weren't computed
            return values[:, 0] if values.shape[1] == 1 else values.gather(1, y.expand(len(values), 1, -1))[:, 0]

        cross_entropy = -of_truth(drawn.log_q_y).mean(0)
        guess = log_mean_exp(drawn.log_q_y, 0).argmax(0) if log_probs is None else log_probs.argmax(1)
        value = self.alpha * cross_entropy - log_mean_exp(of_truth(drawn.log_w(progress)), 0)
        labelled, kl = log_mean_exp(of_truth(drawn.log_w()), 0), -of_truth(drawn.log_ratio).mean(0)
        bound = torch.full_like(value, torch.nan) if self.training else _bound(drawn)
        return torch.stack([value, bound, labelled, kl, cross_entropy, (guess != y).float()])

    def _unlabelled(self, x: Tensor, rng: torch.Generator, progress: float) -> Tensor:
        drawn = self.draw_weights(x, self.every_class(x.device), self.config.samples, rng)
        value = -_bound(drawn, progress)
        kl = -(drawn.log_q_y.exp() * drawn.log_ratio).sum(1).mean(0)
        nothing = torch.full_like(value, torch.nan)
        return torch.stack([value, _bound(drawn), nothing, kl, nothing, nothing])


def _bound(drawn: Inferred, progress: float = 1.0) -> Tensor:
    """(B,): U(x) of draws for all classes: log 1/n Σ_k exp Σ_y q_k(y|·) (log w_k(x, y) - log q_k(y|·))."""
    over_classes = (drawn.log_q_y.exp() * (drawn.log_w(progress) - drawn.log_q_y)).sum(1)
    return log_mean_exp(over_classes, 0)
