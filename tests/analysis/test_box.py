"""A box of the plane: its corners, its size, and the square about points."""

from __future__ import annotations

import math

import pytest
import torch

from latentlab.analysis.box import Box, around


def test_the_corners_and_the_size_of_a_box() -> None:
    box = Box(-1.0, 5.0, 10.0, 18.0)
    assert (box.low, box.high, box.centre) == ((-1, 10), (5, 18), (2, 14))
    assert (box.x, box.y) == ((-1, 5), (10, 18))
    assert (box.width, box.height, box.diagonal) == (6, 8, 10)


@pytest.mark.parametrize(
    ("box", "proper"),
    [
        (Box(0, 1, 5, 6), True),
        (Box(1, 0, 5, 6), False),
        (Box(0, 1, 6, 5), False),
        (Box(0, 0, 5, 6), False),
        (Box(0, math.inf, 5, 6), False),
        (Box(0, 1, math.nan, 6), False),
    ],
)
def test_a_box_without_an_inside_is_not_proper(box: Box, proper: bool) -> None:
    assert box.is_proper is proper


def test_around_points_lies_a_square_with_a_margin_on_each_side() -> None:
    assert around(torch.tensor([[0.0, 10.0], [4.0, 12.0]]), 0.25) == Box(-1, 5, 8, 14)  # 4 wide, and 1 on each side
    assert around(torch.tensor([[3.0, 7.0]]), 0.0) == Box(2, 4, 6, 8)
