"""Generative stochastic network: a Markov chain through noisy hidden layers, trained by walkback; a DAE with one layer.

Bengio, Laufer, Alain & Yosinski (2014); Alain (2018), §5.3 and §5.5; for the factors α Alain, Bengio, Yao, Yosinski,
Thibodeau-Laufer, Zhang & Vincent (2016):

    x̃ ~ C(x̃|x)                                                  salt and pepper on the input, at every step
    h_i = η_out + tanh(η_in + b_i + W_i h_(i-1) + W_(i+1)ᵀ h_(i+1))   odd layers, then even ones; h_0 = x̃; no η in h_1
    p(x|h) = Bernoulli(sigmoid(α_k (b_0 + W_1ᵀ h_1)))            at step k of the walkback; the next x is drawn from it
    p(x|h) = N(b_0 + W_1ᵀ h_1, α_k s²), α_1 = 1                  of real numbers, with noise on the input instead

    loss = -Σ_k w_k log p(x_0|h at step k),   x and h continuing from x_0 and H_0

with w_k = 1/K for a fixed number K of steps, w_k = 2^-k for a geometric one (what drawing that number would give in
expectation, eq. 5.3), or the last step's alone, as in the source's Algorithm 1. H_0 is 0, or what `burn_in` steps of
the hidden layers with x_0 given make of 0, through which no gradient flows. Its experiments have H_0 = 0 and a loss at
every step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.distributions import bernoulli_log_prob, normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Samples
from latentlab.models.base import Loss, Trains
from latentlab.models.chains import Walks
from latentlab.nn.initialise import Drawn

BURN_IN = 100  # steps before a sample is taken
FIRST_LOG_STD = -1.5  # of a Gaussian p(x|h), before training: near that of intensities, which α_k else takes up
LEAST_LOG_STD = -5.0  # of a Gaussian p(x|h): a pixel that is always black would have none


class State(NamedTuple):
    """Where B chains are."""

    x: Tensor  # (B, *shape): drawn
    out: Tensor  # (B, *shape): logits, or means, of what it was drawn from
    hidden: tuple[Tensor, ...]  # (B, hidden) each


class GSN(Trains, Samples, Walks[State], Drawn):
    """Tied weights: what goes up by W comes down by its transpose."""

    name = "gsn"
    title = "Generative stochastic network"
    units: ClassVar[dict[str, str]] = {"first step": "nats", "last step": "nats"}

    @dataclass(frozen=True)
    class Config:
        """The knobs of a GSN."""

        layers: int = knob(2, 1, 3, help="hidden layers; 1 is a denoising autoencoder with walkback")
        hidden: int = knob(500, 8, 4096, log=True, help="units in each hidden layer")
        output: str = knob("bernoulli", choices=("bernoulli", "gaussian"), help="p(x|h): of pixels, or of any numbers")
        corruption: float = knob(
            0.4, 0.0, 0.95, help="share of pixels that salt and pepper sets to 0 or 1; if Gaussian, the noise's std"
        )
        noise: float = knob(
            2.0, 0.0, 10.0, help="standard deviation of the noise before and after tanh, above the first hidden layer"
        )
        walkback: int = knob(
            0, 0, 16, help="steps of the chain in training; 1 trains on one corruption only; 0: twice the hidden layers"
        )
        steps: str = knob(
            "fixed",
            choices=("fixed", "geometric", "last"),
            help="all count alike, each half the one before, or the last",
        )
        burn_in: int = knob(0, 0, 20, help="steps of the hidden layers with x given before training's; 0: they are 0")
        scaling: bool = knob(False, help="learn how much to trust each walkback step: its logits, or its variance")
        binary: bool = knob(
            False, help="train on pixels cut at one half, not on gray levels", when=("output", "bernoulli")
        )

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        sizes = [math.prod(spec.shape), *[config.hidden] * config.layers]
        self.up = nn.ModuleList([nn.Linear(a, b) for a, b in itertools.pairwise(sizes)])
        self.bias = nn.Parameter(torch.zeros(sizes[0]))
        self.log_scale = nn.Parameter(torch.zeros(self.walkback)) if config.scaling else None
        self.log_std = nn.Parameter(torch.zeros(sizes[0])) if config.output == "gaussian" else None

    @property
    def walkback(self) -> int:
        """Steps of the chain in training: in the source two for each hidden layer."""
        return self.config.walkback or 2 * self.config.layers

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the loss of the walkback; its terms are -log p(x_0|h) at the first and the last step, in nats."""
        k = self.walkback
        weights = [0.5**step for step in range(1, k)] + [0.5 ** (k - 1)]  # the last stands for all longer chains
        if self.config.steps == "fixed":
            weights = [1 / k] * k
        elif self.config.steps == "last":
            weights = [0.0] * (k - 1) + [1.0]
        x = self.prepare(batch.x)
        state, errors = self._settled(x, rng), []
        for step in range(k):
            out, hidden = self._reconstruct(state, rng, step)
            errors.append(-self._log_prob(x, out, step).flatten(1).sum(1))
            if step < k - 1:
                state = self._draw(out, hidden, rng, step)
        value = torch.stack([w * error for w, error in zip(weights, errors, strict=True)]).sum(0)
        yield Loss(value, {"first step": errors[0], "last step": errors[-1]})

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of them is random
        """The bias of the pixels at 0, every walkback factor at 1, and a standard deviation for all pixels."""
        self.bias.zero_()
        if self.log_scale is not None:
            self.log_scale.zero_()
        if self.log_std is not None:
            self.log_std.fill_(FIRST_LOG_STD)

    def start(self, x: Tensor) -> State:
        """Chains at x, with nothing in their hidden layers."""
        return State(x, self._held(x), (x.new_zeros(len(x), self.config.hidden),) * self.config.layers)

    def begin(self, n: int, rng: torch.Generator) -> State:
        """n chains at draws of what comes down from empty hidden layers: b_0.

        Not at uniform noise, half of whose pixels are on: tied weights make of the negative of an image nearly a mode.
        """
        out = self.bias.detach().reshape(self.spec.shape).expand(n, *self.spec.shape)
        return self._draw(out, self.start(out).hidden, rng, 0)

    def step(self, state: State, rng: torch.Generator, factor: int = 0) -> State:
        """Corrupt, go up and down, and draw: one step of the chain, with the factor α_(k+1) of the walkback."""
        return self._draw(*self._reconstruct(state, rng, factor), rng, factor)

    @property
    def factors(self) -> tuple[float, ...]:
        """α_1, α_2, …: how much the logits of each step are trusted, or its variance, where it was learned."""
        return () if self.log_scale is None else tuple(self._log_factors().exp().tolist())

    def prepare(self, x: Tensor) -> Tensor:
        """(B, *shape): cut at one half, if the network was trained on such pixels."""
        return (x > 0.5).float() if self.config.binary and self.log_std is None else x

    def example(self, state: State) -> Tensor:
        """(B, *shape): what was drawn."""
        return state.x

    def expected(self, state: State) -> Tensor:
        """(B, *shape): the mean of p(x|h)."""
        return state.out.sigmoid() if self.log_std is None else state.out

    def hold(self, state: State, x: Tensor, held: Tensor) -> State:
        """Pixels of x put back, and what they would be drawn from."""
        return state._replace(x=x.where(held, state.x), out=self._held(x).where(held, state.out))

    def walk(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape), drawn: a chain of the length used in training from x, or one step with one
        hidden layer.
        """
        state = self._settled(x, rng)
        for k in range(self.walkback if self.config.layers > 1 else 1):
            state = self.step(state, rng, k)
        return state.x

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): means of p(x|h) after `BURN_IN` steps, each of a chain of its own."""
        state = self.begin(n, rng)
        for _ in range(BURN_IN):
            state = self.step(state, rng)
        return self.expected(state)

    def corrupt(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """C(x̃|x): each pixel becomes 0 or 1 with probability `corruption`, either as often; or noise, if Gaussian."""
        p = self.config.corruption
        if self.log_std is not None:
            return x + p * torch.randn(x.shape, generator=rng, device=x.device)
        u = torch.rand(x.shape, generator=rng, device=x.device)
        return torch.where(u < p / 2, 0.0, torch.where(u < p, 1.0, x))

    def _reconstruct(self, state: State, rng: torch.Generator, k: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits or means of p(x|h) (B, *shape), and the hidden layers, each updated once: the odd, then the even."""
        h = [self.corrupt(state.x, rng).flatten(1), *state.hidden]
        for i in [*range(1, len(h), 2), *range(2, len(h), 2)]:
            a = self.up[i - 1](h[i - 1])
            if i < len(self.up):
                a = a + self._down(i, h[i + 1])
            h[i] = a.tanh() if i == 1 else self._noise(self._noise(a, rng).tanh(), rng)
        out = (self.bias + self._down(0, h[1])).float()
        if self.log_scale is not None and self.log_std is None:
            out = out * self._log_factors()[min(k, self.walkback - 1)].exp()
        return out.reshape(state.x.shape), tuple(h[1:])

    @torch.no_grad()
    def _settled(self, x: Tensor, rng: torch.Generator) -> State:
        """Chains at x, after the burn-in of their hidden layers."""
        state = self.start(x)
        for _ in range(self.config.burn_in):
            state = state._replace(hidden=self._reconstruct(state, rng, 0)[1])
        return state

    def _log_factors(self) -> Tensor:
        """(walkback,): of a Gaussian the first is 0, as s is free."""
        assert self.log_scale is not None
        return self.log_scale if self.log_std is None else self.log_scale - self.log_scale[0]

    def _log_std(self, k: int) -> Tensor:
        """(*shape): of a Gaussian p(x|h), at step k of the walkback."""
        assert self.log_std is not None
        of_step = 0.0 if self.log_scale is None else self._log_factors()[min(k, self.walkback - 1)] / 2
        return (self.log_std.clamp(min=LEAST_LOG_STD) + of_step).reshape(self.spec.shape)

    def _log_prob(self, x: Tensor, out: Tensor, k: int) -> Tensor:
        """(B, *shape): log p(x|h) of each value."""
        return bernoulli_log_prob(x, out) if self.log_std is None else normal_log_prob(x, out, self._log_std(k))

    def _held(self, x: Tensor) -> Tensor:
        """(B, *shape): the logits, or the means, of values that are given."""
        return x.logit() if self.log_std is None else x

    def _down(self, i: int, h: Tensor) -> Tensor:
        """(B, hidden) -> (B, size of layer i): through the transpose of the way up."""
        weight: Tensor = self.up.get_parameter(f"{i}.weight")
        return h @ weight

    def _noise(self, h: Tensor, rng: torch.Generator) -> Tensor:
        return h + self.config.noise * torch.randn(h.shape, generator=rng, device=h.device)

    def _draw(self, out: Tensor, hidden: tuple[Tensor, ...], rng: torch.Generator, k: int) -> State:
        fixed = out.detach()
        if self.log_std is not None:
            eps = torch.randn(fixed.shape, generator=rng, device=fixed.device)
            return State(fixed + self._log_std(k).detach().exp() * eps, fixed, hidden)
        x = torch.rand(fixed.shape, generator=rng, device=fixed.device) < fixed.sigmoid()
        return State(x.float(), fixed, hidden)
