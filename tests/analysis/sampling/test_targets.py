"""What a denoiser implies, as a target of chains, and the exact conditionals of a mixture."""

from __future__ import annotations

import pytest
import torch

from latentlab import device
from latentlab.analysis.sampling import RandomWalk, Target, denoised, iterate_chains, mixture_conditional, sample_chains
from latentlab.analysis.score.field import FieldError, Rule
from latentlab.data.builtin.synthetic import DENSITIES, Density, mixture
from tests.conftest import naming

SIGMA = 0.1


def of(density: Density, n: int = 5, rule: Rule = "midpoint") -> Target:
    return denoised(lambda x: density.denoise(x, SIGMA), SIGMA, n, rule)


def pairs(density: Density, length: float, n: int = 500) -> tuple[torch.Tensor, torch.Tensor]:
    rng = device.generator(0)
    x = density.sample(n, rng)
    return x, x + length * torch.randn(x.shape, generator=rng, dtype=x.dtype)


def test_a_ratio_is_that_of_the_blurred_density() -> None:
    density = DENSITIES["mixture"]
    x, y = pairs(density, 0.5)
    found = of(density, 40).log_ratio
    assert found is not None
    truth = density.blurred(SIGMA).log_prob(y) - density.blurred(SIGMA).log_prob(x)
    torch.testing.assert_close(found(x, y), truth, rtol=0, atol=1e-2)
    torch.testing.assert_close(of(density).slope(x), density.blurred(SIGMA).score(x))


def test_there_and_back_is_nothing() -> None:
    density = DENSITIES["moons"]
    x, y = pairs(density, 0.3)
    found = of(density).log_ratio
    assert found is not None
    torch.testing.assert_close(found(x, y), -found(y, x), atol=1e-10, rtol=1e-10)


def test_a_path_that_is_none_and_noise_that_is_none_are_refused() -> None:
    x = torch.zeros(2, 2)
    with pytest.raises(FieldError, match=naming("ends", 1)):
        next(iterate_chains(denoised(lambda x: x, 0.1, 1, "ends"), x, RandomWalk(), 0.1, device.generator(0)))
    with pytest.raises(FieldError, match=naming("sigma", 0)):
        denoised(lambda x: x, 0.0)


@pytest.mark.slow
def test_the_ten_dimensional_curve_is_sampled_at_its_distance_and_not_by_first_order() -> None:
    """σ = σ_MH = 0.1: rms distance σ√9 = 0.300; by first order it is twice that (Alain 2018, §3.4.2)."""
    curve = DENSITIES["curve"]
    start = curve.blurred(SIGMA).sample(200, device.generator(1))

    def run(target: Target) -> tuple[float, float]:
        rng = device.generator(2)
        found = sample_chains(target, start, sampler=RandomWalk(), scale=SIGMA, n_steps=100, rng=rng)
        last = torch.from_numpy(found.positions[30:]).flatten(0, 1)[::10]
        return float(found.accepted.mean()), float(curve.nearest(last)[1].square().mean().sqrt())

    accepted, distance = run(of(curve, n=3))
    assert accepted == pytest.approx(0.166, abs=0.03)
    assert distance == pytest.approx(0.3, rel=0.05)
    accepted, distance = run(of(curve, rule="first-order"))
    assert accepted > 0.4
    assert distance > 0.5


def test_a_conditional_is_that_of_the_mixture() -> None:
    """Given x_1 near one of two components, x_0 is drawn from that one; given none of it, by the weights."""
    density = mixture([[0.0, 0.0], [5.0, 4.0]], [[0.5, 0.5], [1.0, 0.5]], [0.25, 0.75])
    draw = mixture_conditional(density.means, density.stds, density.log_weights)
    x = torch.zeros(40_000, 2, dtype=torch.float64)
    x[:20_000, 1] = 2.0  # halfway: the weights decide
    drawn = draw(x, 0, device.generator(0)).numpy()
    assert (drawn[:20_000] > 2.5).mean() == pytest.approx(0.75, abs=0.02)
    near = drawn[20_000:]
    assert near.mean() == pytest.approx(0, abs=0.02)
    assert near.std() == pytest.approx(0.5, abs=0.02)
