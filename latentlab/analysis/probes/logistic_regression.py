"""Multinomial logistic regression: the convex fit under every probe.

    min over W, b of  1/N Σ_n −log softmax(W x_n + b)[y_n] + l2/2 ‖W‖²        (the bias is not penalised)

L-BFGS (Liu & Nocedal 1989), whose first guess of the inverse Hessian is, after a few plain iterations, the inverse of
its block for each class, X' diag(p (1 − p)) X / N + l2, estimated on examples drawn in proportion to their curvature:
once most examples are classified few of them contribute curvature to the loss, and those decide how many iterations it
takes. Logits are kept as (classes, N) and weights as (classes, d), in which both matrix products are ten times faster
than the other way round. That pays where there are many more examples than features, and on a CPU up to about a
thousand features; beyond, scikit-learn's L-BFGS minimises the same loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Floats, Labels

WIDE = 1_024  # features: from here on scikit-learn is faster on a CPU
PLAIN = 20  # iterations before the curvature is looked at
SAMPLE = 2_000  # examples that it is estimated on
WORTH = 250  # the curvature is looked at while d times the sample is at most so many times N: measured
PATIENCE = 3  # steps that must lower the loss too little before the fit ends
MEMORY = 10  # pairs of steps that L-BFGS remembers
RIDGE = 1e-4  # of the mean curvature, added to a block so that it can be inverted
ARMIJO = 1e-4  # share of the promised decrease that a step must keep
TOP = 3  # classes among which the right one may be
ROUGH = 1e-3  # tolerance of a fit to random labels, which only has to show how much of them can be learned
SHORTEST = 1e-6  # step, in units of the proposed one

Evaluate = Callable[[Tensor], tuple[float, Tensor]]


@dataclass(frozen=True, eq=False)
class Fit:
    """A minimum. Tensors are where the features are, and of their precision.

    Attributes:
        weights: (K, d).
        bias: (K,).
        loss: penalised, nats an example.
        n_iterations: of L-BFGS.
        converged: whether the last steps no longer lowered the loss by `tolerance` of it each.
    """

    weights: Tensor
    bias: Tensor
    loss: float
    n_iterations: int
    converged: bool


def fit(
    x: Tensor,
    y: Tensor,
    n_classes: int,
    l2: float,
    *,
    start: Tensor | None = None,
    tolerance: float = 1e-5,
    max_iterations: int = 500,
    seed: int = 0,
) -> Fit:
    """Minimise the penalised cross-entropy.

    Args:
        x: (N, d) finite features; centred and of a standard deviation of about 1 for a fast fit.
        y: (N,) int64 in 0 ... n_classes - 1.
        n_classes: K; a class without examples gets a low bias.
        l2: strength of the penalty, at least 0. Without one, separable classes have no minimum: the fit
            ends when the loss is nearly 0.
        start: (K, d + 1) weights with the bias last, to be near the minimum with; zero if None.
        tolerance: relative decrease of the loss in a step at which the fit ends.
        max_iterations: at most so many.
        seed: draws the examples whose curvature is looked at; where the fit ends hardly depends on it.
    """
    wide = x.shape[1] > WIDE and x.device.type == "cpu"
    if wide and n_classes > 2 and len(torch.unique(y)) == n_classes:
        return _by_scikit_learn(x, y, l2, tolerance, max_iterations)
    objective = _Objective(x, y, n_classes, l2)
    w = x.new_zeros(n_classes, x.shape[1] + 1) if start is None else start.to(x).clone()
    if wide or x.shape[1] * min(SAMPLE, len(x)) > WORTH * len(x):
        return _lbfgs(objective, w, None, tolerance, max_iterations)
    n_plain = 0
    if start is None:  # from zero the curvature changes too fast to be worth a look
        plain = _lbfgs(objective, w, None, tolerance, PLAIN)
        if plain.converged:
            return plain
        w, n_plain = _joined(plain), plain.n_iterations
    blocks = objective.inverse_blocks(w, device.generator(seed))
    rest = _lbfgs(objective, w, blocks, tolerance, max_iterations - n_plain)
    return Fit(rest.weights, rest.bias, rest.loss, n_plain + rest.n_iterations, rest.converged)


@dataclass(frozen=True)
class ClassificationScore:
    """How a linear classifier does on some examples."""

    error: float  # share of wrong classes
    top: float  # share whose class isn't among the `TOP` most probable ones
    cross_entropy: float  # nats an example
    n: int  # examples

    @property
    def std_error(self) -> float:
        """The standard error of `error`, with two right and two wrong ones added (Agresti & Coull 1998): never 0."""
        n = self.n + 4
        share = (self.error * self.n + 2) / n
        return math.sqrt(share * (1 - share) / n)


class Task:
    """Examples to be classified, centred and divided by one number, so that linear maps of them stay linear maps."""

    def __init__(self, x: Floats, y: Labels, n_classes: int, tolerance: float, seed: int) -> None:
        self.mean = x.mean(0)
        rms = float(np.sqrt(np.square(x - self.mean).mean()))
        self.scale = rms or 1.0  # a layer that gives the same for all examples
        self.device = device.pick() if device.pick().type == "cuda" else torch.device("cpu")
        self.x, self.y = self._standard(x), torch.from_numpy(y).to(self.device)
        self.n_classes, self.tolerance, self.seed = n_classes, tolerance, seed

    def fit(self, l2: float, start: Fit | None = None) -> Fit:
        """The classifier of the standardised examples, from zero or from another fit."""
        w = _joined(start) if start is not None else None
        return fit(self.x, self.y, self.n_classes, l2, start=w, tolerance=self.tolerance, seed=self.seed)

    def score(self, fitted: Fit, x: Floats, y: Labels) -> ClassificationScore:
        """How it does on examples as they come."""
        labels = torch.from_numpy(y)
        log_probs = F.log_softmax(F.linear(self._standard(x), fitted.weights, fitted.bias), 1).cpu()
        own = log_probs.gather(1, labels[:, None])
        rank = (log_probs > own).sum(1)  # how many classes are more probable than the right one
        error = float((log_probs.argmax(1) != labels).double().mean())
        return ClassificationScore(
            error, float((rank >= TOP).double().mean()), float(-own.double().mean()), len(labels)
        )

    def memorised(self, labels: Labels, l2: float) -> float:
        """Accuracy on other labels of the same examples, after a fit to them."""
        other = torch.from_numpy(labels).to(self.device)
        fitted = fit(self.x, other, self.n_classes, l2, tolerance=ROUGH, seed=self.seed)
        return float((F.linear(self.x, fitted.weights, fitted.bias).argmax(1) == other).double().mean())

    def original(self, fitted: Fit) -> tuple[Floats, Floats]:
        """Weights and bias for examples as they come."""
        weights = fitted.weights.cpu().numpy() / self.scale
        bias = fitted.bias.cpu().numpy() - weights @ self.mean
        return weights.astype(np.float32), bias.astype(np.float32)

    def _standard(self, x: Floats) -> Tensor:
        return torch.from_numpy((x - self.mean) / self.scale).to(self.device)


class _Objective:
    """The penalised loss and its gradient; weights are (K, d + 1) with the bias last."""

    def __init__(self, x: Tensor, y: Tensor, n_classes: int, l2: float) -> None:
        self.x, self.l2, self.n = x, l2, len(x)
        self.target = F.one_hot(y, n_classes).to(x).t().contiguous()  # (K, N)

    def __call__(self, w: Tensor) -> tuple[float, Tensor]:
        log_probs = self._log_probs(w)
        penalty = self.l2 / 2 * w[:, :-1].square().sum()
        loss = float(penalty - (log_probs * self.target).sum() / self.n)
        error = (log_probs.exp_() - self.target) / self.n
        gradient = torch.cat([error @ self.x + self.l2 * w[:, :-1], error.sum(1, keepdim=True)], 1)
        return loss, gradient

    def _log_probs(self, w: Tensor) -> Tensor:
        """(K, N)"""
        return F.log_softmax(w[:, :-1] @ self.x.t() + w[:, -1:], 0)

    def inverse_blocks(self, w: Tensor, rng: torch.Generator) -> Tensor:
        """(K, d + 1, d + 1): inverses of the diagonal blocks of the Hessian at given weights."""
        probs = self._log_probs(w).exp_()
        curvature = probs * (1 - probs) / self.n  # (K, N)
        x = self.x
        if self.n > SAMPLE:  # importance sampling, half of it uniform so that no weight is large
            total = curvature.sum(0)
            share = (total / total.sum().clamp(min=torch.finfo(x.dtype).tiny) + 1 / self.n) / 2
            drawn = torch.multinomial(share.cpu(), SAMPLE, replacement=True, generator=rng).to(x.device)
            x, curvature = x[drawn], curvature[:, drawn] / (share[drawn] * SAMPLE)
        x = torch.cat([x, x.new_ones(len(x), 1)], 1)
        penalty = x.new_full((x.shape[1],), self.l2)
        penalty[-1] = 0
        inverses = []
        for row in curvature:
            block = (x * row[:, None]).t() @ x
            block.diagonal().add_(penalty + RIDGE * block.diagonal().mean() + torch.finfo(x.dtype).eps)
            inverses.append(torch.cholesky_inverse(torch.linalg.cholesky(block)))
        return torch.stack(inverses)


def _lbfgs(evaluate: Evaluate, w: Tensor, inverse: Tensor | None, tolerance: float, max_iterations: int) -> Fit:
    """The two-loop recursion with backtracking; the loss is convex, so every stored pair is useful."""
    loss, gradient = evaluate(w)
    pairs: list[tuple[Tensor, Tensor, float]] = []
    losses, n, converged = [loss], 0, False
    while n < max_iterations and not converged:
        step = _direction(gradient, pairs, inverse)
        slope = float((step * gradient).sum())
        length, lower = 1.0, loss
        while True:
            candidate = w + length * step
            lower, its_gradient = evaluate(candidate)
            if lower <= loss + ARMIJO * length * slope or length < SHORTEST:
                break
            length *= min(0.5, max(0.1, -slope * length / (2 * (lower - loss - slope * length))))
        n += 1
        if not lower <= loss:  # rounding hides any decrease that is left
            converged = True
            break
        change, turn = candidate - w, its_gradient - gradient
        along = float((change * turn).sum())
        if along > 0:
            pairs = [*pairs[1 - MEMORY :], (change, turn, along)]
        w, loss, gradient = candidate, lower, its_gradient
        losses = [*losses[-PATIENCE:], loss]
        converged = len(losses) > PATIENCE and losses[0] - loss <= PATIENCE * tolerance * loss
    return Fit(w[:, :-1], w[:, -1], loss, n, converged)


def _direction(gradient: Tensor, pairs: list[tuple[Tensor, Tensor, float]], inverse: Tensor | None) -> Tensor:
    """Minus the approximate inverse Hessian times the gradient."""
    q, shares = -gradient, []
    for change, turn, along in reversed(pairs):
        share = float((change * q).sum()) / along
        shares.append(share)
        q = q - share * turn
    if inverse is not None:
        q = torch.einsum("kij,kj->ki", inverse, q)
    elif pairs:
        q = q * (pairs[-1][2] / float(pairs[-1][1].square().sum()))
    else:
        q = q / max(1.0, float(q.norm()))
    for (change, turn, along), share in zip(pairs, reversed(shares), strict=True):
        q = q + change * (share - float((turn * q).sum()) / along)
    return q


def _by_scikit_learn(x: Tensor, y: Tensor, l2: float, tolerance: float, max_iterations: int) -> Fit:
    """Its loss is N times ours over l2 N: C = 1 / (l2 N)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    strength = 1 / (l2 * len(x)) if l2 > 0 else math.inf
    model = LogisticRegression(C=strength, tol=min(1e-4, 10 * tolerance), max_iter=max_iterations)
    with threadpool_limits(torch.get_num_threads()), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `converged` says so
        model.fit(x.numpy(), y.numpy())
    weights, bias = torch.from_numpy(model.coef_).to(x), torch.from_numpy(model.intercept_).to(x)
    n = int(model.n_iter_[0])
    log_probs = F.log_softmax(F.linear(x, weights, bias), 1)
    loss = F.nll_loss(log_probs, y) + l2 / 2 * weights.square().sum()
    return Fit(weights, bias, float(loss), n, n < max_iterations)


def _joined(fitted: Fit) -> Tensor:
    return torch.cat([fitted.weights, fitted.bias[:, None]], 1)
