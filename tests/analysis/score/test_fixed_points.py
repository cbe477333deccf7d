"""Fixed points and basins against fields whose fixed points can be worked out by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.score.field import optimal_denoiser
from latentlab.analysis.score.fixed_points import basins, fixed_points, trajectory
from latentlab.data import DENSITIES

BOX = Box(-2.0, 2.0, -2.0, 2.0)


def four(x: Tensor) -> Tensor:
    """x + h (x - x³), coordinate by coordinate: sinks at (±1, ±1), a source at 0, saddles at (±1, 0) and (0, ±1)."""
    return x + 0.2 * (x - x**3)


def test_each_kind_is_found_where_it_is() -> None:
    found = fixed_points(four, BOX)
    by_kind = {
        kind: {
            tuple(int(v) for v in place.round(3))
            for place, k in zip(found.places, found.kinds, strict=True)
            if k == kind
        }
        for kind in ("sink", "saddle", "source")
    }
    assert by_kind["sink"] == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    assert by_kind["saddle"] == {(1, 0), (-1, 0), (0, 1), (0, -1)}
    assert by_kind["source"] == {(0, 0)}
    np.testing.assert_allclose(found.places, found.places.round(), atol=1e-5)
    for place, values in zip(found.places, found.eigenvalues, strict=True):
        wanted = np.sort(1 + 0.2 * (1 - 3 * place**2))
        np.testing.assert_allclose(np.sort(values.real), wanted, atol=1e-4)


def test_a_turning_sink_has_complex_eigenvalues() -> None:
    turn = 0.9 * torch.tensor([[0.8, -0.6], [0.6, 0.8]])
    found = fixed_points(lambda x: x @ turn.T.to(x), BOX)
    assert found.kinds == ("sink",)
    np.testing.assert_allclose(np.abs(found.eigenvalues), 0.9, rtol=1e-5)
    np.testing.assert_allclose(np.abs(found.eigenvalues.imag), 0.54, rtol=1e-5)


def test_a_field_without_fixed_points_has_none() -> None:
    found = fixed_points(lambda x: x + 1, BOX)
    assert (len(found.places), found.kinds) == (0, ())


def test_the_basins_of_four_sinks_are_the_quadrants() -> None:
    found = basins(four, BOX, 20)
    assert len(found.attractors) == 4
    np.testing.assert_allclose(np.abs(found.attractors), 1, atol=1e-3)
    np.testing.assert_allclose(found.shares, 0.25)
    x = np.linspace(-2, 2, 20)
    for i in range(20):
        for j in range(20):
            end = found.attractors[found.attractor[i, j]]
            assert (np.sign(end) == np.sign([x[j], x[i]])).all()


def test_what_leaves_for_infinity_is_astray() -> None:
    def denoise(x: Tensor) -> Tensor:
        return torch.where(x[:, :1] > 0.01, 3 * x, 0 * x)

    found = basins(denoise, BOX, 10)
    assert (found.attractor == -1).sum() == 50
    lost = np.asarray(np.isnan(found.ends).any(1))
    assert found.off(lost, np.array([False])) == (0.5, 0, 0)
    assert found.off(np.full(100, True), np.array([True])) == (1.0, 1, 0)
    assert lost.sum() == 50


def test_what_has_not_arrived_is_told_from_what_stands_still() -> None:
    slow = basins(lambda x: 0.999 * x, BOX, 5, 10)
    share, still, drifting = slow.off(np.full(25, True), np.full(len(slow.attractors), True))
    assert (share, still) == (1.0, 1)  # the middle of the lattice is where it ends
    assert drifting == len(slow.attractors) - 1 > 10
    assert len(basins(lambda x: 0.999 * x, BOX, 5).attractors) == 1  # until it stands still, however slow it is


def test_the_exact_optimum_has_no_attractor_off_the_spiral() -> None:
    density, sigma = DENSITIES["spiral"], 0.03
    found = basins(lambda x: density.denoise(x, sigma), Box(-0.6, 0.6, -0.6, 0.6), 21, 100)
    ends, attractors = (density.nearest(torch.from_numpy(x))[1].numpy() for x in (found.ends, found.attractors))
    assert found.off(ends > 3 * sigma, attractors > 3 * sigma) == (0, 0, 0)


def test_between_two_points_lies_a_saddle() -> None:
    points = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    found = fixed_points(optimal_denoiser(points, 0.4), BOX)
    in_the_middle = np.linalg.norm(found.places, axis=1) < 0.01
    assert [kind for kind, middle in zip(found.kinds, in_the_middle, strict=True) if middle] == ["saddle"]
    assert [kind for kind, middle in zip(found.kinds, in_the_middle, strict=True) if not middle] == ["sink", "sink"]


def test_a_trajectory_starts_where_it_starts() -> None:
    path = trajectory(lambda x: x / 2, torch.tensor([4.0, 8.0]), 3)
    np.testing.assert_allclose(path, np.array([[4, 8], [2, 4], [1, 2], [0.5, 1.0]]))
    assert trajectory(lambda x: x / 2, torch.ones(5, 2), 3).shape == (4, 5, 2)
