"""The posterior of an example: weights against closed forms, and a model that is its own posterior."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from latentlab import device
from latentlab.analysis.conditional.posterior import Posterior, posterior
from tests.models.semi_supervised.test_conditional import exact, x_of

K = 3
MEANS, STD = np.array([-1.0, 0.5, 3.0]), 0.6  # p(x|y) = N(x; b_y + z, s²) has this posterior N(z; ·, ·) below


def drawn(n: int, off: float) -> tuple[Posterior, float, np.ndarray]:
    """Draws for x = 0.8 in p(z) = N(0, 1), p(x|y, z) = N(z + b_y, s²), from posteriors `off` deviations off."""
    rng, x, shrink = np.random.default_rng(0), 0.8, 1 / (1 + STD**2)
    mean, std = shrink * (x - MEANS), math.sqrt(STD**2 * shrink)
    z = mean + off * std + std * rng.standard_normal((n, K))
    log_w = norm.logpdf(x, z + MEANS, STD) + norm.logpdf(z) - norm.logpdf(z, mean + off * std, std) - math.log(K)
    truth = norm.pdf(x, MEANS, math.sqrt(1 + STD**2))
    truth /= truth.sum()
    found = posterior(z[..., None], log_w, np.log([[0.7, 0.2, 0.1]]))
    return found, float((truth * mean).sum()), truth


def test_importance_weights_give_the_true_posterior_whatever_was_inferred() -> None:
    found, mean, truth = drawn(40_000, 0.8)
    inferred, own = found.classes
    np.testing.assert_allclose(inferred, [0.7, 0.2, 0.1], rtol=1e-4)
    np.testing.assert_allclose(own, truth, atol=0.01)
    assert abs(float((found.own * found.z[..., 0]).sum()) - mean) < 0.02
    assert abs(float((found.inferred * found.z[..., 0]).sum()) - mean) > 0.2  # what q says is another thing
    assert found.own.sum() == pytest.approx(1, abs=1e-4)


def test_the_exact_posterior_wastes_no_draw() -> None:
    found, _, truth = drawn(500, 0.0)
    for column, share in zip(found.own.T, truth, strict=True):
        np.testing.assert_allclose(column, share / 500, rtol=1e-4)
    assert found.n_effective == pytest.approx(500 / (truth**2).sum(), rel=1e-3)


@pytest.mark.parametrize("name", ["m2", "two_headed", "sdgm"])
def test_a_model_that_is_the_truth_infers_its_own_posterior(name: str) -> None:
    (model, t), x = exact(name), x_of(1)
    drawn = model.draw_weights(x, model.every_class(x.device), 64, device.generator(0))
    z, log_w, log_q = drawn.z[:, :, 0], drawn.log_w()[:, :, 0], drawn.log_q_y[:, :, 0]
    found = posterior(z.detach(), log_w.detach(), log_q.detach())
    np.testing.assert_allclose(found.own, found.inferred, rtol=2e-3, atol=1e-6)
    np.testing.assert_allclose(found.classes[1], t.log_joint(x).softmax(1)[0], rtol=2e-3)
    assert found.z.shape == (64, 3, 2)


def test_what_does_not_fit_is_refused() -> None:
    posterior(np.zeros((4, 3, 2)), np.zeros((4, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="code"):
        posterior(np.zeros((4, 3, 2)), np.zeros((5, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="posterior"):
        posterior(np.zeros((4, 3, 2)), np.full((4, 3), -np.inf), np.zeros((1, 3)))
