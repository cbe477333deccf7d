"""Fully connected classifier of any depth, with one long shortcut if wanted.

The pathological network of Alain & Bengio, Understanding intermediate layers using linear classifier probes (2017),
§5.1: 128 layers of 128 units can't be trained as they are, and can with a shortcut from the input to the middle; the
half that it skips then stays unused, which the loss does not show.

    loss = -log p(y|x)

The source leaves open how the shortcut joins; here the input is appended to what the first layer of the second half
reads. He's weights, N(0, 2 / fan-in) with zero biases (He et al. 2015), keep the variance of the activations over many
layers; with PyTorch's own it vanishes within about sixteen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, LabelUse, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss, Trains
from latentlab.models.features import HasFeatures
from latentlab.models.parts.classification import UNITS, classification_loss
from latentlab.nn.layers import NormalLinear, dropout

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "softplus": nn.Softplus}


class MLP(Trains, Classifies, HasFeatures):
    """Layers are named by their depth: layers.1, activations.1, layers.2, … logits."""

    name = "mlp"
    title = "Fully connected classifier"
    units = UNITS

    labels = LabelUse.NEEDED

    @dataclass(frozen=True)
    class Config:
        """The knobs of the classifier."""

        depth: int = knob(3, 1, 256, log=True, help="hidden layers")
        hidden: int = knob(256, 8, 4096, log=True, help="units in each hidden layer")
        activation: str = knob("relu", choices=tuple(ACTIVATIONS), help="what follows each hidden layer")
        init: str = knob("he", choices=("he", "xavier", "default"), help="scale of the initial weights")
        skip: bool = knob(False, help="append the input to what the second half of the layers reads")
        dropout: float = knob(0.0, 0.0, 0.9, help="share of the units of each hidden layer dropped in training")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if spec.n_classes < 2:
            raise ValueError("A classifier needs labelled data of at least two classes.")
        self.config, self.spec = config, spec
        half = config.depth // 2
        self.merge = half + 1 if config.skip and half else 0  # the layer that reads the input again; 0: none
        n_in = math.prod(spec.shape)
        sizes = [n_in, *[config.hidden] * config.depth, spec.n_classes]
        self.layers, self.activations = nn.ModuleDict(), nn.ModuleDict()
        for k, (size, out) in enumerate(itertools.pairwise(sizes), 1):
            wide = size + n_in if k == self.merge else size
            layer = nn.Linear(wide, out) if config.init == "default" else NormalLinear(wide, out, config.init)
            if k > config.depth:
                self.logits = layer
            else:
                self.layers[str(k)] = layer
                self.activations[str(k)] = ACTIVATIONS[config.activation]()

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the cross-entropy in nats; the term "error" is 1 where the most probable class is wrong."""
        log_probs = self._log_probs(self._hidden(batch.x, rng if self.training else None))
        yield classification_loss(log_probs, batch.y)

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities, without dropout."""
        return self._log_probs(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, hidden): the last hidden layer, without dropout."""
        return self._hidden(x, None)

    def _log_probs(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self.logits(hidden).float(), 1)

    def _hidden(self, x: Tensor, rng: torch.Generator | None) -> Tensor:
        h = x = x.flatten(1)
        for k in range(1, self.config.depth + 1):
            if k == self.merge:
                h = torch.cat([h, x], 1)
            h = self.activations[str(k)](self.layers[str(k)](h))
            if rng is not None and self.config.dropout:
                h = dropout(h, self.config.dropout, rng)
        return h
