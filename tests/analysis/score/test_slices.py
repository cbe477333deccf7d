"""A slice keeps distances, and shows a field that lies in it whole."""

import pytest
import torch

from latentlab import device
from latentlab.analysis.score.field import FieldError
from latentlab.analysis.score.slices import through

THREE = torch.rand(3, 1, 4, 5, generator=device.generator(0))


def test_the_three_lie_where_they_should() -> None:
    plane = through(THREE)
    torch.testing.assert_close(plane.examples(plane.corners), THREE)
    torch.testing.assert_close(
        torch.cdist(plane.corners, plane.corners), torch.cdist(THREE.flatten(1), THREE.flatten(1))
    )
    torch.testing.assert_close(plane.basis @ plane.basis.T, torch.eye(2))
    assert float(plane.corners[1, 1]) == pytest.approx(0, abs=1e-6)


def test_a_step_in_the_plane_is_seen_whole_and_one_across_it_not_at_all() -> None:
    plane = through(THREE)
    u = torch.randn(6, 2, generator=device.generator(1))
    towards = plane.in_plane(lambda x: x + 0.3 * (THREE[1] - x))
    torch.testing.assert_close(towards(u), u + 0.3 * (plane.corners[1] - u))
    assert plane.leaving(lambda x: x + 0.3 * (THREE[1] - x), u).max() < 1e-4
    out = torch.randn(20, generator=device.generator(2))
    out = (out - out @ plane.basis.T @ plane.basis).reshape(1, 4, 5)
    torch.testing.assert_close(plane.in_plane(lambda x: x + out)(u), u)
    assert plane.leaving(lambda x: x + out, u).min() > 1 - 1e-4


def test_three_on_a_line_are_refused() -> None:
    for three in (THREE[[0, 0, 1]], THREE[[0, 1, 1]], torch.stack([THREE[0], THREE[1], 2 * THREE[1] - THREE[0]])):
        with pytest.raises(FieldError):
            through(three)
