"""Every preprocessing against what it means, in closed form."""

from __future__ import annotations

import pytest
import torch

from latentlab.analysis.classification.preprocessing import (
    BINARISED,
    OTHER_RANGE,
    THRESHOLDED,
    Both,
    Flipped,
    Inverted,
    Noisy,
    Rotated,
    Shifted,
    offered,
)
from latentlab.data import Kind
from latentlab.device import generator

X = torch.rand(5, 1, 6, 6, generator=generator(0))
RNG = generator(1)


def test_the_thresholds_are_those_of_the_source() -> None:
    levels = torch.tensor([191.0, 191.25, 192.0, 127.0, 128.0]) / 255
    assert BINARISED.apply(levels, RNG).tolist() == [0, 1, 1, 0, 0]
    assert THRESHOLDED.apply(levels, RNG).tolist() == [1, 1, 1, 0, 1]


def test_a_network_that_rescales_gets_the_other_range() -> None:
    assert torch.allclose(2 * OTHER_RANGE.apply(X, RNG) - 1, X, atol=1e-6)


def test_flips_and_inversions_undo_themselves() -> None:
    for one in (Flipped(), Flipped(upside_down=True), Inverted()):
        assert not torch.equal(one.apply(X, RNG), X)
        assert torch.allclose(one.apply(one.apply(X, RNG), RNG), X)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_exact(quarters: int) -> None:
    assert torch.allclose(Rotated(90.0 * quarters).apply(X, RNG), X.rot90(quarters, (2, 3)), atol=1e-5)


def test_a_circle_stays_a_circle_though_the_image_is_wide() -> None:
    rows, columns = torch.meshgrid(torch.arange(20) - 9.5, torch.arange(32) - 15.5, indexing="ij")
    circle = torch.exp(-(rows**2 + columns**2) / 20)[None, None]
    assert torch.allclose(Rotated(30.0).apply(circle, RNG), circle, atol=0.02)


def test_a_shift_moves_and_repeats_the_edge() -> None:
    moved = Shifted(2, -1).apply(X, RNG)
    assert torch.equal(moved[..., :-1, 2:], X[..., 1:, :-2])
    assert torch.equal(moved[..., :-1, 0], X[..., 1:, 0])


def test_noise_is_as_large_as_it_says_and_follows_the_generator() -> None:
    middle = torch.full((40, 1, 30, 30), 0.5)
    one, again = (Noisy(0.1).apply(middle, generator(3)) for _ in range(2))
    assert torch.equal(one, again)
    assert float((one - middle).std()) == pytest.approx(0.1, rel=0.02)


def test_all_that_is_offered_fits_its_kind() -> None:
    assert [len(one.name) > 0 and one.sentence[-1] for one in offered(Kind.IMAGE)] == ["."] * len(offered(Kind.IMAGE))
    assert len({one.name for one in offered(Kind.IMAGE)}) == len(offered(Kind.IMAGE))
    for kind, x in ((Kind.IMAGE, torch.rand(3, 3, 8, 10)), (Kind.PLANE, torch.randn(4, 2))):
        for one in offered(kind):
            before = x.clone()
            assert one.apply(x, RNG).shape == x.shape
            assert torch.equal(x, before)
    assert torch.equal(offered(Kind.PLANE)[0].apply(X, RNG), X)


def test_one_after_the_other() -> None:
    assert torch.equal(Both(BINARISED, OTHER_RANGE).apply(X, RNG), ((X >= 0.75).float() + 1) / 2)
