"""A model's own log-density as what is sampled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from latentlab.analysis.sampling.problems import EXACT, GRADIENT, Energy, Instance, Problem, coordinate_names
from latentlab.analysis.sampling.targets import SamplingError, Target, differentiable

NARROW = 0.01  # standard deviations of the examples' coordinates: no step is made for less


@dataclass(frozen=True, eq=False)
class ModelDensity(Problem):
    """A log-density that a model gives of points, up to a constant; their coordinates may have units of their own.

    Attributes:
        potential: (C, d) -> (C,) nats, minus the log-density.
        has_gradient: torch can differentiate it.
        data: (N, d) examples, among which chains may start; samplers see each coordinate in their standard deviations.
        names: (d,) of the coordinates; x1 … xd if empty.
        flops: floating-point operations of one log-density.
    """

    potential: Callable[[Tensor], Tensor]
    has_gradient: bool
    data: Tensor
    names: tuple[str, ...] = ()
    flops: float = 0.0
    energies = (EXACT,)
    step_unit = "standard deviations of the examples"

    def log_prob(self, x: Tensor) -> Tensor:
        """(C, d) -> (C,) nats, up to a constant."""
        return -self.potential(x)

    @property
    def dim(self) -> int:
        """d, the number of coordinates."""
        return self.data.shape[1]

    @cached_property
    def unit(self) -> Tensor:
        """(d,) the standard deviations of the examples; 1 of a constant."""
        std = self.data.std(0)
        return torch.where(std > 0, std, 1.0)

    @cached_property
    def narrowest(self) -> float:
        """The smallest standard deviation in any direction of the examples, each coordinate in its own."""
        correlation = torch.cov((self.data / self.unit).T.double())
        return float(torch.linalg.eigvalsh(correlation).clamp(min=NARROW**2).min().sqrt())

    def instance(self, energy: Energy, seed: int = 0) -> Instance:  # noqa: ARG002 nothing is drawn
        """As any problem's.

        Raises:
            SamplingError: the energy is an integral, and the density is known itself.
        """
        if energy.rule is not None:
            raise SamplingError("This log-density is known exactly: there is no integral to choose.")
        target = differentiable(self.log_prob) if self.has_gradient else Target(self.log_prob)
        names = self.names or coordinate_names("x", self.dim)
        return Instance(
            target, None, None, self.data, self.flops, GRADIENT * self.flops, names, unit=self.unit
        )  # fmt: skip
