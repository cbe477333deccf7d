"""Scores by what examples share: two of them, or some more, agree in one factor, and their codes must say in which.

- beta-VAE's metric (Higgins et al. 2017, section 3): a linear classifier is given the mean of |z − z'| over L pairs
  that agree in factor y and names y. Codes aren't standardised; what the classifier is given is, which changes nothing
  that it can say, but how much its penalty costs: else codes of small numbers, as those of a VAE before its training,
  are at chance.
- FactorVAE's metric (Kim & Mnih 2018, section 4): of L examples that agree in factor y, the dimension that varies
  least, in units of its standard deviation, votes for y. It has no classifier to train, and a factor that is in two
  dimensions each time doesn't help it.

Examples that agree are found among the encoded ones, which is the same in law as making new ones where factors are
independent.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.probes import logistic_regression
from latentlab.analysis.stats import Proportion, proportion

N_BATCHES = 1_200  # of which the first three quarters are learned from
PAIRS = 5  # L of beta-VAE's metric
SAME = 64  # L of FactorVAE's metric
PRUNED = 0.05  # a dimension whose variance is smaller is unused, after Kim & Mnih and Locatello et al. 2019
AT_ONCE = 2_000_000  # numbers of codes whose differences are taken together
PENALTY = 1.0  # on the squared weights of the classifier, in all: scikit-learn's C = 1


def beta_vae_score(
    codes: Floats, levels: Labels, rng: np.random.Generator, n_batches: int = N_BATCHES, n_pairs: int = PAIRS
) -> Proportion:
    """Accuracy with which a linear classifier names the factor that pairs share; 1/F is chance.

    Args:
        codes: (N, D) finite.
        levels: (N, F) the factors' levels.
        rng: draws the pairs.
        n_batches: B, examples of the classifier.
        n_pairs: L, of which each is a mean.
    """
    n_factors = levels.shape[1]
    factor = rng.integers(0, n_factors, n_batches)
    apart = np.empty((n_batches, codes.shape[1]), np.float32)
    for k, members in enumerate(_by_level(levels)):
        drawn = np.flatnonzero(factor == k)
        first, second = _agreeing(members, len(levels), len(drawn) * n_pairs, rng)
        apart[drawn] = _mean_difference(codes, first.reshape(-1, n_pairs), second.reshape(-1, n_pairs))
    n_fit = n_batches * 3 // 4
    scale = apart[:n_fit].std(0)
    x = torch.from_numpy((apart - apart[:n_fit].mean(0)) / np.where(scale > 0, scale, 1))
    y = torch.from_numpy(factor)
    fit = logistic_regression.fit(x[:n_fit], y[:n_fit], n_factors, PENALTY / n_fit)
    named = (x[n_fit:] @ fit.weights.T + fit.bias).argmax(1)
    return proportion((named == y[n_fit:]).numpy())


def factor_vae_score(
    codes: Floats, levels: Labels, rng: np.random.Generator, n_batches: int = N_BATCHES, n_same: int = SAME
) -> Proportion:
    """Accuracy of the majority vote of the dimension that varies least; 1/F is chance, and what no dimension used gets.

    Args:
        codes: (N, D) finite.
        levels: (N, F) the factors' levels.
        rng: draws the examples.
        n_batches: votes.
        n_same: L, examples that agree; fewer where a level has fewer.
    """
    n_factors = levels.shape[1]
    variance = codes.var(0)
    used = np.flatnonzero(variance > PRUNED)
    factor = rng.integers(0, n_factors, n_batches)
    vote = np.zeros(n_batches, int)
    by_level = _by_level(levels)
    if len(used):
        scaled = codes[:, used] / np.sqrt(variance[used])
        for b, k in enumerate(factor):
            own = by_level[k][levels[rng.integers(len(levels)), k]]
            vote[b] = scaled[own[rng.integers(0, len(own), n_same)]].var(0).argmin()
    n_fit = n_batches * 3 // 4
    votes = np.zeros((max(1, len(used)), n_factors))
    np.add.at(votes, (vote[:n_fit], factor[:n_fit]), 1)
    return proportion(votes.argmax(1)[vote[n_fit:]] == factor[n_fit:])


def _by_level(levels: Labels) -> list[list[NDArray[np.intp]]]:
    """For each factor, the examples of each of its levels."""
    return [[np.flatnonzero(of_all == level) for level in range(of_all.max() + 1)] for of_all in levels.T]


def _mean_difference(codes: Floats, first: NDArray[np.intp], second: NDArray[np.intp]) -> Floats:
    """(B, L) pairs of examples -> (B, D): the mean of |z - z'| over L, for some of the B at once."""
    n = max(1, AT_ONCE // (codes.shape[1] * first.shape[1]))
    rows = range(0, max(1, len(first)), n)
    return np.concatenate([np.abs(codes[first[k : k + n]] - codes[second[k : k + n]]).mean(1) for k in rows])


def _agreeing(
    members: list[NDArray[np.intp]], n: int, n_pairs: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of examples of the same level: the first one of all, the second one of those that agree with it."""
    level = np.empty(n, int)
    for k, own in enumerate(members):
        level[own] = k
    first = rng.integers(0, n, n_pairs)
    sizes = np.array([len(own) for own in members])
    place = (rng.random(n_pairs) * sizes[level[first]]).astype(int)
    starts = np.concatenate([[0], sizes.cumsum()])
    return first, np.concatenate(members)[starts[level[first]] + place]
