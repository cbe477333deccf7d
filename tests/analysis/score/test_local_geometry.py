"""Local geometry against Gaussians, curves with known tangents, and quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.score.field import FieldError, optimal_denoiser
from latentlab.analysis.score.local_geometry import local_hessian, local_moments
from latentlab.data import DENSITIES, mixture
from tests.conftest import naming


def test_for_a_gaussian_all_is_known() -> None:
    stds, sigma = torch.tensor([1.0, 0.2, 0.5], dtype=torch.float64), 0.3
    density = mixture([[0.1, 0.2, 0.3]], [stds.tolist()])
    x = density.sample(4, device.generator(0))
    found = local_hessian(lambda at: density.denoise(at, sigma), sigma, x)
    gain = (stds**2 / (stds**2 + sigma**2)).numpy()
    for k in range(4):
        np.testing.assert_allclose(found.hessian[k], np.diag(-1 / (stds.numpy() ** 2 + sigma**2)), atol=1e-8)
        np.testing.assert_allclose(found.covariance[k], np.diag(sigma**2 * gain), atol=1e-9)
        np.testing.assert_allclose(found.eigenvalues[k], np.sort(gain)[::-1], atol=1e-9)
    np.testing.assert_array_equal(found.dimension, 2)
    assert found.asymmetry.max() < 1e-9


def test_the_hessian_is_that_of_the_blurred_density() -> None:
    density, sigma, step = DENSITIES["mixture"], 0.3, 1e-5
    x = density.sample(10, device.generator(1))
    found = local_hessian(lambda at: density.denoise(at, sigma), sigma, x).hessian
    score = density.blurred(sigma).score
    columns = [(score(x + step * e) - score(x - step * e)) / (2 * step) for e in torch.eye(2, dtype=torch.float64)]
    np.testing.assert_allclose(found, torch.stack(columns, 2).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("sigma", "along", "across", "degrees"), [(0.01, 0.9993, 0.0007, 0.1), (0.05, 0.983, 0.019, 2)]
)
def test_on_the_spiral_one_direction_lies_along_it(sigma: float, along: float, across: float, degrees: float) -> None:
    t = torch.linspace(3, 12, 4001, dtype=torch.float64)
    curve = 0.04 * torch.stack([t * t.sin(), t * t.cos()], 1)
    at = t[400:-400:100]
    tangent = torch.stack([at.sin() + at * at.cos(), at.cos() - at * at.sin()], 1).numpy()
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    found = local_hessian(optimal_denoiser(curve, sigma), sigma, curve[400:-400:100])
    assert found.eigenvalues[:, 0].mean() == pytest.approx(along, abs=0.003)
    assert found.eigenvalues[:, 1].mean() == pytest.approx(across, abs=0.003)
    angle = np.degrees(np.arccos(np.abs((found.eigenvectors[:, :, 0] * tangent).sum(1)).clip(0, 1)))
    assert angle.max() < degrees
    assert (found.dimension == 1).all()


def test_the_covariance_is_that_of_what_may_have_been() -> None:
    x, sigma = torch.randn(50, 2, generator=device.generator(2), dtype=torch.float64), 0.6
    at = torch.tensor([[0.2, -0.1]], dtype=torch.float64)
    found = local_hessian(optimal_denoiser(x, sigma), sigma, at)
    w = (-(x - at).square().sum(1) / (2 * sigma**2)).softmax(0)
    mean = w @ x
    np.testing.assert_allclose(found.mean[0], mean)
    np.testing.assert_allclose(found.covariance[0], (w[:, None] * (x - mean)).T @ (x - mean), atol=1e-9)


def test_a_place_without_a_jacobian_is_a_hole() -> None:
    found = local_hessian(lambda x: x * math.nan, 0.1, torch.zeros(2, 2))
    assert np.isnan(found.eigenvalues).all()
    with pytest.raises(FieldError, match=naming("sigma", 0)):
        local_hessian(lambda x: x, 0.0, torch.zeros(2, 2))


def test_the_local_mean_points_along_the_score_with_an_error_of_second_order() -> None:
    density = DENSITIES["mixture"]
    at = torch.tensor([0.9, 0.1], dtype=torch.float64)
    score = density.score(at[None])[0].numpy()
    axis = torch.linspace(-1, 1, 401, dtype=torch.float64)
    disc = torch.cartesian_prod(axis, axis)
    errors = []
    for radius in (0.4, 0.2, 0.1):
        x = at + radius * disc
        found = local_moments(x, at, radius, density.log_prob(x).exp())
        estimate = (found.mean - at.numpy()) * 4 / radius**2
        errors.append(np.linalg.norm(estimate - score) / np.linalg.norm(score))
        np.testing.assert_allclose(found.covariance.diagonal() * 4 / radius**2, 1, atol=4 * radius)
    assert errors[0] / errors[1] == pytest.approx(4, abs=1)
    assert errors[1] / errors[2] == pytest.approx(4, abs=1)


def test_a_ball_without_points_has_no_mean() -> None:
    data = torch.zeros(1, 2)
    assert np.isnan(local_moments(data, torch.ones(2), 0.5).mean).all()
    one = local_moments(data, torch.zeros(2), 0.5)
    assert one.n == 1
    assert np.isnan(one.covariance).all()
    np.testing.assert_array_equal(one.mean, 0)
