"""Convolutional classifier: two convolutions, two dense layers; also used to label what other models generate.

The network of Alain & Bengio, Understanding intermediate layers using linear classifier probes (2017), §3.5:
k×k convolution (5×5 there), ReLU, 2×2 max-pooling, twice; a hidden layer with dropout; the class logits.

    loss = -log p(y|x)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Kind, LabelUse, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss, Trains
from latentlab.models.features import HasFeatures
from latentlab.models.parts.classification import UNITS, classification_loss
from latentlab.nn.layers import dropout


class CNN(Trains, Classifies, HasFeatures):
    """Every step is a layer with a name, so that a probe can read it: conv1, conv1_relu, conv1_pool, … logits."""

    name = "cnn"
    title = "Convolutional classifier"
    kinds = frozenset({Kind.IMAGE})
    units = UNITS
    labels = LabelUse.NEEDED

    @dataclass(frozen=True)
    class Config:
        """The knobs of the classifier."""

        width: int = knob(32, 4, 256, log=True, help="channels of the first convolution; the second has twice as many")
        hidden: int = knob(512, 8, 4096, log=True, help="units of the hidden layer")
        dropout: float = knob(0.5, 0.0, 0.9, help="share of hidden units dropped in training")
        kernel: int = knob(5, 1, 9, help="pixels along a side of each convolution's filters; odd")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.n_classes < 2:
            raise ValueError("A classifier needs labelled images of at least two classes.")
        if not config.kernel % 2:
            raise ValueError(f"The side of a filter is an odd number of pixels, not {config.kernel}.")
        if min(spec.shape[1:]) < 4:
            raise ValueError(f"The classifier needs images of at least 4×4 pixels; these data have shape {spec.shape}.")
        self.config, self.spec = config, spec
        channels, height, width = spec.shape
        kernel, padding = config.kernel, config.kernel // 2
        self.conv1 = nn.Conv2d(channels, config.width, kernel, padding=padding)
        self.conv1_relu, self.conv1_pool = nn.ReLU(), nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(config.width, 2 * config.width, kernel, padding=padding)
        self.conv2_relu, self.conv2_pool = nn.ReLU(), nn.MaxPool2d(2)
        self.fc1 = nn.Linear(2 * config.width * (height // 4) * (width // 4), config.hidden)
        self.fc1_relu = nn.ReLU()
        self.logits = nn.Linear(config.hidden, spec.n_classes)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the cross-entropy in nats; the term "error" is 1 where the most probable class is wrong."""
        h = self.features(batch.x)
        if self.training:
            h = dropout(h, self.config.dropout, rng)
        log_probs = F.log_softmax(self.logits(h).float(), 1)
        yield classification_loss(log_probs, batch.y)

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities, without dropout."""
        return F.log_softmax(self.logits(self.features(x)).float(), 1)

    def features(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, hidden): the hidden layer, without dropout."""
        h = self.conv1_pool(self.conv1_relu(self.conv1(2 * x - 1)))  # (B, width, H/2, W/2)
        h = self.conv2_pool(self.conv2_relu(self.conv2(h)))  # (B, 2 width, H/4, W/4)
        out: Tensor = self.fc1_relu(self.fc1(h.flatten(1)))
        return out
