"""The convex fit: its minimum against scikit-learn's and against itself from elsewhere, and what its laws demand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from latentlab.analysis.probes import logistic_regression
from latentlab.analysis.probes.logistic_regression import ClassificationScore, Task, fit
from latentlab.data import Splits
from latentlab.device import generator

TIGHT = 1e-9


def blobs(n: int = 600, d: int = 12, k: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Overlapping Gaussian classes, in double precision."""
    rng = generator(seed)
    y = torch.arange(n) % k
    centres = torch.randn(k, d, generator=rng, dtype=torch.float64)
    return 0.7 * centres[y] + torch.randn(n, d, generator=rng, dtype=torch.float64), y


def penalised(x: Tensor, y: Tensor, weights: Tensor, bias: Tensor, l2: float) -> float:
    """The definition."""
    return float(F.cross_entropy(F.linear(x, weights, bias), y) + l2 / 2 * weights.square().sum())


def pixels(digits: Splits) -> tuple[Tensor, Tensor]:
    """Twelve pixels of the digits that are not told apart by them, standardised."""
    x = digits.train.batch().x.flatten(1).double()[:, torch.arange(12, 60, 4)]
    return (x - x.mean(0)) / x.square().mean().sqrt(), digits.train.y


@pytest.mark.parametrize("l2", [1e-1, 1e-2, 1e-3])
def test_the_minimum_is_scikit_learns(l2: float) -> None:
    x, y = blobs()
    found = fit(x, y, 4, l2, tolerance=TIGHT)
    theirs = LogisticRegression(C=1 / (l2 * len(x)), tol=1e-9, max_iter=5_000).fit(x.numpy(), y.numpy())
    least = penalised(x, y, torch.from_numpy(theirs.coef_), torch.from_numpy(theirs.intercept_), l2)
    assert found.loss == pytest.approx(penalised(x, y, found.weights, found.bias, l2), rel=1e-12)
    assert found.loss == pytest.approx(least, rel=1e-6)
    np.testing.assert_allclose(found.weights, theirs.coef_, atol=2e-3)
    assert found.converged


def test_the_gradient_is_that_of_autograd() -> None:
    x, y = blobs()
    objective = logistic_regression._Objective(x, y, 4, 0.3)
    w = torch.randn(4, 13, generator=generator(1), dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(F.linear(x, w[:, :-1], w[:, -1]), y) + 0.15 * w[:, :-1].square().sum()
    (expected,) = torch.autograd.grad(loss, w)
    value, gradient = objective(w.detach())
    assert value == pytest.approx(loss.item(), rel=1e-12)
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-12)


def test_the_blocks_are_those_of_the_hessian() -> None:
    x, y = blobs(200, 3, 3)
    objective = logistic_regression._Objective(x, y, 3, 0.1)
    w = 0.3 * torch.randn(3, 4, generator=generator(1), dtype=torch.float64)

    def loss(flat: Tensor) -> Tensor:
        v = flat.reshape(3, 4)
        return F.cross_entropy(F.linear(x, v[:, :-1], v[:, -1]), y) + 0.05 * v[:, :-1].square().sum()

    hessian = torch.autograd.functional.hessian(loss, w.reshape(-1)).reshape(3, 4, 3, 4)
    for k, inverse in enumerate(objective.inverse_blocks(w, generator(0))):
        torch.testing.assert_close(inverse @ hessian[k, :, k], torch.eye(4, dtype=torch.float64), rtol=0, atol=1e-3)


def test_sampled_blocks_are_unbiased(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = blobs(5_000, 3, 3)
    objective = logistic_regression._Objective(x, y, 3, 0.1)
    w = 0.5 * torch.randn(3, 4, generator=generator(1), dtype=torch.float64)
    sampled = objective.inverse_blocks(w, generator(0))
    monkeypatch.setattr(logistic_regression, "SAMPLE", 10**6)
    torch.testing.assert_close(sampled, objective.inverse_blocks(w, generator(0)), rtol=0.1, atol=0.3)


def test_two_random_starts_end_at_the_same_loss(digits: Splits) -> None:
    x, y = pixels(digits)
    losses = [
        fit(x, y, 10, 0.0, start=torch.randn(10, 13, generator=generator(seed)), tolerance=1e-8, seed=seed).loss
        for seed in (1, 2)
    ]
    assert abs(losses[0] - losses[1]) < 1e-5


def test_an_invertible_map_of_the_features_changes_nothing_and_a_rectifier_does(digits: Splits) -> None:
    x, y = pixels(digits)
    rng = generator(0)
    least = fit(x, y, 10, 0.0, tolerance=1e-8).loss
    square, wide, low = (torch.randn(12, n, generator=rng, dtype=torch.float64) for n in (12, 40, 5))
    invertible, injective = (fit(x @ a + 1, y, 10, 0.0, tolerance=1e-8).loss for a in (square, wide))
    assert abs(invertible - least) < 1e-4
    assert abs(injective - least) < 1e-4
    assert fit(x @ low, y, 10, 0.0).loss > least + 0.1  # what a map of rank 5 throws away is gone
    assert fit((x @ wide).relu(), y, 10, 0.0).loss < least - 0.1  # only what isn't linear can help


def test_wide_features_on_a_cpu_go_to_scikit_learn_and_end_at_the_same_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = blobs()
    ours = fit(x, y, 4, 1e-2, tolerance=1e-7)
    monkeypatch.setattr(logistic_regression, "WIDE", 5)
    theirs = fit(x, y, 4, 1e-2, tolerance=1e-7)
    assert theirs.loss == pytest.approx(ours.loss, rel=1e-4)
    torch.testing.assert_close(theirs.weights, ours.weights, rtol=0, atol=0.02)
    missing = fit(x[y < 3], y[y < 3], 4, 1e-2)  # a class without examples isn't one that scikit-learn knows
    assert missing.weights.shape == (4, 12)
    assert missing.bias[3] < missing.bias[:3].min()


@pytest.mark.parametrize("x", [torch.zeros(30, 4), torch.ones(30, 1)])
def test_features_that_say_nothing_give_the_frequencies(x: Tensor) -> None:
    y = torch.tensor([0] * 20 + [1] * 10)
    found = fit(x, y, 2, 0.01, tolerance=TIGHT)
    probs = F.softmax(F.linear(x[:1], found.weights, found.bias), 1)
    torch.testing.assert_close(probs, torch.tensor([[2 / 3, 1 / 3]]), rtol=0, atol=2e-3)


def test_a_score_counts_what_it_says() -> None:
    x = np.array([[3.0], [-3.0], [2.0], [-1.0]], np.float32)
    task = Task(x, np.array([0, 1, 0, 1]), 2, TIGHT, 0)
    fitted = task.fit(0.1)
    score = task.score(fitted, x, np.array([0, 1, 1, 1]))
    assert (score.error, score.n) == (0.25, 4)
    assert score.std_error == pytest.approx(math.sqrt(3 / 8 * 5 / 8 / 8))
    assert ClassificationScore(0.0, 0.0, 0.1, 100).std_error == pytest.approx(
        0.0134, abs=1e-3
    )  # the rule of three says 3 % at most
    weights, bias = task.original(fitted)
    log_probs = F.log_softmax(torch.from_numpy(x @ weights.T + bias), 1)
    assert score.cross_entropy == pytest.approx(-log_probs[range(4), [0, 1, 1, 1]].mean().item(), abs=1e-5)


def test_the_right_class_may_be_among_the_most_probable() -> None:
    x, y = blobs(400, 6, 8)
    task = Task(x.numpy(), y.numpy(), 8, 1e-6, 0)
    score = task.score(task.fit(1e-2), x.numpy(), y.numpy())
    weights, bias = task.original(task.fit(1e-2))
    best = np.argsort(-(x.numpy() @ weights.T + bias), 1)[:, : logistic_regression.TOP]
    assert score.top == pytest.approx((best != y.numpy()[:, None]).all(1).mean())
    assert 0 < score.top < score.error
    assert isinstance(score, ClassificationScore)
