"""Denoising autoencoder: learns to undo noise, and with it the score of the blurred data.

Vincent et al. (2008); Alain & Bengio, What Regularized Auto-Encoders Learn from the Data-Generating Distribution
(2014); Vincent (2011) for the link with score matching. With x̃ = x + σ ε, ε ~ N(0, I), and the density q of x̃,

    loss = |r(x̃) - x|² / σ²                     σ² times the loss of denoising score matching with s = (r(x) - x) / σ²
    its optimum: r(x) = E[clean | noisy = x] = x + σ² ∇ log q(x)        exactly, for every σ (Miyasawa 1961)

That holds for Gaussian noise of one σ. With noise of several sizes, with other corruptions and with walkback r(x) - x
is a direction only (`no_score`). Walkback (Alain 2018, §5.3.2) trains on steps of the network's own chain,

    x̃_1 = x_0 + σ ε,   x̃_(k+1) = r(x̃_k) + σ ε + σ ε',   loss = mean over k of |r(x̃_k) - x_0|² / σ²

so that what lies where the chain leads is led back too.

    free      r(x) = c + V tanh(b + W x)              or deeper, or convolutional; need not be a gradient
    residual  r(x) = x + σ² s(x)                      s a network of the same kind
    tied      r(x) = c + Wᵀ tanh(b + W x)             a gradient: its Jacobian is symmetric
    energy    r(x) = x - σ² ∇E(x)                     E a network with one output: a gradient by construction
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Denoises
from latentlab.models.base import Loss, Trains
from latentlab.models.parts.corruption import Corruption, GaussianNoise, PixelsSet
from latentlab.nn.initialise import Drawn
from latentlab.nn.layers import Kinked, conv_decoder, conv_encoder, first_layer


class DAE(Trains, Denoises):
    """Squared error, and a corruption of your choice; only Gaussian noise makes r(x) - x a score."""

    name = "dae"
    title = "Denoising autoencoder"
    units: ClassVar[dict[str, str]] = {"squared error": "per example"}

    @dataclass(frozen=True)
    class Config(Kinked):
        """The knobs of a denoising autoencoder."""

        layers: int = knob(1, 1, 6, help="hidden layers of the MLP", when=("network", "mlp"))
        network: str = knob("mlp", choices=("mlp", "conv"), help="the encoder's and the decoder's network")
        width: int = knob(32, 4, 256, log=True, help="channels of the first convolution", when=("network", "conv"))
        form: str = knob(
            "free",
            choices=("free", "residual", "tied", "energy"),
            help="r(x): any network, x plus a step, tied weights, or x less the gradient of an energy",
        )
        noise: str = knob(
            "gaussian",
            choices=("gaussian", "masking", "salt-and-pepper"),
            help="corruption type: additive noise, pixels set to 0, or pixels set to 0 or 1",
        )
        sigma: float = knob(0.1, 1e-3, 10.0, log=True, help="standard deviation of the Gaussian noise")
        noise_schedule: str = knob(
            "fixed",
            choices=("fixed", "falling", "mixed"),
            help="sigma for all, falling from sigma_far over the warm-up, or anything between for half of the examples",
            when=("noise", "gaussian"),
        )
        sigma_far: float = knob(
            1.0, 1e-3, 10.0, log=True, help="the largest noise of a schedule", when=("noise", "gaussian")
        )
        walkback: int = knob(
            1,
            1,
            20,
            help="steps of the network's own chain in training; 1 trains on one corruption only",
            when=("noise", "gaussian"),
        )
        steps: str = knob("all", choices=("all", "last"), help="of them whose error counts", when=("noise", "gaussian"))
        share: float = knob(0.3, 0.01, 0.95, help="share of the pixels that is corrupted, for the other kinds of noise")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.sigma = config, spec, config.sigma
        n = math.prod(spec.shape)
        if config.network == "conv":
            if config.form in ("tied", "energy"):
                raise ValueError(f"The form “{config.form}” needs the MLP; choose network mlp, or another form.")
            code = 8 * config.width
            self.network: nn.Module = nn.Sequential(
                conv_encoder(spec.shape, config.width, code), nn.ReLU(), conv_decoder(code, config.width, spec.shape)
            )
        elif config.form == "tied":
            self.network = Tied(n, config.hidden)
        else:
            self.network = TanhMLP(config, n, 1 if config.form == "energy" else n)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the squared error of the clean example, summed over its coordinates, in units of the noise's variance.

        `progress` 0 has the noise of a falling schedule at its largest; with 1 it is `sigma`.
        """
        noisy, std = self.corrupt(batch.x, rng, progress)
        r = self.denoise(noisy)
        error = (r - batch.x).square().flatten(1).sum(1)
        for _ in range(1, self.n_steps):  # of the chain, through which no gradient flows
            r = self.denoise(self._noise(self._noise(r.detach(), std, rng), std, rng))
            at_step = (r - batch.x).square().flatten(1).sum(1)
            error = at_step if self.config.steps == "last" else error + at_step
        error = error if self.config.steps == "last" else error / self.n_steps
        yield Loss(error / std**2, {"squared error": error})

    @property
    def n_steps(self) -> int:
        """Steps of the chain in training."""
        return self.config.walkback if self.config.noise == "gaussian" else 1

    @property
    def no_score(self) -> str:
        """Why r(x) - x is a direction only."""
        if self.config.noise != "gaussian":
            return f"it was trained to undo {self.config.noise} noise, which has no σ"
        if self.config.noise_schedule == "mixed":
            return f"it was trained on noise of all sizes from {self.sigma:g} to {self.config.sigma_far:g} at once"
        if self.config.walkback > 1:
            return f"it was trained on {self.config.walkback} steps of its own chain, not on noise of one σ"
        return ""

    @property
    def corruption(self) -> Corruption:
        """What it undoes: of a schedule, the noise at its end."""
        if self.config.noise == "gaussian":
            return GaussianNoise(self.sigma)
        return PixelsSet(self.config.share, white=self.config.noise == "salt-and-pepper")

    def corrupt(self, x: Tensor, rng: torch.Generator, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """(B, *shape) -> x̃ (B, *shape), and the standard deviation of its noise (B,), 1 if it isn't Gaussian."""
        config, n = self.config, len(x)
        ones = torch.ones(n, device=x.device)
        if config.noise != "gaussian":
            return self.corruption.draw(x, rng), ones
        reach = math.log(config.sigma_far / config.sigma)
        extra = torch.zeros(n, device=x.device)  # how far towards sigma_far, on a logarithmic scale
        if config.noise_schedule == "falling":
            extra += 1 - progress
        elif config.noise_schedule == "mixed":
            draw = torch.rand((2, n), generator=rng, device=x.device)
            extra = torch.where(draw[0] < 0.5, draw[1], extra)
        std = config.sigma * (reach * extra).exp()
        return self._noise(x, std, rng), std

    def _noise(self, x: Tensor, std: Tensor, rng: torch.Generator) -> Tensor:
        """x + σ ε, with σ of each example (B,)."""
        eps = torch.randn(x.shape, generator=rng, device=x.device)
        return x + std.reshape(-1, *[1] * (x.dim() - 1)) * eps

    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): r(x)."""
        flat = x if self.config.network == "conv" else x.flatten(1)
        match self.config.form:
            case "energy":
                step = cast(TanhMLP, self.network).gradient(flat).reshape(x.shape)
                return x - self.sigma * step
            case "residual":  # the network gives σ s(x), which is of order 1 whatever σ
                return x + self.sigma * cast(Tensor, self.network(flat)).to(x.dtype).reshape(x.shape)
            case _:
                return cast(Tensor, self.network(flat)).to(x.dtype).reshape(x.shape)


class Tied(nn.Module, Drawn):
    """c + Wᵀ tanh(b + W x): the gradient of c·x + Σ_j log cosh(b_j + W_j·x)."""

    def __init__(self, n: int, hidden: int) -> None:
        super().__init__()
        self.into = nn.Linear(n, hidden)
        self.c = nn.Parameter(torch.zeros(n))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of it is random
        """The bias of the output at 0."""
        self.c.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, n)."""
        return self.c + torch.tanh(self.into(x)) @ self.into.weight


class TanhMLP(nn.Module):
    """Linear layers with tanh between them, the first initialised to the range of the data."""

    def __init__(self, config: DAE.Config, n_in: int, n_out: int) -> None:
        super().__init__()
        inner = [nn.Linear(config.hidden, config.hidden) for _ in range(config.layers - 1)]
        self.hidden = nn.ModuleList([first_layer(config, n_in), *inner])
        self.out = nn.Linear(config.hidden, n_out, bias=n_out > 1)  # an energy's constant has no gradient

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in) -> (B, n_out)."""
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        out: Tensor = self.out(x)
        return out

    def gradient(self, x: Tensor) -> Tensor:
        """(B, n_in) -> (B, n_in): of the one output by x, by the chain rule written out, so that it can be trained."""
        slopes = []
        for layer in self.hidden:
            x = torch.tanh(layer(x))
            slopes.append(1 - x.square())
        back = self.out.weight.expand(len(x), -1)
        for layer, slope in zip(reversed(self.hidden), reversed(slopes), strict=True):
            back = (back * slope) @ cast(nn.Linear, layer).weight
        return back
