"""Distributions of codes: N(0, I), uniform, one-hot, and several of them side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.distributions import Prior, standard_normal_log_prob


@dataclass(frozen=True)
class StandardNormal:
    """N(0, I)."""

    dim: int

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, dim): draws, on the generator's device."""
        return torch.randn(n, self.dim, generator=rng, device=rng.device)

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, dim) -> (B,) nats."""
        return standard_normal_log_prob(z).sum(-1)


@dataclass(frozen=True)
class Uniform:
    """Uniform on [-1, 1] in each dimension."""

    dim: int

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, dim): draws, on the generator's device."""
        return 2 * torch.rand(n, self.dim, generator=rng, device=rng.device) - 1

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, dim) -> (B,) nats; -inf outside."""
        inside = (z.abs() <= 1).all(-1)
        return torch.where(inside, -self.dim * math.log(2), -math.inf)


@dataclass(frozen=True)
class OneHot:
    """One of `dim` categories, all equally probable, as a one-hot vector."""

    dim: int

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, dim): draws, on the generator's device."""
        drawn = torch.randint(self.dim, (n,), generator=rng, device=rng.device)
        return F.one_hot(drawn, self.dim).float()

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, dim) -> (B,) nats; -inf for what is no one-hot vector."""
        one_hot = ((z == 0) | (z == 1)).all(-1) & (z.sum(-1) == 1)
        return torch.where(one_hot, -math.log(self.dim), -math.inf)


@dataclass(frozen=True)
class Independent:
    """Codes of several kinds side by side, independent of each other."""

    parts: Sequence[StandardNormal | Uniform | OneHot]

    @property
    def dim(self) -> int:
        """Of all parts together."""
        return sum(part.dim for part in self.parts)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, dim): draws, on the generator's device."""
        return torch.cat([part.sample(n, rng) for part in self.parts], 1)

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, dim) -> (B,) nats."""
        pieces = z.split([part.dim for part in self.parts], -1)
        terms = [part.log_prob(piece) for part, piece in zip(self.parts, pieces, strict=True)]
        return torch.stack(terms).sum(0)


class CodeKind(StrEnum):
    """How the dimensions of a part of a code are drawn."""

    NORMAL = "normal"
    UNIFORM = "uniform"
    CATEGORY = "category"


_KINDS: dict[type, CodeKind] = {
    StandardNormal: CodeKind.NORMAL, Uniform: CodeKind.UNIFORM, OneHot: CodeKind.CATEGORY
}  # fmt: skip


def code_parts(prior: Prior) -> tuple[tuple[CodeKind, int], ...]:
    """The kinds of a code's parts, side by side, and their dimensions; none of a code of one kind."""
    return tuple((_KINDS[type(part)], part.dim) for part in prior.parts) if isinstance(prior, Independent) else ()


def category_of(prior: Prior) -> slice | None:
    """The dimensions of a code that are its first one-hot part; None where it has none."""
    start = 0
    for part in prior.parts if isinstance(prior, Independent) else ():
        if isinstance(part, OneHot):
            return slice(start, start + part.dim)
        start += part.dim
    return None


def without_category(prior: Prior) -> Independent:
    """The parts of a code beside its first one-hot one."""
    parts = prior.parts if isinstance(prior, Independent) else ()
    first = next((k for k, part in enumerate(parts) if isinstance(part, OneHot)), len(parts))
    return Independent([*parts[:first], *parts[first + 1 :]])


NAMED: dict[str, type[StandardNormal | Uniform]] = {"normal": StandardNormal, "uniform": Uniform}  # of a knob


def prior_of(name: str, dim: int) -> Prior:
    """The prior that a knob names."""
    return NAMED[name](dim)
