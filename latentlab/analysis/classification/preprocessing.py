"""What may be done to examples before a classifier sees them: each way is an object with a name and a sentence.

Examples are in [0, 1], as data sets give them; models that want [-1, 1] rescale inside, by 2 x - 1. So a network that
was trained on [-1, 1] and is given [0, 1] is one that is handed (x + 1) / 2.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Kind


class Preprocessing(ABC):
    """A way to change examples before a classifier sees them."""

    kinds: frozenset[Kind] = frozenset({Kind.IMAGE})  # of examples that it makes sense for

    @property
    @abstractmethod
    def name(self) -> str:
        """As a list shows it."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What it does, and why one would look at it."""

    @abstractmethod
    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(N, *shape) in [0, 1] -> (N, *shape) in [0, 1]; draws from the generator only what is random."""


@dataclass(frozen=True)
class AsTheyAre(Preprocessing):
    """Nothing is changed: what the others are compared with."""

    kinds = frozenset(Kind)
    name = "as they are"
    sentence = "Nothing is changed."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, *shape) -> itself."""
        return x


@dataclass(frozen=True)
class Binarised(Preprocessing):
    """Numbers of at least a threshold become 1, and the others 0.

    Burhanpurkar (2020), §1.1.1, cuts at 0.5 on [-1, 1], so at 0.75 here: gray levels from 191.25 on.
    """

    threshold: float = 0.75

    @property
    def name(self) -> str:
        """With the threshold."""
        return f"binarised at {self.threshold:g}"

    @property
    def sentence(self) -> str:
        """What becomes of the edges."""
        return f"Gray levels from {self.threshold:g} on become white, the others black: edges lose their smoothness."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, *shape) -> the same, 0 and 1."""
        return (x >= self.threshold).to(x.dtype)


@dataclass(frozen=True)
class OtherRange(Preprocessing):
    """[0, 1] is given to a network that was trained on [-1, 1]: a mistake easily made, and not seen in an image."""

    name = "range [0, 1]"
    sentence = "The network is given numbers of [0, 1] where it learned from [-1, 1]: dark is gray to it."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, *shape) -> (x + 1) / 2, which 2 x - 1 makes x again."""
        return (x + 1) / 2


@dataclass(frozen=True)
class Inverted(Preprocessing):
    """Light for dark."""

    name = "inverted"
    sentence = "Light and dark change places."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, *shape) -> 1 - x."""
        return 1 - x


@dataclass(frozen=True)
class Flipped(Preprocessing):
    """Left for right, or top for bottom."""

    upside_down: bool = False

    @property
    def name(self) -> str:
        """With what changes places."""
        return "flipped upside down" if self.upside_down else "flipped left to right"

    @property
    def sentence(self) -> str:
        """Whether a flip keeps the class."""
        return "A flip is a harmless augmentation only where it keeps the class: a flipped canoe can become a moon."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, C, H, W) -> the same."""
        return x.flip(-2 if self.upside_down else -1)


@dataclass(frozen=True)
class Rotated(Preprocessing):
    """Turned about the middle, counterclockwise; what comes in from outside is as the nearest edge is."""

    degrees: float = 15.0

    @property
    def name(self) -> str:
        """With the angle."""
        return f"rotated by {self.degrees:g}°"

    @property
    def sentence(self) -> str:
        """How far."""
        return f"Turned by {self.degrees:g}° about the middle, counterclockwise."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, C, H, W) -> the same, interpolated linearly."""
        height, width = x.shape[-2:]
        cos, sin = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        turn = torch.tensor([[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]], dtype=x.dtype)
        grid = F.affine_grid(turn.expand(len(x), 2, 3).to(x.device), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


@dataclass(frozen=True)
class Shifted(Preprocessing):
    """Moved by whole pixels; what comes in is as the edge was that it came from."""

    right: int = 2
    down: int = 2

    @property
    def name(self) -> str:
        """With how far to the right and down."""
        return f"shifted by {self.right:g}, {self.down:g} pixels"

    @property
    def sentence(self) -> str:
        """Where to."""
        return f"Moved by {self.right:g} pixels to the right and {self.down:g} down."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(N, C, H, W) -> the same."""
        height, width = x.shape[-2:]
        rows = (torch.arange(height) - self.down).clamp(0, height - 1)
        columns = (torch.arange(width) - self.right).clamp(0, width - 1)
        return x[..., rows, :][..., columns]


@dataclass(frozen=True)
class Noisy(Preprocessing):
    """Gaussian noise, cut at the ends of [0, 1]."""

    sd: float = 0.2
    kinds = frozenset(Kind)

    @property
    def name(self) -> str:
        """With its size."""
        return f"noise of σ = {self.sd:g}"

    @property
    def sentence(self) -> str:
        """What is added."""
        return f"Gaussian noise with a standard deviation of {self.sd:g} is added to each number."

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(N, *shape) -> the same; points of the plane, which aren't within [0, 1], are not cut."""
        noisy = x + self.sd * torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        return noisy.clamp(0, 1) if x.ndim == 4 else noisy


@dataclass(frozen=True)
class Both(Preprocessing):
    """One way after another."""

    first: Preprocessing
    second: Preprocessing

    @property
    def name(self) -> str:
        """Of both."""
        return f"{self.first.name}, {self.second.name}"

    @property
    def sentence(self) -> str:
        """Of both."""
        return f"{self.first.sentence} {self.second.sentence}"

    def apply(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(N, *shape) -> the same."""
        return self.second.apply(self.first.apply(x, rng), rng)


AS_THEY_ARE = AsTheyAre()
BINARISED = Binarised()  # as the source does
THRESHOLDED = Binarised(0.5)  # what a decoder gives, made as sharp as what a classifier learned from
OTHER_RANGE = OtherRange()
FLIPPED = Flipped()

_OFFERED: tuple[Preprocessing, ...] = (
    AS_THEY_ARE, BINARISED, THRESHOLDED, OTHER_RANGE, Both(BINARISED, OTHER_RANGE), Inverted(), FLIPPED,
    Flipped(upside_down=True), Rotated(), Rotated(90.0), Shifted(), Noisy(),
)  # fmt: skip


def offered(kind: Kind) -> tuple[Preprocessing, ...]:
    """Those that make sense for a kind of examples; the first changes nothing."""
    return tuple(one for one in _OFFERED if kind in one.kinds)
