"""The known truths are true: each against automatic derivatives, brute force, quadrature or what is drawn from it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import DENSITIES, NAMES, DataError, Density, is_local, load, mixture
from latentlab.data.builtin.synthetic import points
from tests.conftest import naming

each = pytest.mark.parametrize("name", DENSITIES)
in_the_plane = pytest.mark.parametrize("name", [name for name, density in DENSITIES.items() if density.dim == 2])


def places(density: Density, n: int = 40) -> Tensor:
    """Half of them draws, half of them anywhere in the box."""
    rng = device.generator(7)
    low, high = density.box
    anywhere = low + (high - low) * torch.rand(n, density.dim, generator=rng, dtype=torch.float64)
    return torch.cat([density.sample(n, rng), anywhere])


@each
def test_the_density_is_the_sum_of_its_gaussians(name: str) -> None:
    density = DENSITIES[name]
    x = places(density, 20)
    gaussian = torch.distributions.Normal(density.means, density.stds)
    per_component = gaussian.log_prob(x.unsqueeze(1)).sum(-1)  # (N, K), by torch's own formula
    expected = (density.log_weights + per_component).logsumexp(1)
    torch.testing.assert_close(density.log_prob(x), expected, rtol=1e-9, atol=1e-7)


@each
@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_the_score_is_the_gradient_of_the_log_density(name: str, sigma: float) -> None:
    density = DENSITIES[name].blurred(sigma) if sigma else DENSITIES[name]
    x = places(density).requires_grad_()
    (gradient,) = torch.autograd.grad(density.log_prob(x).sum(), x)
    torch.testing.assert_close(density.score(x.detach()), gradient, rtol=1e-7, atol=1e-6)


@in_the_plane
def test_the_score_is_that_of_finite_differences(name: str) -> None:
    density = DENSITIES[name].blurred(0.1)
    x, step = places(density), 1e-5
    shifts = step * torch.eye(2, dtype=torch.float64)
    slopes = [(density.log_prob(x + d) - density.log_prob(x - d)) / (2 * step) for d in shifts]
    torch.testing.assert_close(density.score(x), torch.stack(slopes, 1), rtol=1e-6, atol=1e-5)


@in_the_plane
def test_the_density_integrates_to_one(name: str) -> None:
    density = DENSITIES[name].blurred(0.1)
    low, high = (corner + side * 0.3 for corner, side in zip(density.box, (-1, 1), strict=True))
    axes = [torch.linspace(a, b, 161, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
    grid = torch.cartesian_prod(*axes)
    cell = math.prod(float(axis[1] - axis[0]) for axis in axes)
    assert density.log_prob(grid).exp().sum() * cell == pytest.approx(1, abs=1e-4)


@each
def test_draws_have_the_moments_of_the_mixture(name: str) -> None:
    density, n = DENSITIES[name], 100_000
    x = density.sample(n, device.generator(1))
    weights = density.log_weights.exp()
    mean = weights @ density.means
    centred = density.means - mean
    covariance = (weights.unsqueeze(1) * centred).T @ centred + torch.diag(weights @ density.stds.square())
    spread = covariance.diag().sqrt()
    assert ((x.mean(0) - mean).abs() < 5 * spread / math.sqrt(n)).all()
    assert ((x.T.cov() - covariance).abs() < 0.02 * torch.outer(spread, spread)).all()


@each
def test_a_blurred_density_is_that_of_noisy_draws(name: str) -> None:
    density, sigma, n = DENSITIES[name], 0.2, 60_000
    rng = device.generator(2)
    noisy = density.sample(n, rng) + sigma * torch.randn(n, density.dim, generator=rng, dtype=torch.float64)
    drawn = density.blurred(sigma).sample(n, rng)
    # the characteristic function at some frequencies tells two laws apart
    frequencies = torch.randn(30, density.dim, generator=rng, dtype=torch.float64) / noisy.std()
    cosines, other = (torch.cos(x @ frequencies.T).mean(0) for x in (noisy, drawn))
    assert (cosines - other).abs().max() < 5 * math.sqrt(1 / n)
    # and its formula: E cos(f x) = Re Σ w exp(i f m - ½ f² s²)
    blurred = density.blurred(sigma)
    phase, damping = frequencies @ blurred.means.T, -0.5 * frequencies.square() @ blurred.stds.square().T
    exact = (blurred.log_weights.exp() * torch.cos(phase) * damping.exp()).sum(1)
    assert (cosines - exact).abs().max() < 5 * math.sqrt(1 / n)


@each
def test_the_optimal_denoiser_is_the_mean_of_what_may_have_been(name: str) -> None:
    density, sigma = DENSITIES[name], 0.1
    x = places(density, 10)
    spread = (density.stds.square() + sigma**2).sqrt()  # of a noisy draw of each component
    log_joint = density.log_weights + torch.distributions.Normal(density.means, spread).log_prob(x.unsqueeze(1)).sum(-1)
    gain = density.stds.square() / spread.square()
    posterior_means = density.means + gain * (x.unsqueeze(1) - density.means)
    expected = (log_joint.softmax(1).unsqueeze(-1) * posterior_means).sum(1)
    torch.testing.assert_close(density.denoise(x, sigma), expected, rtol=1e-7, atol=1e-8)


@each
def test_the_classes_are_where_they_are_drawn(name: str) -> None:
    density = DENSITIES[name]
    x, y = density.draw(2_000, device.generator(3))
    assert set(y.tolist()) == set(range(len(density.classes)))
    index, distance = density.nearest(x)
    assert (density.labels[index] == y).double().mean() > 0.95
    brute = (x[:50].unsqueeze(1) - density.means).norm(dim=-1)
    torch.testing.assert_close(distance[:50], brute.amin(1), rtol=1e-6, atol=1e-8)


def test_a_curve_shows_no_beads() -> None:
    for name in ("moons", "rings", "spiral", "curve"):
        density = DENSITIES[name]
        first = slice(None) if name != "rings" else density.labels == 0
        on, between = density.means[first][20:40], (density.means[first][20:40] + density.means[first][21:41]) / 2
        assert (density.log_prob(on) - density.log_prob(between)).abs().max() < 0.01


def test_the_modes_of_the_ring_and_the_grid_are_apart_alike() -> None:
    ring, grid = DENSITIES["gaussian-ring"], DENSITIES["gaussian-grid"]
    torch.testing.assert_close(ring.means.norm(dim=1), torch.full((8,), 2.0, dtype=torch.float64))
    assert torch.pdist(ring.means).min() == pytest.approx(4 * math.sin(math.pi / 8))  # sides of a regular octagon
    assert sorted({round(float(v), 9) for v in grid.means.flatten()}) == [-2, -1, 0, 1, 2]
    assert torch.pdist(grid.means).min() == pytest.approx(1)


def test_the_spiral_and_the_curve_are_those_of_the_source() -> None:
    spiral = DENSITIES["spiral"].means
    assert spiral.norm(dim=1).min() == pytest.approx(0.12, abs=1e-3)
    assert spiral.norm(dim=1).max() == pytest.approx(0.48, abs=1e-3)
    curve = DENSITIES["curve"]
    assert curve.dim == 10
    assert curve.means.abs().max() == pytest.approx(1.4, abs=1e-3)
    index, distance = curve.nearest(curve.blurred(0.1).sample(4_000, device.generator(0)))
    assert distance.square().mean().sqrt() == pytest.approx(math.sqrt((0.1**2 + 0.01**2) * 9), rel=0.01)
    assert len(set((index // 103).tolist())) == 20


@each
def test_single_precision_is_good_enough_to_draw_with(name: str) -> None:
    density = DENSITIES[name].blurred(0.05)
    x = places(density)
    torch.testing.assert_close(density.score(x.float()).double(), density.score(x), rtol=1e-3, atol=2e-2)
    assert density.log_prob(x.float()).dtype == torch.float32


@each
def test_a_density_is_a_data_set(name: str) -> None:
    splits = load(name)
    assert is_local(name)
    assert name in NAMES
    assert [len(part) for part in splits] == [10_000, 2_000, 2_000]
    assert splits.train.shape == (DENSITIES[name].dim,)
    assert splits.train.x.dtype == torch.float32
    assert splits.train.classes == DENSITIES[name].classes
    assert all(torch.equal(a.x, b.x) for a, b in zip(splits, load(name), strict=True))
    assert not any(torch.equal(a.x[:5], b.x[:5]) for a, b in itertools.combinations(splits, 2))


def test_moons_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import make_moons

    theirs, label = make_moons(20_000, noise=0.1, random_state=0)
    ours, y = DENSITIES["moons"].draw(20_000, device.generator(0))
    for k in (0, 1):
        a, b = torch.from_numpy(theirs[label == k]), ours[y == k]
        torch.testing.assert_close(a.mean(0), b.mean(0), rtol=0, atol=0.03)
        torch.testing.assert_close(a.T.cov(), b.T.cov(), rtol=0, atol=0.03)


def test_a_kernel_estimate_puts_a_gaussian_on_each_point() -> None:
    x = torch.tensor([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]], dtype=torch.float64)
    at = torch.tensor([[0.3, 0.2]], dtype=torch.float64)
    expected = (-((x - at).square().sum(1)) / (2 * 0.4**2)).exp().mean() / (2 * math.pi * 0.4**2)
    assert points(x, 0.4).log_prob(at).exp() == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("means", "stds", "weights", "named"),
    [
        ([[0.0, 0.0]], 0.0, None, "positive"),
        ([[0.0, 0.0]], [-1.0], None, "positive"),
        ([[0.0, math.nan]], 1.0, None, "finite"),
        ([[0.0, 0.0]], math.inf, None, "finite"),
        ([[0.0, 0.0]], 1.0, [-1.0], "negative"),
        ([[0.0, 0.0], [1.0, 1.0]], 1.0, [0.0, 0.0], "negative"),
        ([[0.0, 0.0], [1.0, 1.0]], [1.0, 1.0, 1.0], None, "weights"),
        ([[0.0, 0.0]], 1.0, [1.0, 1.0], "weights"),
        ([], 1.0, None, (0,)),  # the shape of the means
    ],
)
def test_what_is_no_mixture_is_refused(
    means: list[list[float]], stds: float, weights: list[float], named: object
) -> None:
    with pytest.raises(DataError, match=naming(named)):
        mixture(means, stds, weights)


@pytest.mark.parametrize("sigma", [0.0, -0.1, math.nan, math.inf])
def test_a_blur_is_positive(sigma: float) -> None:
    with pytest.raises(DataError, match=naming("sigma", f"{sigma:g}")):
        DENSITIES["moons"].blurred(sigma)


def test_places_of_another_dimension_are_refused() -> None:
    with pytest.raises(DataError, match=naming("(N, 2)", (4, 3))):
        DENSITIES["moons"].score(torch.zeros(4, 3))
