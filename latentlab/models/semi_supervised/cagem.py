"""CaGeM, the cluster-aware generative model: z2 says the class, z1 the rest (Maaløe, Fraccaro & Winther 2017).

    p(x, y, z1, z2) = p(x|y, z1) p(z1|y, z2) p(y|z2) p(z2)      q(y, z1, z2|x) = q(z1|x) q(y|z1, x) q(z2|x, y, z1)

The bound U(x) is that of `cluster_aware.py`, and without labels the loss is -U(x). A label adds

    α [-log q(y|z1, x) - log p(y|x)]        p(y|x) = Σ_c q(c|z1, x) p(y|z2), z2 ~ q(z2|x, c, z1)

with z1 and z2 detached: it moves the two classifiers and nothing else, or the few labelled examples would be memorised
(eq. 9-11). α = β (N_l + N_u) / N_l with β = 0.1 unless it is given. Each batch of partly labelled data has as many
examples without a label, and in training these alone have U, as the labelled ones are among them too; where all are
labelled all have it. Batch normalisation takes its running statistics from U alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import UNLABELLED, Batch, LabelUse, Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss
from latentlab.models.parts.cluster_aware import ClusterAware, TwoLayers
from latentlab.models.parts.semi_supervised_vae import BETA
from latentlab.nn.batch_norm import statistics_kept


class CaGeM(ClusterAware, Classifies):
    """As many clusters as there are classes; a few labels name them."""

    name = "cagem"
    title = "Cluster-aware generative model (CaGeM)"
    units: ClassVar[dict[str, str]] = {
        "bound": "nats", "kl": "nats", "cross-entropy": "nats", "cross-entropy of p(y|x)": "nats", "error": "fraction",
        "error of p(y|x)": "fraction",
    }  # fmt: skip
    labels = LabelUse.OPTIONAL

    @dataclass(frozen=True)
    class Config(TwoLayers):
        """The knobs of a CaGeM with labels."""

        alpha: float = knob(
            0.0, 0.0, 1e6,
            help="weight of the two classifications of a labelled example; 0: 0.1 N / N_l for N training examples of "
            "which N_l have a label",
        )  # fmt: skip

    def __init__(self, config: Config, spec: Spec) -> None:
        if spec.n_classes < 2:
            raise ValueError("A model with a class between its layers needs data of at least two classes.")
        super().__init__(config, spec, spec.n_classes)
        self.alpha = config.alpha or BETA

    @classmethod
    def configured(cls, config: Config, n: int, n_labelled: int) -> Config:
        """α = β N / N_l, unless it is given."""
        return config if config.alpha else replace(config, alpha=BETA * n / n_labelled)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are U, the KL of both layers, and of a labelled example the cross-entropies
        of q(y|z1, x) and p(y|x), and whether the most probable class of each is wrong.
        """
        x, known = self.binarise(batch.x, rng), batch.y != UNLABELLED
        bounded = ~known if self.training and not known.all() else torch.ones_like(known)
        value = torch.zeros(len(x), device=x.device)
        terms = torch.full((len(self.units), len(x)), torch.nan, device=x.device)
        value[bounded], terms[:2, bounded] = self.bounded(x[bounded], rng, progress)
        if known.any():
            cost, terms[2:, known] = self._classification(x[known], batch, known, rng)
            value[known] = value[known] + self.alpha * cost
        yield Loss(value, dict(zip(self.units, terms, strict=True)))

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|z1, x) at the mean of q(z1|x)."""
        x = x.flatten(1)
        return F.log_softmax(self.q_y(x, Gaussian.of(self.q_z1(x)).mean), -1)

    def _classification(self, x: Tensor, batch: Batch, known: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """What labelled examples cost, (B,), and their terms, (4, B); errors are evaluated without noise."""
        x, y = x.flatten(1), batch.y[known]
        with statistics_kept(self):
            with torch.no_grad():
                z1, z2 = self.layers_of(x, rng)
            drawn = self.predictions_given(x, z1, z2)
        costs = [-log_probs.gather(1, y[:, None])[:, 0] for log_probs in drawn]
        guesses = drawn if self.training else self.predictions(batch.x[known])
        wrong = [(log_probs.argmax(1) != y).float() for log_probs in guesses]
        return costs[0] + costs[1], torch.stack([*costs, *wrong]).detach()
