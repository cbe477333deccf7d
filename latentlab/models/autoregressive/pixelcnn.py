"""PixelCNN: the probability of an image as a product over its pixels, each given those before it.

van den Oord, Kalchbrenner & Kavukcuoglu, Pixel Recurrent Neural Networks (2016): masked convolutions see the rows above
a pixel and what lies left of it, so one pass gives all conditionals, and their product is exact:

    log p(x) = Σ_i log p(x_i | x_1 … x_(i-1))          in the order of reading; sampling goes from pixel to pixel

    masked    residual blocks of masked convolutions; some pixels above and to the right are never seen
    gated     a vertical and a horizontal stack, which see all of them (van den Oord et al. 2016b; `GatedLayer`)

Pixels are 0 or 1, and gray levels are drawn anew as such at every look (dynamic binarisation), as by other likelihoods;
or they are levels of gray, by a mixture of discretised logistics (Salimans et al. 2017; `pixel_levels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.data import Batch, Spec
from latentlab.knobs import knob
from latentlab.models.base import Loss
from latentlab.models.one_by_one import Completed
from latentlab.models.parts.pixel_by_pixel import PixelByPixel
from latentlab.models.parts.pixel_levels import components_knob, levels_knob, likelihood_knob, pixel_levels


class PixelCNN(PixelByPixel):
    """An exact likelihood and no code."""

    name = "pixelcnn"
    title = "PixelCNN"

    @dataclass(frozen=True)
    class Config:
        """The knobs of a PixelCNN."""

        channels: int = knob(32, 4, 256, log=True, help="channels of the hidden layers")
        blocks: int = knob(3, 0, 12, help="blocks; with none of them a pixel sees a 5 x 5 window only")
        network: str = knob(
            "masked", choices=("masked", "gated"), help="one stack of masked convolutions, or two that miss no pixel"
        )
        likelihood: str = likelihood_knob("bernoulli")
        levels: int = levels_knob()
        components: int = components_knob()

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(spec, pixel_levels(config.likelihood, config.levels, config.components))
        self.config = config
        self.build(config.network, config.channels, config.blocks)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield -log p(x), of freshly drawn bits or of levels; the terms are log p(x) and bits a pixel."""
        log_p = self.log_conditionals(self.binarise(batch.x, rng)).flatten(1).sum(1)
        yield Loss(-log_p, {"log-likelihood": log_p, "per pixel": self.per_pixel(-log_p)})

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) of levels -> (B, *shape) nats."""
        return self.levels.log_prob(x, self.outputs(x))

    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, L) nats."""
        return self.levels.log_levels(self.outputs(x))

    @torch.no_grad()
    def sample_step(self, x: Tensor, i: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): x with its pixel i drawn given those before it; no row below it is read."""
        row, column = divmod(i, self.spec.shape[2])
        out = self.outputs(x[:, :, : row + 1])[:, :, row, column]
        flat = x.flatten(1).clone()
        flat[:, i] = self.levels.draw(out, torch.rand(len(x), generator=rng, device=x.device))
        return flat.reshape(x.shape)

    def _complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        return self.completed(x, hidden, rng)
