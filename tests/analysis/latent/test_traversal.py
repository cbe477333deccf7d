"""Strips and grids against a decoder that can be worked out by hand."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from latentlab import device
from latentlab.analysis.latent.traversal import half_width, lattice, manifold_grid, plane, reach, traverse
from tests.conftest import naming

W = torch.randn(4, 6, generator=device.generator(0))


def linear(z: torch.Tensor) -> torch.Tensor:
    return (z @ W).reshape(-1, 1, 2, 3)


def test_a_strip_moves_one_coordinate_and_holds_the_others() -> None:
    z = torch.tensor([0.5, -1.0, 2.0, 0.0])
    strip = traverse(linear, z, 2, [-3, 0, 1.5])
    for value, example in zip((-3, 0, 1.5), strip.examples, strict=True):
        expected = linear(torch.tensor([[0.5, -1.0, value, 0.0]]))[0]
        np.testing.assert_allclose(example, expected, rtol=1e-6)
    assert z.tolist() == [0.5, -1.0, 2.0, 0.0]  # the caller's code is left alone


@pytest.mark.parametrize("axis", [-1, 4])
def test_a_dimension_that_is_not_there_is_refused(axis: int) -> None:
    with pytest.raises(IndexError, match=naming(4, axis)):
        traverse(linear, torch.zeros(4), axis, [0])


def test_the_grid_has_x_to_the_right_and_y_upwards() -> None:
    grid = manifold_grid(lambda z: z.reshape(-1, 1, 1, 2), 5, 2.0)
    assert grid.examples[0, 0].ravel().tolist() == [-2, 2]  # top left
    assert grid.examples[-1, -1].ravel().tolist() == [2, -2]  # bottom right
    np.testing.assert_array_equal(grid.examples[:, :, 0, 0, 0], np.broadcast_to(grid.x, (5, 5)))
    np.testing.assert_array_equal(grid.examples[:, :, 0, 0, 1], np.broadcast_to(grid.y[:, None], (5, 5)))


def test_a_plane_along_two_axes_sets_two_numbers() -> None:
    z = torch.tensor([9.0, 0.0, 7.0, 0.0])
    axes = torch.eye(4)[[3, 1]]
    grid = manifold_grid(plane(z, axes), 3, 1.0)
    assert set(grid.examples[..., 0].ravel()) == {9.0}
    assert set(grid.examples[..., 2].ravel()) == {7.0}
    np.testing.assert_allclose(grid.examples[0, :, 3], [-1, 0, 1])
    np.testing.assert_allclose(grid.examples[:, 0, 1], [1, 0, -1])


def test_a_plane_along_any_directions_has_the_coordinates_and_is_closest() -> None:
    rng = device.generator(3)
    z, directions, s = (torch.randn(*shape, generator=rng) for shape in ((5,), (2, 5), (7, 2)))
    codes = plane(z, directions)(s)
    torch.testing.assert_close(codes @ directions.T, s, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(plane(z, directions)((directions @ z)[None])[0], z, atol=1e-5, rtol=1e-5)
    # The way from z lies in the plane of the directions, so no other code with these coordinates is closer.
    out_of_plane = torch.linalg.svd(directions).Vh[2:]
    assert float(((codes - z) @ out_of_plane.T).abs().max()) < 1e-4


def test_quantile_spacing_is_even_in_the_priors_probability() -> None:
    nodes = lattice(21, 3.0, "quantile")
    steps = np.diff(scipy.stats.norm.cdf(nodes))
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-3)
    assert (float(nodes[0]), float(nodes[10]), float(nodes[-1])) == pytest.approx((-3, 0, 3), abs=1e-5)


def test_linear_spacing_is_even() -> None:
    np.testing.assert_allclose(lattice(7, 3.0, "linear"), [-3, -2, -1, 0, 1, 2, 3], atol=1e-6)


def test_every_code_can_be_reached_and_most_are_on_the_plane_at_first() -> None:
    near = torch.rand(1_000, 3, generator=device.generator(0)) * 4 - 2
    assert reach(near) == 3
    assert half_width(near[:, :2]) == 3
    far = near.clone()
    far[7, 1] = -11.2
    assert reach(far) == 11.5
    assert half_width(far[:, :2]) == 3  # one in a thousand
    wide = 4 * near
    half = half_width(wide[:, :2])
    assert half == math.ceil(wide[:, :2].abs().amax(1).quantile(0.99, interpolation="lower"))
    assert (wide[:, :2].abs().amax(1) <= half).float().mean() >= 0.99
