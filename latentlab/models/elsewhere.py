"""A model whose network runs in another process: it says of its layers itself what hooks find in one that runs here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from latentlab.models.base import Model


class RemoteLayer(NamedTuple):
    """A layer of a network elsewhere."""

    name: str  # dotted
    kind: str  # its class: "Linear", "ReLU"
    shape: tuple[int, ...]  # of what it gives for one example
    affine: bool


class RunsElsewhere(Model):
    """Has its network in another process; what its abilities compute may be differentiated once, by their input."""

    @abstractmethod
    def layers_run(self, forward: Callable[[], object]) -> tuple[RemoteLayer, ...]:
        """The innermost layers that run while `forward` calls the model, in their order."""

    @abstractmethod
    def outputs(self, names: Sequence[str], forward: Callable[[], object]) -> dict[str, Tensor]:
        """Name -> (B, ...): what layers give while `forward` calls the model with B examples.

        Raises:
            ValueError: an unknown layer, or one that doesn't run.
        """

    @abstractmethod
    def unrolled(self, center: Sequence[float], scale: Sequence[float]) -> bytes:
        """Its decoder of codes center + scale · z as a program, `Program.to_bytes`.

        Raises:
            ValueError: it can't be compiled, in one sentence.
        """
