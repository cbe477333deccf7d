"""Oracles of the planar flow: Jacobians by autograd, and densities that integrate to one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.distributions import standard_normal_log_prob
from latentlab.nn.planar import Maps, through


def steps_of(dim: int, n_steps: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(n_steps, 2 * dim + 1, generator=device.generator(1), dtype=torch.float64)


@pytest.mark.parametrize(("dim", "n_steps", "scale"), [(1, 3, 1.0), (2, 1, 3.0), (2, 16, 1.0), (5, 4, 2.0)])
def test_the_log_determinant_is_that_of_autograds_jacobian(dim: int, n_steps: int, scale: float) -> None:
    steps = steps_of(dim, n_steps, scale)
    places = torch.randn(6, dim, generator=device.generator(2), dtype=torch.float64)
    moved, log_det = through(steps, places)
    for place, there, found in zip(places, moved, log_det, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda z: through(steps, z)[0], place)
        sign, expected = torch.linalg.slogdet(jacobian)
        assert sign == 1
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(through(steps, place)[0], there)


def test_every_map_is_invertible_whatever_its_parameters() -> None:
    """Along w, z' - z falls slower than z grows: w·û > -1, also where w·u is far below it."""
    step = Maps.of(steps_of(3, 500, 2.0))
    inner = (step.w * step.u).sum(-1)
    assert ((inner < -5) & (inner > -30)).any()
    along = (step.w * step.invertible_u).sum(-1)
    assert (step.along > 0).all()
    torch.testing.assert_close(along, step.along - 1)
    torch.testing.assert_close(along, inner.exp().log1p() - 1)


def test_single_precision_finds_a_determinant_that_is_nearly_nothing() -> None:
    _, log_det = through(torch.tensor([[-25.0, 0.0, 1.0, 0.0, 0.0]]), torch.zeros(2))
    assert log_det.item() == pytest.approx(-25, abs=1e-4)


def test_a_map_without_a_direction_shifts() -> None:
    step = torch.tensor([[2.0, -1.0, 0.0, 0.0, 0.5]], requires_grad=True)
    moved, log_det = through(step, torch.zeros(2))
    torch.testing.assert_close(moved, torch.tensor(0.5).tanh() * step[0, :2])
    assert log_det.item() == 0
    moved.sum().backward()
    assert step.grad is not None
    assert step.grad.isfinite().all()


def test_the_density_of_what_comes_out_integrates_to_one() -> None:
    """By a change of variables on a fine grid of one dimension: the maps are monotone."""
    steps = steps_of(1, 5)
    z_0 = torch.linspace(-9, 9, 200_001, dtype=torch.float64)[:, None]
    z, log_det = through(steps, z_0)
    density = (standard_normal_log_prob(z_0)[:, 0] - log_det).exp()
    assert (z.diff(dim=0) > 0).all()
    assert torch.trapezoid(density, z[:, 0]).item() == pytest.approx(1, abs=1e-6)


def test_no_step_leaves_everything_as_it_is() -> None:
    z = torch.randn(4, 2, generator=device.generator(0))
    moved, log_det = through(torch.empty(0, 5), z)
    assert torch.equal(moved, z)
    assert torch.equal(log_det, torch.zeros(4))


def test_each_example_may_have_maps_of_its_own() -> None:
    steps = steps_of(2, 6).reshape(3, 2, 5)  # three examples, two maps each
    z = torch.randn(7, 3, 2, generator=device.generator(0), dtype=torch.float64)
    moved, log_det = through(steps, z)
    for i in range(3):
        alone, its_log_det = through(steps[i], z[:, i])
        torch.testing.assert_close(moved[:, i], alone)
        torch.testing.assert_close(log_det[:, i], its_log_det)
