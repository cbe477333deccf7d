"""A plane through three examples, so that a field in many dimensions can be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.score.field import Denoise, FieldError


def apart(y: Tensor) -> tuple[int, int, int]:
    """Three of n examples by their classes (n,): the first of three classes if there are, else far apart in order."""
    firsts = [int(torch.nonzero(y == k)[0]) for k in y.unique()[:3]]
    n = len(y)
    return (firsts[0], firsts[1], firsts[2]) if len(firsts) == 3 else (0, n // 3, 2 * n // 3)


@dataclass(frozen=True, eq=False)
class Slice:
    """The plane of three examples, with orthonormal coordinates; the first lies at the origin."""

    origin: Tensor  # (D,)
    basis: Tensor  # (2, D), orthonormal: the first axis leads from the first example to the second
    shape: tuple[int, ...]  # of an example
    corners: Tensor  # (3, 2) the coordinates of the three

    def examples(self, u: Tensor) -> Tensor:
        """(N, 2) -> (N, *shape)."""
        return (self.origin + u @ self.basis).reshape(-1, *self.shape)

    def in_plane(self, denoise: Denoise) -> Denoise:
        """The part of r that lies in the plane, as a function of its coordinates: (N, 2) -> (N, 2)."""

        def inside(u: Tensor) -> Tensor:
            return (denoise(self.examples(u)).flatten(1) - self.origin) @ self.basis.T

        return inside

    def leaving(self, denoise: Denoise, u: Tensor) -> Tensor:
        """(N, 2) -> (N,) the share of the squared step |r(x) - x|² that leads out of the plane."""
        x = self.examples(u)
        step = (denoise(x) - x).flatten(1)
        within = (step @ self.basis.T).square().sum(1)
        return (1 - within / step.square().sum(1)).clamp(0, 1)


def through(three: Tensor) -> Slice:
    """The plane through three examples (3, *shape).

    Raises:
        FieldError: they lie on a line, so that they span no plane.
    """
    flat = three.flatten(1).float()
    first, second = flat[1] - flat[0], flat[2] - flat[0]
    a = first / first.norm()
    rest = second - (second @ a) * a
    if not (first.norm() > 1e-6 and rest.norm() > 1e-4 * second.norm().clamp(min=1e-6)):
        raise FieldError("The three examples lie on a line, so they span no plane; choose another one.")
    basis = torch.stack([a, rest / rest.norm()])
    return Slice(flat[0], basis, tuple(three.shape[1:]), (flat - flat[0]) @ basis.T)
