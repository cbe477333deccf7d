"""Convolutional classifier of any depth: convolutions with pooling after each, then dense layers.

With its defaults the network of Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), §2.2: 3×3 convolutions of 16, 32
and 64 channels, each with ReLU and 2×2 max-pooling, dense layers of 576 and 128 units: 430,407 parameters of 28×28
drawings in seven classes.

    softmax   loss = -log p(y|x),                                  p(k|x) = exp(l_k) / Σ_j exp(l_j)
    sigmoid   loss = -log s(l_y) - Σ_{k≠y} log(1 - s(l_k)),        p(k|x) = s(l_k) / Σ_j s(l_j)

s is the logistic function: K decisions of yes or no. Their outputs don't add up to 1; the class probabilities are their
shares, which leaves their order as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Generator, Tensor, nn

from latentlab.data import Batch, Kind, LabelUse, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss, Trains
from latentlab.models.features import HasFeatures
from latentlab.models.parts.classification import HEAD_UNITS, HEADS, head_log_probs, head_loss
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm
from latentlab.nn.layers import NormalConv2d, NormalLinear, dropout

MOST_WEIGHTS = 20_000_000  # of one layer
DENSE = r"none|[1-9]\d{0,4}(-[1-9]\d{0,4}){0,3}"


class ConvNet(Trains, Classifies, HasFeatures):
    """Every step is a layer with a name, so that a probe can read it: conv1, conv1_relu, conv1_pool, … fc1, … logits.

    The binary error is the share of the K outputs that lie on the wrong side of ½: one less what is called accuracy
    where each class is a decision of its own. Of seven classes it is 1/7 where no output is above ½.
    """

    name = "convnet"
    title = "Convolutional classifier of any depth"
    kinds = frozenset({Kind.IMAGE})
    units = HEAD_UNITS
    labels = LabelUse.NEEDED

    @dataclass(frozen=True)
    class Config:
        """The knobs of the classifier."""

        convs: int = knob(3, 1, 4, help="convolutions")
        width: int = knob(16, 1, 256, log=True, help="channels of the first convolution")
        growth: float = knob(2.0, 1.0, 4.0, help="factor of the channels from one convolution to the next; 1: flat")
        kernel: int = knob(3, 1, 9, help="pixels along a side of each convolution's filters")
        padding: str = knob("same", choices=("same", "valid"), help="same: zeros around keep the size, of odd kernels")
        pool: bool = knob(True, help="2×2 max-pooling after each convolution")
        dense: str = knob("576-128", pattern=DENSE, help="units of each dense layer, up to four; or none")
        dropout: float = knob(0.0, 0.0, 0.9, help="share of the units of each dense layer dropped in training")
        batch_norm: bool = knob(False, help="batch normalisation before each ReLU")
        init: str = knob("default", choices=("default", "xavier"), help="scale of the initial weights")
        head: str = knob("softmax", choices=HEADS, help="one choice among the classes, or yes or no for each")

        @property
        def units_of_dense(self) -> list[int]:
            """Those of each hidden dense layer."""
            return [int(n) for n in re.findall(r"\d+", self.dense)]

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.n_classes < 2:
            raise ValueError("A classifier needs labelled images of at least two classes.")
        if config.padding == "same" and not config.kernel % 2:
            raise ValueError(f"Filters that keep the size have an odd number of pixels a side, not {config.kernel}.")
        self.config, self.spec = config, spec
        self.steps: list[str] = []  # names of the layers in their order
        n = self._add_convolutions()
        for k, units in enumerate(config.units_of_dense, 1):
            n = self._add_dense(f"fc{k}", n, units)
            self._add_activation(f"fc{k}", BatchNorm(n))
        self._add_dense("logits", n, spec.n_classes)

    def _add_convolutions(self) -> int:
        """Add them, and return how many numbers the layer after them reads."""
        config, (n, *sides) = self.config, self.spec.shape
        taken = 0 if config.padding == "same" else config.kernel - 1  # pixels, of each side
        for k in range(1, config.convs + 1):
            wide, name = round(config.width * config.growth ** (k - 1)), f"conv{k}"
            sides = [side - taken for side in sides]
            if min(sides) < (2 if config.pool else 1):
                raise ValueError(
                    f"Images of {self.spec.shape[1]}×{self.spec.shape[2]} pixels are too small for {config.convs} "
                    f"convolutions of this kind: the image that is left is used up at the {_ORDINALS[k]}; take fewer, "
                    "keep the size with “same”, or leave out the pooling."
                )
            _check_weights(name, n * wide * config.kernel**2)
            padding = config.kernel // 2 if config.padding == "same" else 0
            kind = NormalConv2d if config.init == "xavier" else nn.Conv2d
            self._add(name, kind(n, wide, config.kernel, padding=padding))
            self._add_activation(name, ChannelNorm(wide))
            if config.pool:
                self._add(f"{name}_pool", nn.MaxPool2d(2))
                sides = [side // 2 for side in sides]
            n = wide
        return n * sides[0] * sides[1]

    def _add_dense(self, name: str, n_in: int, n_out: int) -> int:
        _check_weights(name, n_in * n_out)
        xavier = self.config.init == "xavier"
        self._add(name, NormalLinear(n_in, n_out, "xavier") if xavier else nn.Linear(n_in, n_out))
        return n_out

    def _add_activation(self, name: str, norm: nn.Module) -> None:
        if self.config.batch_norm:
            self._add(f"{name}_norm", norm)
        self._add(f"{name}_relu", nn.ReLU())

    def _add(self, name: str, layer: nn.Module) -> None:
        self.add_module(name, layer)
        self.steps.append(name)

    def losses(self, batch: Batch, rng: Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the cross-entropy, or the sum of K binary ones, in nats; "error" is 1 where the top class is wrong."""
        logits = self.logits(self._hidden(batch.x, rng if self.training else None)).float()
        yield head_loss(self.config.head, logits, batch.y)

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities, without dropout."""
        return head_log_probs(self.config.head, self.logits(self.features(x)).float())

    def features(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, d): the last dense layer, or the convolutions where there is none, without dropout."""
        return self._hidden(x, None)

    def _hidden(self, x: Tensor, rng: Generator | None) -> Tensor:
        h = 2 * x - 1
        for name in self.steps[:-1]:
            if h.dim() > 2 and isinstance(self.get_submodule(name), nn.Linear):
                h = h.flatten(1)
            h = self.get_submodule(name)(h)
            if rng is not None and self.config.dropout and name.startswith("fc") and name.endswith("_relu"):
                h = dropout(h, self.config.dropout, rng)
        return h.flatten(1)


_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth"}


def _check_weights(name: str, n: int) -> None:
    if n > MOST_WEIGHTS:
        raise ValueError(
            f"The layer {name} would have {n / 1e6:,.0f} million weights, more than {MOST_WEIGHTS / 1e6:.0f} million; "
            "pool more, or take fewer channels or units."
        )
