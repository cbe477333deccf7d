"""Points of one's own: what is read from text and what is refused, and the width of their kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.box import around
from latentlab.analysis.score.field import MOST_POINTS, FieldError, optimal_denoiser
from latentlab.analysis.score.points import FRAME, frame, kernel_estimate, read_points, themselves
from tests.conftest import naming


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1, nan", (1, "'1, nan'")),  # the line, and what it is
        ("1, inf", (1, "'1, inf'")),
        ("0, 0\n1, 1e9", (2, "'1, 1e9'")),
        ("1, 2, 3", (1, "'1, 2, 3'")),
        ("x, y", (1, "'x, y'")),
        ("0, 0\n" * 1_000_000, ("1,000,000", f"{MOST_POINTS:,}")),
    ],
)
def test_points_that_can_not_be_are_one_sentence(text: str, named: tuple[object, ...]) -> None:
    with pytest.raises(FieldError, match=naming(*named)):
        read_points(text)


def test_the_frame_stays_while_points_are_painted_and_gives_way_to_points_that_it_does_not_suit() -> None:
    for text in ("", "\n \n", "1, 1", "-1, 0\n1.2, 0"):
        assert frame(torch.from_numpy(read_points(text))) == FRAME
    for text in ("2, 0", "0, 0\n1e-3, 0", "9e5, 0\n0, 0"):
        x = torch.from_numpy(read_points(text))
        assert frame(x) == around(x)


def test_points_themselves_have_the_optimum_of_points() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 0.5], [-0.4, 0.9]])
    at = torch.randn(50, 2, generator=device.generator(0))
    np.testing.assert_allclose(themselves(x).denoise(at.double(), 0.3), optimal_denoiser(x, 0.3)(at), atol=1e-4)


def test_points_are_read_with_any_separator_and_names_of_columns() -> None:
    np.testing.assert_array_equal(read_points("x;y\n1;2\n\n3\t4\n5, -6e-1"), [[1, 2], [3, 4], [5, np.float32(-0.6)]])


def test_the_width_of_a_kernel_is_silvermans() -> None:
    """In the plane his h = (4 / (d + 2))^(1 / (d + 4)) n^(-1 / (d + 4)) is n^(-1/6) deviations."""
    x = torch.randn(4_096, 2, generator=device.generator(0)) * 3
    density = kernel_estimate(x)
    np.testing.assert_allclose(density.means, x)
    np.testing.assert_allclose(density.stds, 3 / 4, rtol=0.03)  # 4096^(1/6) = 4


@pytest.mark.parametrize("x", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]], [[0.0, 0.0], [1e-9, 0.0]]])
def test_points_without_a_spread_have_a_width_nevertheless(x: list[list[float]]) -> None:
    density = kernel_estimate(torch.tensor(x))
    assert (density.stds >= 1e-3).all()
    assert density.log_prob(torch.tensor(x, dtype=torch.float64)).isfinite().all()
