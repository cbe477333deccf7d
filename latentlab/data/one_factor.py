"""Batches whose examples differ in one factor only, or in those that are words: what DC-IGN learns from.

A factor of numbers, such as a place or an angle, is a group by itself; all factors of words, which say what a thing is,
are one group together. After Kulkarni et al., Deep Convolutional Inverse Graphics Network (2015), section 3.2, where
the last kind of batch comes ten times as often as each of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.dataset import Batch, DataError, Dataset, Factors, Varied

WORDS = 10  # batches that vary what a thing is, for each that varies one of the numbers
ALIKE = 8  # examples of a batch that differ in one group only: several such sets make a step less random

Members = list[NDArray[np.int64]]


def check_factors(name: str, factors: tuple[str, ...]) -> None:
    """Refuse data of which it isn't known what made them.

    Args:
        name: of the data.
        factors: what is known to have made them.

    Raises:
        DataError: nothing is.
    """
    if not factors:
        raise DataError(
            f"This model learns from examples that differ in one factor, and the factors of {name} are not known; "
            "choose data such as shapes, or name columns of your own as factors."
        )


def one_factor_batches(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
    """One epoch of batches, each of sets of examples that differ in one group of factors, drawn with replacement.

    Args:
        data: whose factors are known.
        size: of a batch, at most; the sets are whole.
        rng: on the CPU.

    Raises:
        DataError: no factors, or no two examples that differ in one group of them only.
    """
    factors = data.factors
    check_factors(data.name, factors.names if factors is not None else ())
    assert factors is not None
    groups = groups_of(factors)
    able = [(Varied(k, len(groups), min(ALIKE, size)), alike(factors, group)) for k, group in enumerate(groups)]
    able = [(varied, members) for varied, members in able if members]
    if not any(varied.group < varied.n - 1 for varied, _ in able):
        raise DataError(
            f"No two examples of {data.name} differ in one factor of numbers only, so none can be learned by itself."
        )
    shares = torch.tensor([WORDS if varied.group == varied.n - 1 else 1 for varied, _ in able]).double()
    return _batches(data, size, rng, able, shares)


def groups_of(factors: Factors) -> list[tuple[int, ...]]:
    """The factors of each group: each of numbers alone, then those of words, which may be none."""
    words = [k for k, values in enumerate(factors.values) if isinstance(values[0], str)]
    return [*((k,) for k in range(len(factors.names)) if k not in words), tuple(words)]


def alike(factors: Factors, group: tuple[int, ...]) -> Members:
    """Sets of examples that agree in all factors but those of a group, in which not all of them agree."""
    if not group:
        return []
    levels = factors.levels.cpu().numpy()
    rest = np.delete(levels, group, 1)
    _, same = np.unique(rest, axis=0, return_inverse=True)
    order = np.argsort(same.reshape(-1), kind="stable")
    sets = np.split(order, np.flatnonzero(np.diff(same.reshape(-1)[order])) + 1)
    own = levels[:, list(group)]
    return [one for one in sets if (own[one] != own[one[0]]).any()]


def _batches(
    data: Dataset, size: int, rng: torch.Generator, able: list[tuple[Varied, Members]], shares: torch.Tensor
) -> Iterator[Batch]:
    kinds = torch.multinomial(shares, -(-len(data) // size), replacement=True, generator=rng)
    for kind in kinds.tolist():
        varied, sets = able[kind]
        chosen = torch.randint(len(sets), (size // varied.alike,), generator=rng).tolist()
        places = torch.rand(len(chosen), varied.alike, generator=rng).numpy()
        drawn = np.concatenate(
            [sets[k][(row * len(sets[k])).astype(int)] for k, row in zip(chosen, places, strict=True)]
        )
        yield data.batch(torch.from_numpy(drawn).to(data.x.device))._replace(varied=varied)
