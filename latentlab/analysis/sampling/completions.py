"""What could be in the hidden part of an example: completions that chains on the posterior of its code reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.stats import Proportion, proportion, wilson

MOST = 400  # draws that are decoded
BATCH = 100  # examples at once


@dataclass(frozen=True)
class Completions:
    """N draws of C chains, decoded where the example is hidden.

    Attributes:
        examples: (N, *shape) the example as given, with its hidden part decoded.
        chain: (N,) of each.
        predicted: (N,) the class of each by a classifier, of all that is decoded: a seam is no part of a class. None
            without one.
        shares: class -> its share of the draws, the largest first. Draws of a chain resemble each other: the interval
            is that of as many independent ones.
    """

    examples: NDArray[np.floating]
    chain: NDArray[np.int64]
    predicted: NDArray[np.int64] | None
    shares: dict[int, Proportion]

    def some(self, n: int) -> NDArray[np.floating]:
        """(n, *shape) of them at most, evenly taken, those of a class beside each other and the largest class first."""
        chosen = _evenly(len(self.examples), n)
        if self.predicted is not None:
            rank = {k: place for place, k in enumerate(self.shares)}
            chosen = chosen[np.argsort([rank[int(k)] for k in self.predicted[chosen]], kind="stable")]
        return self.examples[chosen]


def completions(
    decode: Callable[[Tensor], Tensor],
    x: Tensor,
    visible: Tensor,
    draws: NDArray[np.floating],
    classify: Callable[[Tensor], Tensor] | None,
) -> Completions:
    """Complete an example by draws that are taken evenly from all chains and steps.

    Args:
        decode: (B, d) codes -> (B, *shape).
        x: (*shape) the example.
        visible: (*shape) bool: what is given of it.
        draws: (T, C, d) codes, without burn-in.
        classify: (B, *shape) -> (B, K) log-probabilities, of a model that is independent of the decoder; or None.
    """
    n_steps, n_chains, _ = draws.shape
    chains = _evenly(n_chains, MOST)
    steps = _evenly(n_steps, max(1, MOST // len(chains)))
    codes = torch.from_numpy(draws[np.ix_(steps, chains)]).float().flatten(0, 1)
    examples, predicted = [], []
    with torch.no_grad():
        for batch in codes.split(BATCH):
            decoded = decode(batch)
            examples.append(torch.where(visible, x, decoded))
            if classify is not None:
                predicted.append(classify(decoded).argmax(1))
    chain = np.tile(chains, len(steps))
    shares: dict[int, Proportion] = {}
    if predicted:
        classes, counts = torch.cat(predicted).unique(return_counts=True)
        for k in classes[counts.argsort(descending=True, stable=True)].tolist():
            alone = len(classes) == 1  # nothing varies, so that each chain counts as one draw
            shares[k] = wilson(1.0, len(chains)) if alone else proportion(torch.cat(predicted).numpy() == k, chain)
    found = torch.cat(predicted).numpy() if predicted else None
    return Completions(torch.cat(examples).numpy(), chain, found, shares)


def _evenly(n: int, most: int) -> NDArray[np.int64]:
    """At most so many of n numbers from 0, evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
