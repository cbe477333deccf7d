"""Generative stochastic network: a Markov chain through noisy hidden layers, trained by walkback; a DAE with one layer.

Bengio, Laufer, Alain & Yosinski (2014); Alain (2018), §5.3 and §5.5; for the factors α Alain, Bengio, Yao, Yosinski,
Thibodeau-Laufer, Zhang & Vincent (2016):

    x̃ ~ C(x̃|x)                                                  salt and pepper on the input, at every step
    h_i = η_out + tanh(η_in + b_i + W_i h_(i-1) + W_(i+1)ᵀ h_(i+1))   odd layers, then even ones; h_0 = x̃; no η in h_1
    p(x|h) = Bernoulli(sigmoid(α_k (b_0 + W_1ᵀ h_1)))            at step k of the walkback; the next x is drawn from it

    loss = -Σ_k w_k log p(x_0|h at step k),   x and h continuing from x_0 and h = 0

with w_k = 1/K for a fixed number K of steps, or w_k = 2^-k for a geometric one: what drawing that number would give in
expectation (eq. 5.3). Of the source's Algorithm 1 this is the case without burn-in of h, and with a loss at every step.
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
from latentlab.distributions import bernoulli_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Samples, Walks
from latentlab.models.base import Loss, Trains
from latentlab.nn.initialise import Drawn

BURN_IN = 100  # steps before a sample is taken


class State(NamedTuple):
    """Where B chains are."""

    x: Tensor  # (B, *shape): drawn
    logits: Tensor  # (B, *shape): of what it was drawn from
    hidden: tuple[Tensor, ...]  # (B, hidden) each

    @property
    def mean(self) -> Tensor:
        """(B, *shape): of p(x|h)."""
        return self.logits.sigmoid()


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
        corruption: float = knob(0.4, 0.0, 0.95, help="share of pixels that salt and pepper sets to 0 or 1")
        noise: float = knob(
            2.0, 0.0, 10.0, help="standard deviation of the noise before and after tanh, above the first hidden layer"
        )
        walkback: int = knob(
            0, 0, 16, help="steps of the chain in training; 1 trains on one corruption only; 0: twice the hidden layers"
        )
        steps: str = knob("fixed", choices=("fixed", "geometric"), help="all steps count alike, or each half the last")
        scaling: bool = knob(False, help="learn how much to trust the logits of each walkback step")
        binary: bool = knob(False, help="train on pixels cut at one half, not on gray levels")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        sizes = [math.prod(spec.shape), *[config.hidden] * config.layers]
        self.up = nn.ModuleList([nn.Linear(a, b) for a, b in itertools.pairwise(sizes)])
        self.bias = nn.Parameter(torch.zeros(sizes[0]))
        self.log_scale = nn.Parameter(torch.zeros(self.walkback)) if config.scaling else None

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
        x = self.prepare(batch.x)
        state, errors = self.start(x), []
        for step in range(k):
            logits, hidden = self._reconstruct(state, rng, step)
            errors.append(-bernoulli_log_prob(x, logits).flatten(1).sum(1))
            if step < k - 1:
                state = self._draw(logits, hidden, rng)
        value = torch.stack([w * error for w, error in zip(weights, errors, strict=True)]).sum(0)
        yield Loss(value, {"first step": errors[0], "last step": errors[-1]})

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of them is random
        """The bias of the pixels at 0, and every walkback factor at 1."""
        self.bias.zero_()
        if self.log_scale is not None:
            self.log_scale.zero_()

    def start(self, x: Tensor) -> State:
        """Chains at x, with nothing in their hidden layers."""
        return State(x, x.logit(), (x.new_zeros(len(x), self.config.hidden),) * self.config.layers)

    def begin(self, n: int, rng: torch.Generator) -> State:
        """n chains at draws of what comes down from empty hidden layers: sigmoid(b_0).

        Not at uniform noise, half of whose pixels are on: tied weights make of the negative of an image nearly a mode.
        """
        logits = self.bias.detach().reshape(self.spec.shape).expand(n, *self.spec.shape)
        return self._draw(logits, self.start(logits).hidden, rng)

    def step(self, state: State, rng: torch.Generator, factor: int = 0) -> State:
        """Corrupt, go up and down, and draw: one step of the chain, with the factor α_(k+1) of the walkback."""
        return self._draw(*self._reconstruct(state, rng, factor), rng)

    @property
    def factors(self) -> tuple[float, ...]:
        """α_1, α_2, …: how much the logits of each step are trusted, where it was learned."""
        return tuple(self.log_scale.exp().tolist()) if self.log_scale is not None else ()

    def prepare(self, x: Tensor) -> Tensor:
        """(B, *shape): cut at one half, if the network was trained on such pixels."""
        return (x > 0.5).float() if self.config.binary else x

    def example(self, state: State) -> Tensor:
        """(B, *shape): what was drawn."""
        return state.x

    def expected(self, state: State) -> Tensor:
        """(B, *shape): the mean of p(x|h)."""
        return state.mean

    def hold(self, state: State, x: Tensor, held: Tensor) -> State:
        """Pixels of x put back, and their logits."""
        return state._replace(x=x.where(held, state.x), logits=x.logit().where(held, state.logits))

    def walk(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape), drawn: a chain of the length used in training from x, or one step with one
        hidden layer.
        """
        state = self.start(x)
        for k in range(self.walkback if self.config.layers > 1 else 1):
            state = self.step(state, rng, k)
        return state.x

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): means of p(x|h) after `BURN_IN` steps, each of a chain of its own."""
        state = self.begin(n, rng)
        for _ in range(BURN_IN):
            state = self.step(state, rng)
        return state.mean

    def corrupt(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """C(x̃|x): each pixel becomes 0 or 1 with probability `corruption`, either as often."""
        u = torch.rand(x.shape, generator=rng, device=x.device)
        p = self.config.corruption
        return torch.where(u < p / 2, 0.0, torch.where(u < p, 1.0, x))

    def _reconstruct(self, state: State, rng: torch.Generator, k: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits of p(x|h) (B, *shape) and the hidden layers, each updated once: the odd ones, then the even ones."""
        h = [self.corrupt(state.x, rng).flatten(1), *state.hidden]
        for i in [*range(1, len(h), 2), *range(2, len(h), 2)]:
            a = self.up[i - 1](h[i - 1])
            if i < len(self.up):
                a = a + self._down(i, h[i + 1])
            h[i] = a.tanh() if i == 1 else self._noise(self._noise(a, rng).tanh(), rng)
        logits = (self.bias + self._down(0, h[1])).float()
        if self.log_scale is not None:
            logits = logits * self.log_scale[min(k, self.walkback - 1)].exp()
        return logits.reshape(state.x.shape), tuple(h[1:])

    def _down(self, i: int, h: Tensor) -> Tensor:
        """(B, hidden) -> (B, size of layer i): through the transpose of the way up."""
        weight: Tensor = self.up.get_parameter(f"{i}.weight")
        return h @ weight

    def _noise(self, h: Tensor, rng: torch.Generator) -> Tensor:
        return h + self.config.noise * torch.randn(h.shape, generator=rng, device=h.device)

    def _draw(self, logits: Tensor, hidden: tuple[Tensor, ...], rng: torch.Generator) -> State:
        fixed = logits.detach()
        x = torch.rand(fixed.shape, generator=rng, device=fixed.device) < fixed.sigmoid()
        return State(x.float(), fixed, hidden)
