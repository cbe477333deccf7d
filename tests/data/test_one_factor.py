"""Batches that differ in one factor: what agrees, what doesn't, how often each comes, and what can't be drawn."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
import torch

from latentlab import device
from latentlab.data import DataError, Dataset, Factors, Kind, load, one_factor_batches
from latentlab.data.one_factor import ALIKE, WORDS, groups_of
from tests.conftest import noise_images

SHAPES = load("shapes").train[:6_000]


def found(data: Dataset, x: torch.Tensor) -> torch.Tensor:
    """The levels of the examples of a batch, by their pixels."""
    assert data.factors is not None
    index = {image.numpy().tobytes(): k for k, image in enumerate(data.x)}
    pixels = (x * 255).round().to(torch.uint8)
    return data.factors.levels[[index[image.numpy().tobytes()] for image in pixels]]


def test_sets_of_examples_differ_in_one_group_of_factors_and_agree_in_the_others() -> None:
    """Of shapes the shape is a word, and size, angle, x and y are numbers."""
    unique = torch.unique(SHAPES.x.flatten(1), dim=0, return_inverse=True)[1]
    alone = SHAPES[torch.nonzero(torch.bincount(unique)[unique] == 1)[:, 0]]  # squares come again after a quarter turn
    factors = alone.factors
    assert factors is not None
    groups = groups_of(factors)
    assert groups == [(1,), (2,), (3,), (4,), (0,)]
    kinds = Counter[int]()
    for batch in list(one_factor_batches(alone, 40, device.generator(0)))[:40]:
        assert batch.varied is not None
        kinds[batch.varied.group] += 1
        assert (batch.varied.n, batch.varied.alike, len(batch.x)) == (5, ALIKE, 40)
        levels = found(alone, batch.x).unflatten(0, (-1, ALIKE))
        rest = [k for k in range(5) if k not in groups[batch.varied.group]]
        assert torch.equal(levels[:, :, rest], levels[:, :1, rest].expand(-1, ALIKE, -1))
        assert (levels[:, :, groups[batch.varied.group]].amax(1) > 0).any()
    assert len(kinds) > 2


@pytest.mark.slow
def test_what_a_thing_is_comes_ten_times_as_often() -> None:
    data = replace(SHAPES, x=SHAPES.x[:, :, :2, :2])
    batches = [one for seed in range(10) for one in one_factor_batches(data, 16, device.generator(seed))]
    assert len(batches) == 10 * 375
    share = Counter(batch.varied.group for batch in batches if batch.varied is not None)
    for group in range(4):
        assert share[group] / len(batches) == pytest.approx(1 / (WORDS + 4), abs=0.02)
    assert share[4] / len(batches) == pytest.approx(WORDS / (WORDS + 4), abs=0.03)


def test_an_epoch_is_the_same_with_the_same_seed() -> None:
    data = SHAPES[:500]
    first, again, other = (list(one_factor_batches(data, 32, device.generator(seed))) for seed in (3, 3, 4))
    assert len(first) == 16
    assert all(torch.equal(a.x, b.x) and a.varied == b.varied for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.x, b.x) for a, b in zip(first, other, strict=True))


def test_a_small_batch_is_one_set() -> None:
    batch = next(iter(one_factor_batches(SHAPES, 5, device.generator(0))))
    assert batch.varied is not None
    assert (batch.varied.alike, len(batch.x)) == (5, 5)


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        (None, "not known"),
        (Factors(torch.arange(10)[:, None] % 2, ("kind",), (("a", "b"),)), "numbers"),
        (Factors(torch.arange(10)[:, None].expand(-1, 2) // 2, ("a", "b"), ((1, 2, 3, 4, 5),) * 2), "numbers"),
    ],
)
def test_examples_of_which_no_factor_varies_alone_are_a_sentence(factors: Factors | None, said: str) -> None:
    data = replace(noise_images(10), factors=factors)
    with pytest.raises(DataError, match=said) as caught:
        one_factor_batches(data, 4, device.generator(0))
    assert re.fullmatch(r"[A-Z].*\.", str(caught.value))
    assert data.kind is Kind.IMAGE
