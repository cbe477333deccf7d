"""What can be sampled: a density in closed form, what a denoiser learned, or the codes that explain an example.

A `Problem` says what may be chosen: by which samplers, with which knowledge of the density, and what step suits. Its
`instance` is what an experiment runs on.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.sampling.always_accepted import DenoisingChain, ModelChain, denoising_kernel
from latentlab.analysis.sampling.moves import Sampler
from latentlab.analysis.sampling.samplers import suitable
from latentlab.analysis.sampling.targets import LogProb, SamplingError, Target, denoised, exact, posterior
from latentlab.analysis.score.field import Denoise, Rule
from latentlab.data.builtin.synthetic import DENSITIES, Density, mixture
from latentlab.data.builtin.two_modes import two_modes

SIGMA = 0.1  # the noise of the exact denoisers
N_EXAMPLES = 2_000  # of a density: where chains start
GRADIENT = 3.0  # evaluations of a network that one and its gradient cost
WIDER = 2.0  # a posterior of an example that is hidden in part, in widths of that of the whole one
FLOPS = 8.0, 2_000.0  # of a mixture: for each number of its means, and for each place


@dataclass(frozen=True)
class Energy:
    """How differences of the log-density are known.

    Attributes:
        name: as it is offered.
        rule: of the integral along a step; None where they are exact.
        n_points: of the path, each an evaluation.
        is_rough: samples drawn by it are off, however much is accepted.
    """

    name: str
    rule: Rule | None = None
    n_points: int = 1
    is_rough: bool = False


EXACT = Energy("exact")
PATH_INTEGRAL = Energy("path integral", "midpoint", 5)
FIRST_ORDER = Energy("first order", "first-order", is_rough=True)
ENERGIES = {energy.name: energy for energy in (EXACT, PATH_INTEGRAL, FIRST_ORDER)}


@dataclass(frozen=True, eq=False)
class Instance:
    """A problem with its knowledge of the density chosen.

    Attributes:
        target: what is sampled.
        truth: the same in closed form; None where there is none.
        clean: what a denoising chain samples instead, in closed form: the density before the noise.
        data: (N, d) examples, among which chains may start.
        flops: floating-point operations of one evaluation of the density at one place.
        gradient_flops: the same with its gradient.
        names: of the d coordinates.
        axes: the two of them that are drawn.
        is_local: it lies within a small part of the data, so that a picture frames the chains alone.
        unit: (d,) what samplers take for 1 in each coordinate, in units of x; None for 1.
    """

    target: Target
    truth: Density | None
    clean: Density | None
    data: Tensor
    flops: float
    gradient_flops: float
    names: tuple[str, ...]
    axes: tuple[int, int] = (0, 1)
    is_local: bool = False
    unit: Tensor | None = None

    def flops_of(self, sampler: Sampler) -> float:
        """Floating-point operations of one evaluation by a sampler at one place."""
        return self.gradient_flops if sampler.needs_gradient else self.flops


class Problem(ABC):
    """Something to sample, before it is chosen how."""

    energies: ClassVar[tuple[Energy, ...]]  # how its density may be known, the best first
    step_unit: ClassVar[str] = "units of what is sampled"

    @property
    @abstractmethod
    def dim(self) -> int:
        """d, the number of coordinates."""

    @property
    @abstractmethod
    def narrowest(self) -> float:
        """The smallest standard deviation that it has, in units of x."""

    @property
    def closed_form(self) -> Density | None:
        """The density on which samplers can be compared; None where there is none."""
        return None

    @abstractmethod
    def instance(self, energy: Energy, seed: int = 0) -> Instance:
        """What an experiment runs on.

        Args:
            energy: one of `energies`.
            seed: of the examples that are drawn.

        Raises:
            SamplingError: the problem doesn't know its density like this.
        """

    @cached_property
    def samplers(self) -> dict[str, Sampler]:
        """Name -> what can move on it, the most natural first."""
        return suitable(self.instance(self.energies[0]).target)

    def scale(self, sampler: Sampler) -> float:
        """A scale that suits: so many times the narrowest standard deviation, less in more than two dimensions."""
        return self.narrowest * sampler.sensible * min(1.0, math.sqrt(2 / self.dim))


@dataclass(frozen=True, eq=False)
class KnownDensity(Problem):
    """A mixture of Gaussians; or, as its optimal denoiser knows it, what it is when blurred by `SIGMA`.

    Attributes:
        clean: what the denoiser was given.
        exact: what is sampled by exact differences.
        width: the smallest standard deviation of either.
    """

    clean: Density
    exact: Density
    width: float
    energies = (EXACT, PATH_INTEGRAL, FIRST_ORDER)

    @classmethod
    def of(cls, density: Density) -> KnownDensity:
        """A density that is wide enough to be sampled as it is."""
        return cls(density, density, float(density.stds.min()))

    @classmethod
    def of_thin(cls, density: Density) -> KnownDensity:
        """A density so thin that it is sampled blurred whatever is known of it."""
        return cls(density, density.blurred(SIGMA), SIGMA)

    @property
    def dim(self) -> int:
        """d, the number of coordinates."""
        return self.clean.dim

    @property
    def narrowest(self) -> float:
        """The smallest standard deviation."""
        return self.width

    @property
    def closed_form(self) -> Density:
        """What is sampled by exact differences."""
        return self.exact

    @cached_property
    def samplers(self) -> dict[str, Sampler]:
        """What can move on any density, and the exact denoising chain."""
        own = DenoisingChain(self.exact)
        return super().samplers | {own.name: own}

    def instance(self, energy: Energy, seed: int = 0) -> Instance:
        """As any problem's; examples are draws."""
        if energy.rule is None:
            density, target = self.exact, exact(self.exact)
        else:
            density = self.clean.blurred(SIGMA)
            target = denoised(lambda x: self.clean.denoise(x, SIGMA), SIGMA, energy.n_points, energy.rule)
        data = density.sample(N_EXAMPLES, device.generator(seed)).float()
        flops = energy.n_points * (FLOPS[0] * density.means.numel() + FLOPS[1])
        return Instance(target, density, self.exact, data, flops, flops, coordinate_names("x", self.dim))


@dataclass(frozen=True, eq=False)
class DenoiserDensity(Problem):
    """The density that a denoiser learned: that of its data blurred by its noise, as far as it succeeded.

    Attributes:
        denoise: (C, d) -> (C, d).
        sigma: the standard deviation of the noise that it was trained on.
        data: (N, d) examples.
        clean: the density of the data, where it is known.
        flops: floating-point operations of denoising one place.
    """

    denoise: Denoise
    sigma: float
    data: Tensor
    clean: Density | None
    flops: float
    energies = (PATH_INTEGRAL, FIRST_ORDER)

    @property
    def dim(self) -> int:
        """d, the number of coordinates."""
        return self.data.shape[1]

    @property
    def narrowest(self) -> float:
        """What the density is blurred by."""
        return self.sigma

    @cached_property
    def samplers(self) -> dict[str, Sampler]:
        """The denoiser's own chain, and what needs ratios of the density or its gradient alone."""
        own = ModelChain(denoising_kernel(self.denoise, self.sigma))
        return {own.name: own} | super().samplers

    def instance(self, energy: Energy, seed: int = 0) -> Instance:  # noqa: ARG002 nothing is drawn
        """As any problem's.

        Raises:
            SamplingError: the energy is exact, and a denoiser knows differences along a step only.
        """
        if energy.rule is None:
            raise SamplingError("A denoiser doesn't know its density exactly, only differences along a step.")
        target = denoised(self.denoise, self.sigma, energy.n_points, energy.rule)
        truth = None if self.clean is None else self.clean.blurred(self.sigma)
        flops = self.flops * energy.n_points
        return Instance(target, truth, self.clean, self.data, flops, flops, coordinate_names("x", self.dim))


@dataclass(frozen=True, eq=False)
class CodePosterior(Problem):
    """p(z|x) ∝ p(x|z) N(z; 0, I): the codes that explain an example, of which a part may be hidden.

    Attributes:
        log_likelihood: (C, d) -> (C,) nats, of what is seen of the example.
        stds: (d,) standard deviations that an encoder gives the posterior of the whole example.
        is_whole: nothing of the example is hidden.
        codes: (N, d) of other examples, among which chains may start.
        flops: floating-point operations of one log-likelihood.
        axes: the two coordinates that carry most.
    """

    log_likelihood: LogProb
    stds: Tensor
    is_whole: bool
    codes: Tensor
    flops: float
    axes: tuple[int, int]
    energies = (EXACT,)

    @property
    def dim(self) -> int:
        """d, the number of coordinates."""
        return self.codes.shape[1]

    @property
    def narrowest(self) -> float:
        """The smallest standard deviation; what is hidden leaves more open."""
        return float(self.stds.min()) * (1.0 if self.is_whole else WIDER)

    def instance(self, energy: Energy, seed: int = 0) -> Instance:  # noqa: ARG002 nothing is drawn
        """As any problem's.

        Raises:
            SamplingError: the energy is an integral, and the density is known itself.
        """
        if energy.rule is not None:
            raise SamplingError("The likelihood of a code is known exactly: there is no integral to choose.")
        return Instance(
            posterior(self.log_likelihood), None, None, self.codes, self.flops, GRADIENT * self.flops,
            coordinate_names("z", self.dim), self.axes, is_local=True,
        )  # fmt: skip


FAR_MODES = mixture([[-4.0, 0.0], [4.0, 0.0]], 0.5, [0.3, 0.7], torch.arange(2), ("left mode", "right mode"))
KNOWN: dict[str, KnownDensity] = {
    **{name: KnownDensity.of(density) for name, density in DENSITIES.items() if density.dim == 2},
    "two far modes": KnownDensity.of(FAR_MODES),
    "two modes on a ring": KnownDensity.of(two_modes()),
    "curve": KnownDensity.of_thin(DENSITIES["curve"]),
}  # without a model


def coordinate_names(letter: str, dim: int) -> tuple[str, ...]:
    """(dim,) the letter and a number each, from 1."""
    return tuple(f"{letter}{k + 1}" for k in range(dim))
