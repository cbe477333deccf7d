"""What a data set is: tensors in memory, cheap to hold (uint8) and turned to float32 a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from latentlab.data.library.scaling import Scale

UNLABELLED = -1
SPLIT_SEED = 0
LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)  # of the quantiles of data


class DataError(ValueError):
    """Data that aren't available or can't be used; the message is one sentence for the user.

    Attributes:
        place: the file or the folder that it is about. It is for the owner of the machine, on the command line: a
            browser may be anyone's, so the message doesn't name it.
    """

    def __init__(self, message: str, place: Path | None = None) -> None:
        super().__init__(message)
        self.place = place


class Kind(StrEnum):
    """What examples are: said by the data, never guessed from their shape."""

    IMAGE = "image"  # (C, H, W), C is 1 or 3
    VECTOR = "vector"  # (D,)
    PLANE = "plane"  # (2,): points that are drawn where they lie
    SEQUENCE = "sequence"  # (T, D): D values at each of T times


class LabelUse(StrEnum):
    """What a model does with the classes of its training examples."""

    UNUSED = "unused"
    NEEDED = "needed"  # it learns from labelled examples only
    OPTIONAL = "optional"  # it learns from unlabelled examples too


class Spec(NamedTuple):
    """What a model needs to know of the data.

    Attributes:
        shape: of one example.
        n_classes: how many classes there are; 0 for none.
        kind: what an example is.
        names: of a vector's or a sequence's columns; empty where they have none.
    """

    shape: tuple[int, ...]
    n_classes: int
    kind: Kind
    names: tuple[str, ...] = ()


FactorValues = tuple[float, ...] | tuple[str, ...]  # of the levels of one factor


class Varied(NamedTuple):
    """What the examples of a batch differ in, of n groups of factors: each of numbers alone, then those of words.

    Attributes:
        group: from 0; the last one is that of words.
        n: how many groups there are.
        alike: so many examples, one after the other, agree in all other groups.
    """

    group: int
    n: int
    alike: int


class Batch(NamedTuple):
    """Examples as a model sees them."""

    x: Tensor  # (B, *shape) float32; images in [0, 1]
    y: Tensor  # (B,) int64; UNLABELLED where there is no label
    weight: Tensor  # (B,) float32; 1, or an importance weight
    varied: Varied | None = None  # None where they differ in anything

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(self.x.to(device), self.y.to(device), self.weight.to(device), self.varied)


@dataclass(frozen=True, eq=False)
class Factors:
    """What made each example, where that is known: the truth that a representation is held against.

    Attributes:
        levels: (N, F) int64, 0 to the number of levels of a factor.
        names: of the F factors.
        values: of each factor what its levels are, in their order: numbers or words.
    """

    levels: Tensor
    names: tuple[str, ...]
    values: tuple[FactorValues, ...]

    def words(self, factor: int) -> tuple[str, ...]:
        """What the levels of a factor are called."""
        return tuple(value if isinstance(value, str) else f"{value:.12g}" for value in self.values[factor])

    def __getitem__(self, index: slice | Tensor) -> Factors:
        return replace(self, levels=self.levels[index])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples with their classes; images are uint8 (0 is black, 255 white), anything else float32."""

    name: str
    x: Tensor  # (N, *shape)
    y: Tensor  # (N,) int64
    classes: tuple[str, ...]
    kind: Kind
    names: tuple[str, ...] = ()  # of a vector's or a sequence's columns
    scale: Scale | None = None  # back to the user's units, where x is as models see it and they are known
    quantiles: Tensor | None = None  # (len(LEVELS), *shape) of all data, as x, where these are a few of them
    factors: Factors | None = None

    @property
    def spec(self) -> Spec:
        """What a model must know of them."""
        return Spec(self.shape, len(self.classes), self.kind, self.names)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.x.shape[1:])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: slice | Tensor) -> Dataset:
        factors = None if self.factors is None else self.factors[index]
        return replace(self, x=self.x[index], y=self.y[index], factors=factors)

    def to(self, device: torch.device) -> Dataset:
        """The same examples on another device."""
        return replace(self, x=self.x.to(device), y=self.y.to(device))

    def batch(self, index: slice | Tensor = slice(None)) -> Batch:
        """The chosen examples as float32, uint8 scaled to [0, 1]."""
        if isinstance(index, Tensor):  # twice as fast as indexing
            x, y = self.x.index_select(0, index), self.y.index_select(0, index)
        else:
            x, y = self.x[index], self.y[index]
        x = x.float().div_(255) if x.dtype == torch.uint8 else x
        return Batch(x, y, torch.ones(len(x), device=x.device))


Sampler = Callable[[Dataset, int, torch.Generator], Iterator[Batch]]  # one epoch of (data, batch size, rng)


class Splits(NamedTuple):
    """Three disjoint parts: fit on `train`, choose on `valid`, report on `test`."""

    train: Dataset
    valid: Dataset
    test: Dataset


def joined(parts: Sequence[Dataset]) -> Dataset:
    """The examples of several parts of one data set, one part after the other."""
    factors = [part.factors for part in parts if part.factors is not None]
    known = replace(factors[0], levels=torch.cat([one.levels for one in factors])) if factors else None
    x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])
    return replace(parts[0], x=x, y=y, factors=known)


def kind_of(shape: tuple[int, ...]) -> Kind:
    """The kind of examples that a file holds which says no more than their shape."""
    if len(shape) == 3:
        return Kind.IMAGE
    return Kind.PLANE if shape == (2,) else Kind.VECTOR


def to_bytes(x: Tensor | NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Intensities in [0, 1] to 0 ... 255, rounded: what `batch` undoes; what lies outside is cut off, NaN is 0."""
    scaled = torch.as_tensor(x).detach().nan_to_num(0).clamp(0, 1) * 255
    return cast(NDArray[np.uint8], scaled.round().to(torch.uint8).cpu().numpy())


def held_out(data: Dataset, n_valid: int) -> tuple[Dataset, Dataset]:
    """Split off `n_valid` examples at random, the same ones every time (seed 0): (rest, held out)."""
    order = torch.from_numpy(np.random.default_rng(SPLIT_SEED).permutation(len(data)))
    return data[order[n_valid:]], data[order[:n_valid]]


def batches(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
    """One epoch in random order; the last batch may be smaller. `rng` lives on the CPU.

    The order is drawn at once and moved to the data's device once, so no step waits for a copy.
    """
    order = torch.randperm(len(data), generator=rng).to(data.x.device)
    for index in order.split(size):
        yield data.batch(index)
