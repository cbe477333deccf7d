"""Class-conditional PixelCNN: the probability of an image given its class, so also that of the class given the image.

van den Oord et al., Conditional image generation with PixelCNN decoders (2016), eq. 4: gated layers that the class
shifts. With classes that are equally probable, each of these is exact:

    log p(x|y) = Σ_i log p(x_i | x_1 … x_(i-1), y)       p(x) = 1/K Σ_y p(x|y)       p(y|x) = p(x|y) / (K p(x))
    p(x_i | x_<i) = Σ_y p(y | x_<i) p(x_i | x_<i, y)     what it expects of a pixel where the class isn't given

Pixels as in `pixelcnn`. An image is classified by its nearest levels, without a random draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Batch, Dataset, LabelUse, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss
from latentlab.models.one_by_one import AutoregressiveGiven, Completed, OneByOne
from latentlab.models.parts.pixel_by_pixel import CHUNK, PixelByPixel
from latentlab.models.parts.pixel_levels import components_knob, levels_knob, likelihood_knob, pixel_levels


class ClassPixelCNN(PixelByPixel, AutoregressiveGiven, Classifies):
    """An exact p(x|y), p(x) and p(y|x), and no code."""

    name = "pixelcnn-classes"
    title = "Class-conditional PixelCNN"
    labels = LabelUse.NEEDED
    units: ClassVar[dict[str, str]] = {"log-likelihood": "nats", "per pixel": "bits"}  # of p(x|y)
    set_units: ClassVar[dict[str, str]] = {"log p(x)": "nats", "error": "fraction"}

    @dataclass(frozen=True)
    class Config:
        """The knobs of a class-conditional PixelCNN."""

        channels: int = knob(32, 4, 256, log=True, help="channels of the hidden layers")
        blocks: int = knob(3, 0, 12, help="gated blocks; with none of them a pixel sees a 5 x 5 window only")
        likelihood: str = likelihood_knob("bernoulli")
        levels: int = levels_knob()
        components: int = components_knob()

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(spec, pixel_levels(config.likelihood, config.levels, config.components))
        if spec.n_classes < 2:
            raise ValueError("A class-conditional PixelCNN needs labelled images of at least two classes.")
        self.config = config
        self.build("gated", config.channels, config.blocks, spec.n_classes)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield -log p(x|y), of freshly drawn bits or of levels; the terms are log p(x|y) and bits a pixel."""
        x = self.binarise(batch.x, rng)
        log_p = self.levels.log_prob(x, self.outputs(x, self.one_hot(batch.y, x))).flatten(1).sum(1)
        yield Loss(-log_p, {"log-likelihood": log_p, "per pixel": self.per_pixel(-log_p)})

    @torch.no_grad()
    def set_metrics(self, data: Dataset, rng: torch.Generator) -> dict[str, float]:
        """log p(x) with the class summed out, and the share of images whose most probable class is wrong."""
        batch = data.batch()
        x, y = batch.x.to(rng.device), batch.y.to(rng.device)
        wrong = self.classify(x).argmax(1) != y
        return {"log p(x)": float(self.log_prob(x, 1, rng).mean()), "error": float(wrong.float().mean())}

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log p(y|x) by Bayes, of the nearest levels."""
        parts = self.levels.observed(x).split(CHUNK)
        log_p = torch.cat([self._log_given(part) for part in parts])
        log_class: Tensor = log_p.log_softmax(1)
        return log_class

    def _log_given(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K) nats: log p(x|y), a class after the other, so that a layer has a row for each image."""
        ways = [self.given(y).log_conditionals(x).flatten(1).sum(1) for y in range(self.spec.n_classes)]
        return torch.stack(ways, 1)

    def given(self, y: int) -> OneByOne:
        """p(x|y)."""
        return _Given(self, y)

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) of levels -> (B, *shape) nats: the class is summed out."""
        of_classes = self._of_classes(x)
        return torch.logsumexp(_log_class(of_classes) + of_classes, 1)

    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, L) nats: the class is summed out."""
        out = self._outputs_of_classes(x)
        log_class = _log_class(self.levels.log_prob(x[:, None], out))
        return torch.logsumexp(log_class[..., None] + self.levels.log_levels(out), 1)

    @torch.no_grad()
    def sample_step(self, x: Tensor, i: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): x with its pixel i drawn given those before it, of whatever class."""
        below = self.log_levels(x).flatten(1, -2)[:, i].exp().cumsum(1)[:, :-1]
        uniform = torch.rand(len(x), 1, generator=rng, device=x.device)
        flat = x.flatten(1).clone()
        flat[:, i] = (uniform >= below).sum(1).to(x.dtype) / (self.levels.n - 1)
        return flat.reshape(x.shape)

    def _complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """The class is drawn once, given the pixels before the first hidden one."""
        first = int(hidden.flatten().int().argmax())
        different, which = torch.unique(x, dim=0, return_inverse=True)  # many draws often begin from one image
        log_class = _log_class(self._of_classes(different)).flatten(2)[..., first]
        y = torch.multinomial(log_class.exp()[which], 1, generator=rng)[:, 0]
        return self.completed(x, hidden, rng, self.one_hot(y, x))

    def _outputs_of_classes(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K, outputs, H, W): given every class."""
        n, k = len(x), self.spec.n_classes
        y = torch.eye(k, dtype=x.dtype, device=x.device).repeat(n, 1)
        out: Tensor = self.outputs(x.repeat_interleave(k, 0), y).unflatten(0, (n, k))
        return out

    def _of_classes(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K, *shape) nats: log p(x_i | x_<i, y) of every class."""
        return self.levels.log_prob(x[:, None], self._outputs_of_classes(x))

    def one_hot(self, y: Tensor, x: Tensor) -> Tensor:
        """(B,) int64 -> (B, n_classes), of the type and on the device of x."""
        one_hot: Tensor = F.one_hot(y, self.spec.n_classes).to(x)
        return one_hot


def _log_class(of_classes: Tensor) -> Tensor:
    """log p(x_i | x_<i, y), (B, K, *shape) -> log p(y | x_<i), (B, K, *shape), where classes are equally probable."""
    flat = of_classes.flatten(2)
    log_class = (flat.cumsum(2) - flat).log_softmax(1)
    return log_class.reshape(of_classes.shape)


@dataclass(frozen=True)
class _Given:
    """One class of a model."""

    model: ClassPixelCNN
    y: int

    @property
    def values(self) -> Tensor:
        """(L,) the levels of gray."""
        return self.model.values

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape) nats."""
        return self.model.levels.log_prob(x, self.model.outputs(x, self._class_of(x)))

    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, L) nats."""
        return self.model.levels.log_levels(self.model.outputs(x, self._class_of(x)))

    @torch.no_grad()
    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """(B, *shape), (*shape) bool -> x with its hidden pixels drawn in order."""
        return self.model.completed(x, hidden, rng, self._class_of(x))

    def _class_of(self, x: Tensor) -> Tensor:
        return self.model.one_hot(torch.full((len(x),), self.y, device=x.device), x)
