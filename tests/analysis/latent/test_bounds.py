"""Bounds on log p(x) of a model whose log p(x) is known: z ~ N(0, 1), x = z + noise of variance 1, so x ~ N(0, 2)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.latent.bounds import Bound, bound
from latentlab.distributions import log_mean_exp, normal_log_prob
from latentlab.models import LogLikelihood
from latentlab.runs.store import SHIPPED, Store

ZERO = torch.zeros(())


class Known:
    """Draws from q(z|x) = N(x/2 + off, 1/2): the true posterior where `off` is 0."""

    def __init__(self, off: float) -> None:
        self.off = off

    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        mean, log_std = x[:, 0] / 2 + self.off, torch.tensor(0.5).sqrt().log()
        z = mean + log_std.exp() * torch.randn((n, len(x)), generator=rng)
        q = normal_log_prob(z, mean, log_std)
        return log_mean_exp(normal_log_prob(z, ZERO, ZERO) + normal_log_prob(x[:, 0], z, ZERO) - q, 0)


X = math.sqrt(2) * torch.randn((2_000, 1), generator=torch.Generator().manual_seed(0))
TRUTH = normal_log_prob(X[:, 0], ZERO, torch.tensor(2.0).sqrt().log()).double().numpy()


@pytest.mark.parametrize("n", [1, 10, 1_000])
def test_draws_of_the_true_posterior_give_log_p_whatever_their_number(n: int) -> None:
    np.testing.assert_allclose(bound(Known(0).log_prob, X, n).values, TRUTH, atol=1e-5)


def test_one_draw_is_below_by_the_divergence_and_more_come_nearer() -> None:
    """KL(N(m + d, v) ‖ N(m, v)) = d² / 2v, here 1."""
    found = [bound(Known(1).log_prob, X, n) for n in (1, 10, 100, 1_000)]
    truth = Bound(0, TRUTH)
    below, unsure = truth.above(found[0])
    assert below == pytest.approx(1, abs=4 * unsure)
    assert unsure < 0.01
    means = [one.mean for one in found]
    assert means == sorted(means)
    assert truth.mean - 0.02 < means[-1] < truth.mean + 0.02


def test_bits_of_a_fair_coin() -> None:
    assert Bound(1, np.full(5, -16 * math.log(2))).bits(16) == pytest.approx(1)


def test_a_mean_is_as_sure_as_the_examples_let_it_be() -> None:
    found = bound(Known(0).log_prob, X, 1)
    assert found.std_error == pytest.approx(TRUTH.std(ddof=1) / math.sqrt(len(TRUTH)), rel=1e-4)


def test_of_gray_images_the_bounds_are_of_the_same_binary_ones() -> None:
    store = Store(SHIPPED.parent / "none", SHIPPED)
    model = store.load("digits-lvae")
    assert isinstance(model, LogLikelihood)
    x = model.binarise(torch.full((4, 1, 8, 8), 0.5), torch.Generator().manual_seed(0))
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert model.binarise(x, torch.Generator().manual_seed(1)).equal(x)
