"""Distances to the truth: closed forms, and beside their nulls; the Parzen estimate against scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity

from latentlab import device
from latentlab.analysis.sampling import SamplingError, bernoulli_bound, cells, log_density, mmd, parzen, wasserstein
from latentlab.analysis.stats import total_variation
from latentlab.data.builtin.synthetic import DENSITIES, mixture


def test_the_cells_of_a_density_hold_its_mass() -> None:
    density = DENSITIES["mixture"]
    low, high = density.box
    box = cells((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), 40)
    masses = box.masses(density.log_prob)
    assert masses.sum() == pytest.approx(1, abs=0.01)
    shares = box.shares(density.sample(200_000, device.generator(0)).numpy())
    assert total_variation(masses, shares) < 0.04
    left = masses[:, :15].sum()
    drawn = density.sample(100_000, device.generator(1))[:, 0] < float(box.x[15])
    assert left == pytest.approx(float(drawn.double().mean()), abs=0.01)


def test_the_discrepancy_of_gaussians_is_that_of_the_closed_form() -> None:
    """For N(0, 1) and N(m, 1) and the kernel exp(-|x - y|²/w): MMD² = 2 √(w/(w + 4)) (1 - exp(-m²/(w + 4)))."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(800, 1)), rng.normal(size=(800, 1)) + 1.0
    pooled = np.concatenate([x, y])[:, 0]
    gaps = np.square(pooled[:, None] - pooled)
    w = np.median(gaps[np.triu_indices(1_600, 1)])
    found = mmd(x, y)
    wanted = 2 * math.sqrt(w / (w + 4)) * (1 - math.exp(-1 / (w + 4)))
    assert found.value == pytest.approx(wanted, rel=0.15)
    assert found.value > found.null + 20 * found.null_std
    same = mmd(x, rng.normal(size=(800, 1)))
    assert abs(same.value - same.null) < 4 * same.null_std


def test_the_mass_is_moved_as_far_as_it_is_shifted() -> None:
    x = np.random.default_rng(0).normal(size=(500, 2))
    np.testing.assert_allclose(wasserstein(x, x + np.array([0.3, -2])), [0.3, 2])


@pytest.mark.parametrize(("n", "m"), [(400, 400), (300, 170), (1, 5)])
def test_it_is_the_area_between_the_cumulative_shares(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=n), rng.laplace(1.0, 2.0, m)
    places = np.sort(np.concatenate([x, y]))
    below_x, below_y = ((places[:-1, None] >= one).mean(1) for one in (x, y))
    area = (np.abs(below_x - below_y) * np.diff(places)).sum()
    assert wasserstein(x[:, None], y[:, None]) == pytest.approx([area], rel=1e-12)
    assert wasserstein(x[:, None], x[:, None] + 3) == pytest.approx([3], rel=1e-9)


def test_the_estimate_is_that_of_a_plain_sum_and_of_scikit_learn() -> None:
    rng = device.generator(0)
    samples, x = (torch.randn(n, 4, generator=rng, dtype=torch.float64) for n in (300, 40))
    for width in (0.05, 0.3, 0.7):
        gaps = np.square(x.numpy()[:, None] - samples.numpy()).sum(2)
        brute = logsumexp(-gaps / (2 * width**2), 1) - math.log(300) - 2 * math.log(2 * math.pi * width**2)
        np.testing.assert_allclose(log_density(samples, x, [width])[0], brute, rtol=0, atol=1e-9)
        if width < 0.3:
            continue  # scikit-learn's sums fall below its own precision
        wanted = KernelDensity(bandwidth=width).fit(samples.numpy()).score_samples(x.numpy())
        np.testing.assert_allclose(log_density(samples, x, [width])[0], wanted, rtol=0, atol=2e-9)


def test_the_width_is_chosen_on_the_validation_examples_and_judged_on_the_test_examples() -> None:
    rng = device.generator(0)
    samples, valid, test = (torch.randn(n, 2, generator=rng, dtype=torch.float64) for n in (2_000, 300, 4_000))
    widths = (0.01, 0.1, 0.3, 1.0, 3.0)
    found = parzen(samples, test, valid, widths)
    assert found.width == 0.3
    assert found.curve.argmax() == 2
    np.testing.assert_allclose(found.curve, log_density(samples, valid, widths).mean(1))
    np.testing.assert_allclose(found.per_example, log_density(samples, test, [0.3])[0])
    assert found.log_likelihood == pytest.approx(found.per_example.mean())
    assert found.standard_error == pytest.approx(found.per_example.std(ddof=1) / math.sqrt(4_000))
    entropy = -(1 + math.log(2 * math.pi))  # -d/2 log 2πe: what the truth gives
    assert entropy - 0.1 < found.log_likelihood < entropy + 3 * found.standard_error


def test_the_bound_is_the_log_mean_of_the_likelihoods_and_below_the_truth() -> None:
    """Three pixels, all eight images: with h uniform on four values, the mean bound rises to the truth."""
    rng = device.generator(0)
    logits = 2 * torch.randn(4, 3, generator=rng, dtype=torch.float64)
    x = torch.tensor([[i >> k & 1 for k in range(3)] for i in range(8)], dtype=torch.float64)
    each = torch.distributions.Bernoulli(logits=logits[:, None]).log_prob(x).sum(2)  # (4, 8)
    truth = torch.logsumexp(each, 0).numpy() - math.log(4)
    np.testing.assert_allclose(bernoulli_bound(logits, x), truth)
    assert np.exp(truth).sum() == pytest.approx(1)

    def mean_bound(m: int) -> float:
        drawn = [logits[torch.randint(4, (m,), generator=rng)] for _ in range(300)]
        return float(np.mean([np.exp(truth) @ bernoulli_bound(part, x) for part in drawn]))

    bounds = [mean_bound(m) for m in (1, 4, 64)]
    assert bounds[0] < bounds[1] < bounds[2] < np.exp(truth) @ truth


def test_images_as_bytes_count_as_intensities() -> None:
    bytes_ = torch.randint(0, 256, (50, 1, 3, 3), generator=device.generator(0), dtype=torch.uint8)
    found = parzen(bytes_, bytes_[:5], bytes_[5:9], [0.2])
    np.testing.assert_allclose(found.per_example, log_density(bytes_.double() / 255, bytes_[:5], [0.2])[0])


def test_what_cannot_be_estimated_is_a_sentence() -> None:
    x = torch.zeros(5, 2)
    with pytest.raises(SamplingError, match="shape"):
        parzen(x, torch.zeros(5, 3), x)
    with pytest.raises(SamplingError, match="width"):
        parzen(x, x, x, [0.0])


def test_a_mixtures_cells_outside_of_the_box_count() -> None:
    density = mixture([[0.0, 0.0], [100.0, 0.0]], 1.0)
    box = cells((-5, -5), (5, 5), 20)
    shares = box.shares(density.sample(2_000, device.generator(0)).numpy())
    only = box.shares(mixture([[0.0, 0.0]], 1.0).sample(2_000, device.generator(0)).numpy())
    assert total_variation(only, shares) > 0.45
