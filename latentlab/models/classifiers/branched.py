"""Classifier of blocks of branches, with an auxiliary head after one of them that is trained too.

A small relative of Inception v3 (Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016), of
which Alain & Bengio probe the layers in Understanding intermediate layers using linear classifier probes (2017), §4.2:

    h_0 = relu(conv 3×3 (2 x - 1)), every second pixel
    h_k = concat(relu of 1×1 | 1×1, 3×3 | 1×1, 3×3, 3×3 | pool, 1×1), w channels each; 2×2 max-pooling after block 2
    loss = -log p(y|h_blocks) - aux_weight · log p_aux(y|h_aux_after)

The head reads the means over the positions; the auxiliary head halves the sides, and has a 1×1 convolution and a hidden
layer. With aux_weight 0 the auxiliary head stays as it was drawn, and the rest is trained as if it weren't there. With
PyTorch's own initial weights ("default") activations and gradients shrink from block to block: a case for such a head.
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
from latentlab.models.parts.classification import AUXILIARY, UNITS, classification_loss
from latentlab.nn.layers import NormalConv2d

POOLED = 2  # the block after which the sides are halved
AUX_CHANNELS, AUX_HIDDEN = 8, 32


class Branches(nn.Module):
    """Four ways from (B, n_in, H, W) to (B, width, H, W) each, side by side: (B, 4 width, H, W)."""

    def __init__(self, n_in: int, width: int, init: str) -> None:
        super().__init__()
        self.point = _convolutions(init, n_in, width, 1)
        self.one = _convolutions(init, n_in, width, 1, 3)
        self.two = _convolutions(init, n_in, width, 1, 3, 3)
        self.pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), _convolutions(init, n_in, width, 1))

    def forward(self, h: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, 4 width, H, W)."""
        return torch.cat([self.point(h), self.one(h), self.two(h), self.pooled(h)], 1)


class Branched(Trains, Classifies):
    """Its layers are stem, blocks.1 and so on with their branches, auxiliary and logits."""

    name = "branched"
    title = "Branched classifier, auxiliary head"
    kinds = frozenset({Kind.IMAGE})
    units = UNITS | {AUXILIARY + name: unit for name, unit in UNITS.items()}
    labels = LabelUse.NEEDED

    @dataclass(frozen=True)
    class Config:
        """The knobs of the classifier."""

        width: int = knob(6, 1, 64, log=True, help="channels of each of the four branches of a block")
        stem: int = knob(8, 1, 64, log=True, help="channels of the first convolution")
        blocks: int = knob(5, 1, 16, help="blocks of branches, one after the other")
        aux_after: int = knob(3, 1, 16, help="the block after which the auxiliary head stands, or the last one")
        aux_weight: float = knob(0.3, 0.0, 4.0, help="weight of the auxiliary head's loss; 0 trains without it")
        init: str = knob("xavier", choices=("xavier", "default"), help="scale of the convolutions' initial weights")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.n_classes < 2:
            raise ValueError("A classifier needs labelled images of at least two classes.")
        if min(spec.shape[1:]) < 5:
            raise ValueError(f"The classifier needs images of at least 5×5 pixels; these data have shape {spec.shape}.")
        self.config, self.spec = config, spec
        self.stem = nn.Sequential(nn.Conv2d(spec.shape[0], config.stem, 3, 2, 1), nn.ReLU())
        sizes = [config.stem, *[4 * config.width] * config.blocks]
        self.blocks = nn.ModuleDict(
            {str(k + 1): Branches(size, config.width, config.init) for k, size in enumerate(sizes[:-1])}
        )
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.logits = nn.Linear(sizes[-1], spec.n_classes)
        self.aux_after = min(config.aux_after, config.blocks)
        self.auxiliary = self._auxiliary(config, spec)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield both heads' cross-entropies, the auxiliary one times its weight; each head has its terms."""
        main, auxiliary = (classification_loss(log_probs, batch.y) for log_probs in self.both_heads(batch.x))
        terms = {AUXILIARY + name: value for name, value in auxiliary.terms.items()}
        yield Loss(main.value + self.config.aux_weight * auxiliary.value, {**main.terms, **terms})

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities of the main head."""
        return self._main(self._trunk(x)[-1])

    def both_heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, *shape) -> (B, K) twice: log-probabilities of the main head and of the auxiliary one."""
        outputs = self._trunk(x)
        auxiliary: Tensor = self.auxiliary(outputs[self.aux_after])
        return self._main(outputs[-1]), F.log_softmax(auxiliary.float(), 1)

    def _trunk(self, x: Tensor) -> list[Tensor]:
        """What the stem and each block give."""
        outputs = [self.stem(2 * x - 1)]
        for name, block in self.blocks.items():
            h = self.pool(outputs[-1]) if int(name) == POOLED + 1 else outputs[-1]
            outputs.append(block(h))
        return outputs

    def _main(self, h: Tensor) -> Tensor:
        return F.log_softmax(self.logits(h.mean((2, 3))).float(), 1)

    def _auxiliary(self, config: Config, spec: Spec) -> nn.Sequential:
        halvings = 2 if self.aux_after > POOLED else 1  # of the sides, before the head halves them once more
        height, width = (-(-side // 2 ** (halvings + 1)) for side in spec.shape[1:])
        return nn.Sequential(
            nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(4 * config.width, AUX_CHANNELS, 1), nn.ReLU(), nn.Flatten(),
            nn.Linear(AUX_CHANNELS * height * width, AUX_HIDDEN), nn.ReLU(), nn.Linear(AUX_HIDDEN, spec.n_classes),
        )  # fmt: skip


def _convolutions(init: str, n_in: int, width: int, *sides: int) -> nn.Sequential:
    """Convolutions one after the other, each with a rectifier; the sides of an image stay."""
    kind = NormalConv2d if init == "xavier" else nn.Conv2d
    layers: list[nn.Module] = []
    for k, side in enumerate(sides):
        layers += [kind(width if k else n_in, width, side, padding=side // 2), nn.ReLU()]
    return nn.Sequential(*layers)
