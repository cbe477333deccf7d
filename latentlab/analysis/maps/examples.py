"""The examples of a map: in which order they come, and small pictures of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels
from latentlab.data import Dataset, Splits, joined

LARGEST = 48  # pixels along a side of a thumbnail
MOST_PIXELS = 10_000 * 28 * 28  # of a sheet of thumbnails: 2.5 MB for MNIST


def are_same(splits: Splits) -> bool:
    """Whether the parts of a data set are the same examples."""
    return len(splits.test) == len(splits.train) and splits.test.x.equal(splits.train.x)


def all_examples(splits: Splits, most: int | None = None) -> Dataset:
    """All examples of a data set, or the first ones; those of the test set first, each once if the splits are the same.

    Args:
        splits: of the data set.
        most: examples; all if None.
    """
    test, train, valid = splits.test, splits.train, splits.valid
    if are_same(splits):
        return test[:most]
    parts, left = [], most
    for part in (test, train, valid):
        parts.append(part[:left])
        left = None if left is None else left - len(parts[-1])
    return joined(parts)


def all_rows(rows: tuple[Labels, Labels, Labels]) -> Labels:
    """The rows of all examples in the order of `all_examples`, from those of train, validation and test."""
    train, valid, test = rows
    return test if np.array_equal(test, train) else np.concatenate([test, train, valid])


def some_of_each(y: Labels, n: int) -> Labels:
    """(N,) classes -> (at most n,) examples, as many of each class as there can be; the first of each, by class."""
    rank = np.zeros(len(y), np.int64)  # among those of its class
    for k in np.unique(y):
        rank[y == k] = np.arange((y == k).sum())
    chosen = np.lexsort((y, rank))[:n]
    return chosen[np.lexsort((chosen, y[chosen]))]


def thumbnails(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, C, H, W) -> (M, C, h, w): the first `n_thumbnails`, every few pixels of large ones."""
    step = -(-max(images.shape[2:]) // LARGEST)
    return images[: n_thumbnails(images.shape), :, ::step, ::step]


def n_thumbnails(shape: tuple[int, ...]) -> int:
    """Of how many of (N, C, H, W) images a sheet may hold the thumbnails."""
    n, _, height, width = shape
    step = -(-max(height, width) // LARGEST)
    return min(n, MOST_PIXELS // (-(-height // step) * -(-width // step)))
