"""Transfer: a trunk that was trained on other data, and a linear head that is new.

    loss = -log p(y|x),   log p(y|x) = log softmax(W (f(x) - m) / s + b)_y

f is the trunk, frozen or trained on ("fine-tuned"); m and s are the mean and the deviation of its features over the
training examples, before the first step; s is at least the mean deviation of all features. A feature that hardly varies
among a few examples may do so among others: of Lite0 at 32 × 32 pixels with 70 labelled sketches test accuracy is 0.56
without that limit, 0.72 with 0.3 of the mean, and 0.74 with the mean itself (three seeds, heads trained for 200 steps).
With the head "sigmoid" each class is a decision of its own,

    loss = -log σ(a_y) - Σ_{k≠y} log(1 - σ(a_k)),   a = W (f(x) - m) / s + b

as in Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), §2.1, whose trunks are VGG19, MobileNetV2 and ResNet152V2.
Images are resized bilinearly to those of the trunk, and a grey channel is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, LabelUse, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss, Trains
from latentlab.models.features import HasFeatures, HasTrunk
from latentlab.models.parts.classification import HEAD_UNITS, HEADS, head_log_probs, head_loss
from latentlab.models.trunks import LITE0, PATTERN, TrunkKind

CHUNK = 256  # examples whose features are computed at once
LEAST_DEVIATION = 1.0  # of a feature, relative to the mean of all: what varies less isn't blown up


class Transfer(Trains, Classifies, HasFeatures, HasTrunk):
    """A trunk, and one linear layer, `logits`, that reads its standardised features."""

    name = "transfer"
    title = "Transfer, a trunk with a new head"
    kinds = frozenset({Kind.IMAGE})
    units = HEAD_UNITS
    labels = LabelUse.NEEDED

    mean: Tensor
    std: Tensor

    @dataclass(frozen=True)
    class Config:
        """The knobs of the model."""

        trunk: str = knob(
            "cnn", pattern=PATTERN.pattern, help="the id of a run that classifies images; lite0; or cnn, convnet or mlp"
        )
        weights: str = knob("trained", choices=("trained", "random"), help="those of the trunk at the start")
        tune: bool = knob(False, help="fine-tune: the trunk is trained, too; else it stays frozen")
        side: int = knob(0, 0, 512, help="pixels a side that lite0 takes; 0: 96", when=("trunk", LITE0))
        head: str = knob("softmax", choices=HEADS, help="one choice among the classes, or yes or no for each")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.n_classes < 2:
            raise ValueError("A classifier needs labelled images of at least two classes.")
        self.config, self.spec = config, spec
        kind = TrunkKind.parse(config.trunk)
        self.source = (LITE0 if kind.network == LITE0 else kind.source) if config.weights == "trained" else ""
        self.trunk = kind.build(spec, config.side)
        self.trunk.requires_grad_(config.tune)
        self.register_buffer("mean", torch.zeros(self.trunk.n_features))
        self.register_buffer("std", torch.ones(self.trunk.n_features))
        self.logits = nn.Linear(self.trunk.n_features, spec.n_classes)

    @property
    def size(self) -> int:
        """The number of trainable parameters: of the head, and of the trunk if that is fine-tuned."""
        moved = (self.logits, self.trunk) if self.config.tune else (self.logits,)
        return sum(p.numel() for module in moved for p in module.parameters())

    @property
    def n_frozen(self) -> int:
        """Numbers of the trunk that no training moves."""
        return 0 if self.config.tune else sum(value.numel() for value in self.trunk.state_dict().values())

    def train(self, mode: bool = True) -> Transfer:
        """As of any module, but a frozen trunk stays as it is evaluated."""
        super().train(mode)
        self.trunk.train(mode and self.config.tune)
        return self

    def take_trunk(self, weights: Mapping[str, Tensor]) -> None:
        """Set the trunk's parameters to those of the network that it comes from; more than its own are left out.

        Raises:
            ValueError: they are of another network.
        """
        own = self.trunk.network.state_dict()
        prefix = "" if self.source == LITE0 else "classifier."
        found = {f"{prefix}{name}": value for name, value in weights.items() if f"{prefix}{name}" in own}
        try:
            self.trunk.network.load_state_dict(found)
        except RuntimeError as error:
            raise ValueError("The parameters of the trunk are those of another network.") from error

    def once(self, data: Dataset) -> Dataset:
        """The features of a frozen trunk instead of the examples, so that they are computed once for all epochs."""
        if self.config.tune or data.kind is not Kind.IMAGE:
            return data
        return replace(data, x=self._all_features(data), kind=Kind.VECTOR, scale=None, quantiles=None)

    def standardise(self, data: Dataset) -> None:
        """Take the mean and the deviation of the features of the training examples."""
        features = data.x if data.kind is not Kind.IMAGE else self._all_features(data)
        if len(features) > 1:
            std, mean = torch.std_mean(features, 0)
            self.mean.copy_(mean)
            self.std.copy_(std.clamp_min(max(LEAST_DEVIATION * float(std.mean()), 1e-8)))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the cross-entropy in nats; x may be features that `once` gave, (B, n_features)."""
        yield head_loss(self.config.head, self.logits(self.features(batch.x)).float(), batch.y)

    def features(self, x: Tensor) -> Tensor:
        """(B, *shape), or (B, n_features) that `once` gave -> (B, n_features): what the trunk gives, standardised."""
        return ((x if x.ndim == 2 else self.trunk(x)) - self.mean) / self.std

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities of the classes; of sigmoids their shares."""
        return head_log_probs(self.config.head, self.logits(self.features(x)).float())

    @torch.no_grad()
    def _all_features(self, data: Dataset) -> Tensor:
        where, was_training = self.mean.device, self.training
        self.eval()
        parts = [self.trunk(data.batch(index).x.to(where)) for index in torch.arange(len(data)).split(CHUNK)]
        self.train(was_training)
        return torch.cat(parts) if parts else torch.empty(0, self.trunk.n_features, device=where)
