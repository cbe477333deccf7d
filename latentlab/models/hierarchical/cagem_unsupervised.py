"""CaGeM without labels: two layers of latent variables, with clusters of its own between them (Maaløe et al. 2017).

    p(x, y, z1, z2) = p(x|y, z1) p(z1|y, z2) p(y|z2) p(z2)      q(y, z1, z2|x) = q(z1|x) q(y|z1, x) q(z2|x, y, z1)

y is one of K clusters, and the loss is -U(x), the bound of `cluster_aware.py`. Nothing names the clusters, and nothing
makes the model use all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch

from latentlab.data import Batch, Spec
from latentlab.knobs import knob
from latentlab.models.base import Loss
from latentlab.models.parts.cluster_aware import ClusterAware, TwoLayers


class UnsupervisedCaGeM(ClusterAware):
    """As many clusters as a knob says."""

    name = "cagem_unsupervised"
    title = "CaGeM without labels"
    units: ClassVar[dict[str, str]] = {"bound": "nats", "kl": "nats"}

    @dataclass(frozen=True)
    class Config(TwoLayers):
        """The knobs of a CaGeM without labels."""

        clusters: int = knob(10, 2, 100, log=True, help="values that y can take")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec, config.clusters)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are U and the KL of both layers."""
        value, terms = self.bounded(self.binarise(batch.x, rng), rng, progress)
        yield Loss(value, dict(zip(self.units, terms, strict=True)))
