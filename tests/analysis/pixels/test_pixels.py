"""Costs, dependence and completions of a model whose conditionals are known: a Markov chain of bits over pixels."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.pixels.costs import Costs, costs
from latentlab.analysis.pixels.drawing import dependence, fill_in, grow
from latentlab.models import Completed

SHAPE = (1, 2, 3)
STAYS = 0.8  # probability that a bit is that before it; the first is 1 with this probability too
LOG_ODDS = math.log(STAYS / (1 - STAYS))


class Chain:
    """log odds of x_i: ±LOG_ODDS by x_(i-1), linear between; the first follows a 1."""

    values = torch.tensor([0.0, 1.0])

    def logits(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        before = torch.cat([torch.ones_like(flat[:, :1]), flat[:, :-1]], 1)
        return (LOG_ODDS * (2 * before - 1)).reshape(x.shape)

    def log_levels(self, x: Tensor) -> Tensor:
        logits = self.logits(x)
        return torch.stack([torch.nn.functional.logsigmoid(-logits), torch.nn.functional.logsigmoid(logits)], -1)

    def log_conditionals(self, x: Tensor) -> Tensor:
        return self.log_levels(x).gather(-1, x.long()[..., None])[..., 0]

    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        flat, places = x.flatten(1).clone(), hidden.flatten()
        for i in range(flat.shape[1]):
            if places[i]:
                p = self.logits(flat.reshape(x.shape)).flatten(1)[:, i].sigmoid()
                flat[:, i] = (torch.rand(len(x), generator=rng) < p).float()
        found, after = flat.reshape(x.shape), ~places
        after[: int(places.int().argmax())] = False
        return Completed(found, self.log_conditionals(found).flatten(1)[:, after].sum(1))


def test_what_each_pixel_costs() -> None:
    x = torch.tensor([1.0, 1, 0, 0, 0, 1]).reshape(1, *SHAPE).repeat(2, 1, 1, 1)
    same, other = -math.log2(STAYS), -math.log2(1 - STAYS)
    found = costs(Chain().log_conditionals, x)
    np.testing.assert_allclose(found.bits[0].ravel(), [same, same, other, same, same, other], rtol=1e-5)
    assert found.per_pixel == pytest.approx((4 * same + 2 * other) / 6)
    assert found.std_error == 0
    assert found.half == 2


def test_the_error_is_over_the_examples_and_half_is_reached_from_the_dearest_on() -> None:
    bits = np.array([[[4.0, 0, 1, 1]], [[2.0, 0, 1, 1]]], np.float32)
    found = Costs(bits)
    assert found.std_error == pytest.approx(np.std([2.0, 1.0], ddof=1) / math.sqrt(2) / 2)
    assert found.half == 1


def test_a_draw_comes_with_what_was_expected_of_each_pixel_at_its_turn() -> None:
    found = grow(Chain(), SHAPE, 3)
    assert set(found.x.ravel()) <= {0, 1}
    before = np.concatenate([[1], found.x.ravel()[:-1]])
    np.testing.assert_allclose(found.expected.ravel(), np.where(before == 1, STAYS, 1 - STAYS), rtol=1e-5)
    p = np.where(found.x.ravel() == before, STAYS, 1 - STAYS)
    np.testing.assert_allclose(found.bits.ravel(), -np.log2(p), rtol=1e-5)


@pytest.mark.parametrize("pixel", [0, 1, 4])
def test_a_pixel_depends_on_the_one_before_it(pixel: int) -> None:
    x, expected = torch.ones(SHAPE), np.zeros(6)
    if pixel:
        expected[pixel - 1] = 2 * LOG_ODDS
    found = dependence(Chain().log_levels, Chain.values, x, pixel)
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


def exact(x: Tensor, hidden: Tensor) -> dict[tuple[float, ...], float]:
    """p(hidden | shown) by enumeration."""
    ways = list(itertools.product((0.0, 1.0), repeat=int(hidden.sum())))
    images = x.repeat(len(ways), 1, 1, 1)
    images[:, hidden] = torch.tensor(ways)
    p = Chain().log_conditionals(images).flatten(1).sum(1).softmax(0)
    return dict(zip(ways, p.tolist(), strict=True))


@pytest.mark.parametrize("places", [(4, 5), (1, 2), (0, 3)])
def test_completions_are_given_all_that_is_shown(places: tuple[int, ...]) -> None:
    x, hidden = torch.tensor([1.0, 0, 1, 0, 1, 1]).reshape(SHAPE), torch.zeros(6, dtype=torch.bool)
    hidden[list(places)] = True
    hidden = hidden.reshape(SHAPE)
    found = fill_in(Chain(), x, hidden, 4_000, 4_000, 0)
    assert np.array_equal(found.x[:, ~hidden.numpy()], x[~hidden].expand(4_000, -1).numpy())
    for way, p in exact(x, hidden).items():
        share = (found.x[:, hidden.numpy()] == way).all(1).mean()
        assert share == pytest.approx(p, abs=0.03)
    assert found.later == sum(i not in places for i in range(min(places), 6))
    if found.later == 0:
        assert found.ess == pytest.approx(4_000)
    else:
        assert 100 < found.ess < 3_900


def test_a_seed_gives_the_same_completions() -> None:
    hidden = torch.ones(SHAPE, dtype=torch.bool)
    same, again, other = (fill_in(Chain(), torch.zeros(SHAPE), hidden, 9, 5, seed).x for seed in (1, 1, 2))
    assert np.array_equal(same, again)
    assert not np.array_equal(same, other)
