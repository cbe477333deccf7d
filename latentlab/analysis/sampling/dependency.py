"""Dependency networks: a conditional for each of d binary variables, of one joint law or not, and what they make.

A site i is resampled by P_i(x_i|x_-i). With a site drawn at random each time (random scan) the chain has one stationary
law if every conditional is positive; it is the joint law where there is one that all conditionals belong to, and
*defines* one where there isn't (Alain 2018, §5.3.7, Proposition 6). In a fixed order (Heckerman et al. 2000) the law
after the last site depends on the order unless the conditionals belong to one joint law. Conditionals that are fitted
one by one, as pseudolikelihood does, belong to one only as far as their form makes them.

Laws are arrays of 2^d probabilities: state s has x_i = bit i of s. Conditionals are (d, 2^d): P_i(x_i = 1|x_-i) at each
state, which is the same at the two states that differ in x_i alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.exact_gsn import stationary

MOST_SITES = 10
L2 = 1e-3  # of the logistic regressions, on each weight: separable data have finite weights
LEAST = 1e-3  # probability that a tree gives: a leaf of one class would hold the chain


def bits(d: int) -> NDArray[np.bool_]:
    """(2^d, d) the variables of each state.

    Raises:
        ValueError: there are too many states to list.
    """
    if not 1 <= d <= MOST_SITES:
        raise ValueError(f"From 1 to {MOST_SITES} variables can be listed state by state, not {d}.")
    return (np.arange(2**d)[:, None] >> np.arange(d) & 1).astype(bool)


def ising(side: int, std: float, seed: int) -> Doubles:
    """(2^d,) p(x) ∝ exp Σ_{ij} J_ij s_i s_j over neighbours of a square grid, s = ±1, with J_ij ~ N(0, std²).

    Args:
        side: d = side².
        std: of the couplings.
        seed: of the couplings.
    """
    rng, s = np.random.default_rng(seed), 2.0 * bits(side**2) - 1
    grid = np.arange(side**2).reshape(side, side)
    edges = [*zip(grid[:, :-1].flat, grid[:, 1:].flat, strict=True), *zip(grid[:-1].flat, grid[1:].flat, strict=True)]
    energy = sum(rng.normal(0, std) * s[:, i] * s[:, j] for i, j in edges)
    p = np.exp(energy - np.max(energy))
    return np.asarray(p / p.sum(), np.float64)


def exact(joint: Doubles) -> Doubles:
    """(d, 2^d) the conditionals of a joint law; of a pair of states that it never has, 1/2."""
    d = len(joint).bit_length() - 1
    x = bits(d)
    found = []
    for i in range(d):
        both = joint + joint[_flipped(d, i)]
        one = np.where(x[:, i], joint, joint[_flipped(d, i)])
        found.append(np.where(both > 0, one / np.where(both > 0, both, 1), 0.5))
    return np.array(found)


def logistic(counts: Doubles, l2: float = L2) -> Doubles:
    """(d, 2^d) logistic regressions of each variable on the others; an Ising model's own conditionals are of this form.

    Args:
        counts: (2^d,) how often each state was observed.
        l2: as for `pseudolikelihood`.
    """
    x = bits(len(counts).bit_length() - 1)
    return _probabilities(pseudolikelihood(x, counts, l2), x)


def pseudolikelihood(x: NDArray[np.bool_], counts: Doubles, l2: float = L2) -> Doubles:
    """(d, d) weights of d logistic regressions: row i is of x_i, on s_j = ±1 of the others and, at place i, on 1.

    They maximise the pseudolikelihood Σ_i log P(x_i|x_-i), each by Newton's method.

    Args:
        x: (n, d) examples.
        counts: (n,) how often each was observed.
        l2: of the penalty ½ l2 |w|² on the sum of the log-losses.
    """
    d, found = x.shape[1], []
    for i in range(d):
        rows = 2.0 * x - 1
        rows[:, i] = 1.0  # the constant
        w = np.zeros(d)
        for _ in range(100):
            p = expit(rows @ w)
            gradient = rows.T @ (counts * (p - x[:, i])) + l2 * w
            curvature = (rows * (counts * p * (1 - p))[:, None]).T @ rows + l2 * np.eye(d)
            step = np.linalg.solve(curvature, gradient)
            w -= step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
            if np.abs(step).max() < 1e-9:
                break
        found.append(w)
    return np.array(found)


def log_pseudolikelihood(weights: Doubles, x: NDArray[np.bool_]) -> Doubles:
    """(n,) nats: Σ_i log P(x_i|x_-i) of examples (n, d)."""
    p = _probabilities(weights, x).T
    return np.asarray(np.log(np.where(x, p, 1 - p)).sum(1), np.float64)


def scan(weights: Doubles, x: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n, d) chains after as many draws as there are variables, of a random one each time.

    Args:
        weights: (d, d) as `pseudolikelihood`.
        x: (n, d) where the chains are.
        rng: which variables are drawn, and how.
    """
    x, d = x.copy(), len(weights)
    for i in rng.integers(d, size=d):
        rows = 2.0 * x - 1
        rows[:, i] = 1.0
        x[:, i] = rng.random(len(x)) < expit(rows @ weights[i])
    return x


def _probabilities(weights: Doubles, x: NDArray[np.bool_]) -> Doubles:
    """(d, n): P(x_i = 1|x_-i) of each variable i for each example."""
    s = 2.0 * x - 1
    own = weights.diagonal()
    return np.asarray(expit(weights @ s.T + own[:, None] * (1 - s.T)), np.float64)


def trees(counts: Doubles, depth: int = 4) -> Doubles:
    """(d, 2^d) a decision tree of each variable on the others: of no one joint law, as a rule.

    Args:
        counts: (2^d,) how often each state was observed.
        depth: of the trees.
    """
    from sklearn.tree import DecisionTreeClassifier  # imported here: a second of start-up

    d = len(counts).bit_length() - 1
    x, given = bits(d), counts > 0
    found = []
    for i in range(d):
        others = np.delete(x, i, 1)
        tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
        tree.fit(others[given], x[given, i], sample_weight=counts[given])
        of_one = dict(zip(tree.classes_, tree.predict_proba(others).T, strict=True)).get(True, np.zeros(len(x)))
        found.append(np.clip(of_one, LEAST, 1 - LEAST))
    return np.array(found)


def resampled(law: Doubles, conditionals: Doubles, site: int) -> Doubles:
    """(…, 2^d) laws after a site was drawn anew."""
    d = len(conditionals)
    both = law + law[..., _flipped(d, site)]
    return np.asarray(both * np.where(bits(d)[:, site], conditionals[site], 1 - conditionals[site]), np.float64)


def random_scan(conditionals: Doubles) -> Doubles:
    """(2^d,) the stationary law where each time a random site is drawn anew.

    Raises:
        ValueError: there are several such laws: some conditionals are 0 and 1.
    """
    d, start = len(conditionals), np.eye(conditionals.shape[1])
    return stationary(np.mean([resampled(start, conditionals, i) for i in range(d)], 0))


def ordered(conditionals: Doubles, order: Sequence[int]) -> Doubles:
    """(2^d,) the law after the last site of an order, where all are drawn anew in that order again and again.

    Raises:
        ValueError: as `random_scan`.
    """
    sweep = np.eye(conditionals.shape[1])
    for site in order:
        sweep = resampled(sweep, conditionals, site)
    return stationary(sweep)


@dataclass(frozen=True, eq=False)
class Fitted:
    """The laws that conditionals make.

    Attributes:
        conditionals: (d, 2^d).
        scan: (2^d,) law of the random scan.
        forward, backward: (2^d,) after the last site of the order, and of its reverse.
    """

    conditionals: Doubles
    scan: Doubles
    forward: Doubles
    backward: Doubles


def fitted(conditionals: Doubles, order: Sequence[int]) -> Fitted:
    """The laws of the random scan, of an order and of its reverse.

    Raises:
        ValueError: as `random_scan`.
    """
    return Fitted(
        conditionals, random_scan(conditionals), ordered(conditionals, order), ordered(conditionals, order[::-1])
    )


def _flipped(d: int, site: int) -> NDArray[np.int64]:
    """(2^d,) each state with one variable changed."""
    return np.arange(2**d) ^ (1 << site)
