"""p(x|·): what the last layer of a decoder means. Every model that has a likelihood takes it from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from latentlab import distributions
from latentlab.data import Dataset, Kind
from latentlab.distributions import Gaussian
from latentlab.knobs import Value, knob

OF_PIXELS = ("bernoulli", "fixed-bernoulli", "cut-bernoulli", "gray-bernoulli", "continuous-bernoulli", "gaussian")
KINDS = (*OF_PIXELS, "real-gaussian")
SOME = 1_000  # examples that say what the values of all are
STD_OF_PIXELS, STD_OF_COLUMNS = 0.2, 0.02


@dataclass(frozen=True)
class Likelihood:
    """A density of one value (a pixel, a column) given the decoder's output for it.

    Attributes:
        kind: one of `KINDS`; all but the last are of values in [0, 1], with the sigmoid of the output for a mean
            (but for the continuous Bernoulli's). "real-gaussian" has no bounds, and a mean and a standard deviation of
            its own for each value: the last dimension of its output is twice as long, first the means.
        std: the standard deviation of "gaussian".
        threshold: the intensity from which "cut-bernoulli" takes a pixel for 1.
    """

    kind: str
    std: float = 0.1
    threshold: float = 0.5

    def check(self, data: Kind) -> None:
        """Refuse a density of values in [0, 1] for data that may have any; a table is scaled to [0, 1] when it is read.

        Raises:
            ValueError: they may have any.
        """
        of_columns = data in (Kind.VECTOR, Kind.SEQUENCE) and self.kind == "gaussian"
        if data is Kind.IMAGE or self.kind not in OF_PIXELS or of_columns:
            return
        raise ValueError(f"{self.kind} is a likelihood of pixels, and these data aren't images; use real-gaussian.")

    @property
    def outputs(self) -> int:
        """Outputs of the decoder for each value."""
        return 2 if self.kind == "real-gaussian" else 1

    def log_prob(self, x: Tensor, out: Tensor) -> Tensor:
        """log p(x|out) in nats, elementwise."""
        match self.kind:
            case "real-gaussian":
                return distributions.normal_log_prob(x, *Gaussian.of(out))
            case "gaussian":
                log_std = torch.tensor(self.std, device=x.device).log()
                return distributions.normal_log_prob(x, out.sigmoid(), log_std)
            case "continuous-bernoulli":
                return distributions.continuous_bernoulli_log_prob(x, out)
            case _:
                return distributions.bernoulli_log_prob(x, out)

    def mean(self, out: Tensor) -> Tensor:
        """The mean of p(x|out), elementwise."""
        match self.kind:
            case "real-gaussian":
                return Gaussian.of(out).mean
            case "continuous-bernoulli":
                return distributions.continuous_bernoulli_mean(out)
            case _:
                return out.sigmoid()

    def observed(self, x: Tensor) -> Tensor:
        """What `binarise` gives most often: cut at one half for the Bernoulli likelihood, else what it always gives."""
        return (x > 0.5).float() if self.kind == "bernoulli" else self._fixed(x)

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A fresh draw x ~ Bernoulli(gray level) for the Bernoulli likelihood (dynamic binarisation), the same draw
        each time for the fixed one, what is cut at a threshold for the third, else x.
        """
        if self.kind != "bernoulli":
            return self._fixed(x)
        return (torch.rand(x.shape, generator=rng, device=x.device) < x).float()

    def _fixed(self, x: Tensor) -> Tensor:
        match self.kind:
            case "fixed-bernoulli":
                return drawn_once(x)
            case "cut-bernoulli":
                return (x >= self.threshold).float()
            case _:
                return x


def drawn_once(x: Tensor) -> Tensor:
    """(B, …) -> (B, …) of 0 and 1, with the gray levels as probabilities: for the same image always the same draw.

    As in the binarised data sets that papers report on. What is random is a function of the place and of all levels of
    the image (in 255ths), so it depends neither on the order of the examples nor on the device.
    """
    levels = x.flatten(1)
    place = torch.arange(levels.shape[1], device=x.device)
    of_image = ((levels * 255).round().long() * _mixed(place)).sum(1, keepdim=True)
    uniform = (_mixed(_mixed(of_image) + place) & ((1 << 53) - 1)).double() / (1 << 53)
    return (uniform < levels).float().reshape(x.shape)


def _mixed(k: Tensor) -> Tensor:
    """Whole numbers that look random, one for each of int64: SplitMix64 (Steele, Lea & Flood 2014)."""
    k = (k + 1) * -0x61C8864680B583EB
    k = (k ^ (k >> 30 & (1 << 34) - 1)) * -0x40A7B892E31B1A47
    k = (k ^ (k >> 27 & (1 << 37) - 1)) * -0x6B2FB644ECCEEE15
    return k ^ (k >> 31 & (1 << 33) - 1)


def likelihood_knob(code: str) -> Any:
    """The knob that chooses the likelihood of a model whose decoder is given `code`, as its help names it."""
    about = (
        "of pixels binarised anew in every step, binarised once (fixed), or cut at a threshold, of gray levels, or of"
        " any real numbers"
    )
    return knob("bernoulli", choices=KINDS, help=f"p(x|{code}): {about} (real-gaussian)")


def std_knob() -> Any:
    """The knob of `Likelihood.std`."""
    about = "standard deviation of the likelihood"
    return knob(0.1, 0.01, 1.0, log=True, help=about, when=("likelihood", "gaussian"))


def threshold_knob() -> Any:
    """The knob of `Likelihood.threshold`."""
    return knob(0.5, 0.0, 1.0, help="intensity from which a pixel is 1", when=("likelihood", "cut-bernoulli"))


def suited_to(data: Dataset) -> dict[str, Value]:
    """The knobs of the likelihood that suits some examples, by what their values are.

    Black and white images: Bernoulli. Gray or coloured ones, and columns that were scaled to [0, 1]: Gaussian, with a
    standard deviation of which `benchmarks/defaults.py` shows that no dimension of the code is lost. Any other numbers:
    Gaussian with a mean and a standard deviation of its own for each.
    """
    x = data[:SOME].batch().x
    if not len(x) or x.min() < 0 or x.max() > 1 or data.kind is Kind.PLANE:
        return {"likelihood": "real-gaussian"}
    if data.kind is not Kind.IMAGE:
        return {"likelihood": "gaussian", "std": STD_OF_COLUMNS}
    is_binary = bool(((x == 0) | (x == 1)).all())
    return {"likelihood": "bernoulli"} if is_binary else {"likelihood": "gaussian", "std": STD_OF_PIXELS}
