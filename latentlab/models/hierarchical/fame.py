"""FAME: a convolutional ladder VAE whose decoder is read by a PixelCNN, so codes say what neighbouring pixels don't.

Feature Map Variational Auto-Encoders (Maaløe 2018, §5.2 and appendix E). Layers and objective are those of
`parts/hierarchy.py`; each layer of latent variables halves the image with convolutions of stride 2 and 1. Then

    c = decoder(z1), `context` channels as large as the image
    pixels     p(x|z1) = Π_i p(x_i | x_1 … x_(i-1), c)       FAME: the PixelCNN reads x and c
    one pass   p(x|z1) = Π_i p(x_i | c)                      the same network without x ("no concatenation")
    none       p(x|z1) = Π_i p(x_i | z1)                     no PixelCNN: a convolutional ladder VAE

Pixels are 0 or 1: gray levels are drawn anew as such at every look. The mean of p(x|z1) where pixels depend on each
other takes a sum over all images, so `decode` gives another picture: how probable each pixel is with the image hidden,
all pixels before it black. It takes one pass and has gradients; `sample` draws pixel by pixel. The KL's weight rises
from `start` to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Kind, Spec
from latentlab.distributions import bernoulli_log_prob
from latentlab.knobs import knob
from latentlab.models.one_by_one import AutoregressiveGivenCode, Completed, OneByOne
from latentlab.models.parts.conv_layers import OfCodes, Sides, down, halved, placed, up
from latentlab.models.parts.gaussian_layers import Head, full
from latentlab.models.parts.hierarchy import Hierarchy, Layers
from latentlab.models.parts.likelihood import Likelihood
from latentlab.models.parts.pixel_decoder import PixelDecoder


class FAME(Hierarchy, AutoregressiveGivenCode):
    """z1 is next to the data, and is the code; a layer of 0 dimensions ends the hierarchy."""

    name = "fame"
    title = "FAME"
    kinds = frozenset({Kind.IMAGE})

    @dataclass(frozen=True)
    class Config(Layers):
        """The knobs of FAME."""

        z_dim: int = knob(32, 1, 256, log=True, help="dimensions of z1, next to the data")
        z2_dim: int = knob(16, 0, 256, help="dimensions of z2; 0: z1 is the top")
        z3_dim: int = knob(8, 0, 256, help="dimensions of z3; 0: z2 is the top")
        width: int = knob(24, 4, 256, log=True, help="channels of all convolutions")
        decoder: str = knob(
            "pixels",
            choices=("pixels", "one-pass", "none"),
            help="a PixelCNN reads the image and what the code gives; only what the code gives; or there is none",
        )
        context: int = knob(8, 0, 64, help="channels of what the code gives to the PixelCNN; 0: the code is not read")
        blocks: int = knob(2, 0, 12, help="residual blocks of the PixelCNN")
        start: float = knob(0.3, 0.0, 1.0, help="weight of the KL at the start of a warm-up")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        self.likelihood = Likelihood("bernoulli")
        n_x, dims, width, norm = spec.shape[0], self.dims, config.width, config.batch_norm
        sides = [(spec.shape[1], spec.shape[2])]
        for _ in dims:
            sides.append(halved(sides[-1]))
        for i, (dim, side) in enumerate(zip(dims, sides[1:], strict=True)):
            block: nn.Module = down(width if i else n_x, width, 3 if i else 5, norm)
            if i and config.inference == "bottom-up":
                block = OfCodes(placed(dims[i - 1], width, sides[i], norm), block)
            self.add_module(f"up{i + 1}", block)
            self.add_module(f"q_z{i + 1}", self._head(side, dim))
        for i in range(len(dims)):
            from_above = OfCodes(placed(dims[i], width, sides[i + 1], norm), up(width, sides[i], norm))
            if i:
                self.add_module(f"p_z{i}", nn.Sequential(from_above, self._head(sides[i], dims[i - 1])))
            elif n_context := n_x if config.decoder == "none" else config.context:
                self.p_x = from_above.append(nn.Conv2d(width, n_context, 1))
        self.pixels: PixelDecoder | None = None
        if config.decoder != "none":
            self.pixels = PixelDecoder(n_x, config.context, width, config.blocks, config.decoder == "pixels")

    def kl_weight(self, progress: float) -> float:
        """It rises from `start` to 1."""
        start: float = self.config.start
        return start + (1 - start) * progress

    def logits(self, x: Tensor, z: Tensor | None, sees_image: bool = True) -> Tensor:
        """(B, *shape), (..., B, z_dim) -> (..., B, *shape): log odds of each pixel given z1 and the pixels before it.

        Args:
            x: images of 0 and 1.
            z: codes z1; None hides them: the context is 0.
            sees_image: False hides the pixels before each: they are black.
        """
        c = self._context(z, x)
        return full(c if self.pixels is None else self.pixels(x if sees_image else torch.zeros_like(x), c))

    def log_conditionals_given(self, x: Tensor, z: Tensor | None, sees_image: bool = True) -> Tensor:
        """As `logits`, (..., B, *shape) nats of each pixel as it is."""
        return bernoulli_log_prob(x, self.logits(x, z, sees_image))

    def given_code(self, z: Tensor) -> OneByOne:
        """p(x|z1) of one code, (z_dim,)."""
        return _OfCode(self, z)

    def expected_code(self) -> Tensor:
        """(z_dim,): z1 with the top at 0 and each layer below at its mean."""
        top, some = self.layers[-1], next(self.parameters())
        return self._z1(top.name, some.new_zeros(1, top.dim), None)[0]

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): draws of all layers, and of the pixels one by one; their means where they are independent."""
        z1 = self.sample_code(n, rng)
        if not self.is_read:
            return self._mean_x(z1)
        return self.drawn(z1, torch.rand(n, *self.spec.shape, generator=rng, device=rng.device))

    @property
    def is_read(self) -> bool:
        """Whether a pixel depends on others, given the code."""
        return self.pixels is not None and self.pixels.of_image is not None

    def drawn(self, z: Tensor, uniform: Tensor, x: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """(B, z_dim), (B, *shape) -> (B, *shape): a pixel is 1 where its number is less than its probability.

        Args:
            z: codes z1.
            uniform: numbers in [0, 1).
            x: (B, *shape) images of which a part is drawn.
            hidden: (*shape) bool, that part; None for all.
        """
        if self.pixels is not None and self.is_read:
            return self.pixels.draw(self._context(z, uniform), uniform, x, hidden)
        found = (uniform < self._mean_x(z)).to(z.dtype)
        return found if x is None or hidden is None else torch.where(hidden, found, x)

    def _log_p_x(self, x: Tensor, z1: Tensor) -> Tensor:
        return self.log_conditionals_given(x, z1).flatten(-3).sum(-1)

    def _mean_x(self, z1: Tensor) -> Tensor:
        nothing = z1.new_zeros(len(z1), *self.spec.shape)
        return self.logits(nothing, z1, sees_image=False).sigmoid()

    def _context(self, z: Tensor | None, x: Tensor) -> Tensor:
        """c of the codes, (..., B, C, H, W), or of none for the images x."""
        n = self.spec.shape[0] if self.pixels is None else self.config.context
        if z is None or not n:
            leading = x.shape[:1] if z is None else z.shape[:-1]
            return x.new_zeros(*leading, n, *self.spec.shape[1:])
        c: Tensor = self.p_x(z)
        return c

    def _head(self, sides: Sides, dim: int) -> nn.Sequential:
        n_in = self.config.width * math.prod(sides)
        return nn.Sequential(nn.Flatten(-3), Head(n_in, dim, self.config.batch_norm and self.config.head_norm))


@dataclass(frozen=True)
class _OfCode:
    """One code of a model; images are of one channel, or pixels of several are hidden together."""

    model: FAME
    z: Tensor

    @property
    def values(self) -> Tensor:
        """(2,) black and white."""
        return self.z.new_tensor([0.0, 1.0])

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape) nats."""
        return self.model.log_conditionals_given(x, self._codes(x))

    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, 2) nats."""
        logits = self.model.logits(x, self._codes(x))
        return torch.stack([F.logsigmoid(-logits), F.logsigmoid(logits)], -1)

    @torch.no_grad()
    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """(B, *shape), (*shape) bool -> x with its hidden pixels drawn in order."""
        if not hidden.any():
            return Completed(x, x.new_zeros(len(x)))
        uniform = torch.rand(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        drawn = self.model.drawn(self._codes(x), uniform, x, hidden)
        is_drawn = hidden.any(0).flatten()
        after = ~is_drawn
        after[: int(is_drawn.int().argmax())] = False
        log_p = self.log_conditionals(drawn).sum(1).flatten(1)
        return Completed(drawn, log_p[:, after.to(x.device)].sum(1))

    def _codes(self, x: Tensor) -> Tensor:
        return self.z.expand(len(x), -1)
