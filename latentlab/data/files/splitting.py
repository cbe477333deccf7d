"""Which examples are for training, for validation and for testing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import SPLIT_SEED
from latentlab.data.files.archives import listing

Index = NDArray[np.int64]

SPLITS = ("split", "usage", "subset", "partition", "set", "fold")
PARTS = {
    "train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "publictest": 1, "test": 2,
    "testing": 2, "privatetest": 2,
}  # fmt: skip

OWN_PARTS = "The file's own parts are kept."
BLOCKS = "The parts are blocks of time with gaps between them, as rows that follow each other are alike."
LEAST_TO_SPLIT = 10  # with fewer, the three parts are the same
HELD_OUT = 0.1  # of the examples, for validation and again for testing
LEAST_HELD_OUT = 2  # in each part: one has no variance
LEAST_TO_TEST, LEAST_TO_VALIDATE = 3, 5  # examples of a class that has one in the part


class Shares(NamedTuple):
    """Which share of the examples is held out."""

    valid: float = HELD_OUT
    test: float = HELD_OUT


SHARES = Shares()


class Rows(NamedTuple):
    """Which rows of the columns the three splits hold."""

    train: Index
    valid: Index
    test: Index


def divide(y: Index, classes: Sequence[str], shares: Shares = SHARES) -> tuple[Rows, tuple[str, ...]]:
    """80 / 10 / 10 % of each class at random, or other shares, the same every time (seed 0), and what there is to say.

    A class of at least `LEAST_TO_TEST` examples has one in the test part, one of `LEAST_TO_VALIDATE` also in the
    validation part. With fewer than `LEAST_TO_SPLIT` examples in all, each part holds everything.

    Args:
        y: (N,) the classes; UNLABELLED examples are divided as if they were a class.
        classes: their names.
        shares: of all examples.
    """
    n = len(y)
    if n < LEAST_TO_SPLIT:
        every = np.arange(n, dtype=np.int64)
        return Rows(every, every, every), (f"Only {n} examples: train, validation and test are the same.",)
    order = np.random.default_rng(SPLIT_SEED).permutation(n)
    of_class = [order[y[order] == k] for k in np.unique(y)]
    n_test, n_valid = (max(LEAST_HELD_OUT, int(n * share)) for share in (shares.test, shares.valid))
    test = _share(of_class, shares.test, LEAST_TO_TEST, n_test)
    valid = _share([one[~np.isin(one, test)] for one in of_class], shares.valid, LEAST_TO_VALIDATE - 1, n_valid)
    train = order[~np.isin(order, np.concatenate([test, valid]))]
    rows = Rows(*(part.astype(np.int64) for part in (train, valid, test)))
    return rows, (_sizes(rows), *_rare(y, rows.test, classes))


def given(split: NDArray[Any], said: str = OWN_PARTS) -> tuple[Rows, tuple[str, ...]]:
    """The parts that a file has itself; one that it lacks is taken from the training examples at random (seed 0).

    Args:
        split: (N,) 0 for training, 1 for validation, 2 for testing.
        said: what they are.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    train, valid, test = (rng.permutation(np.flatnonzero(split == k)).astype(np.int64) for k in range(3))
    taken = []
    n_out = max(LEAST_HELD_OUT, int(len(train) * HELD_OUT))
    if not len(valid):
        valid, train = train[:n_out], train[n_out:]
        taken.append("validation")
    if not len(test):
        test, train = train[:n_out], train[n_out:]
        taken.append("testing")
    rows = Rows(train, valid, test)
    note = f" The examples for {' and '.join(taken)} are taken from those for training at random." if taken else ""
    return rows, (f"{said} {_sizes(rows)}{note}",)


def parts_of(values: NDArray[Any]) -> NDArray[Any] | None:
    """(N,) 0 for training, 1 for validation, 2 for testing; None where cells say something else, or one part only."""
    if values.dtype.kind != "O":
        return None
    parts = [PARTS.get(str(value).strip().lower()) for value in values.tolist()]
    different = set(parts)
    return None if None in different or 0 not in different or len(different) == 1 else np.array(parts)


def _share(of_class: Sequence[Index], share: float, least: int, n_out: int) -> Index:
    """A share of each class, one at least of those with `least` examples, and others until there are `n_out`."""
    n_taken = [max(int(len(one) * share), len(one) >= least) for one in of_class]
    taken = np.concatenate([one[:k] for one, k in zip(of_class, n_taken, strict=True)])
    left = np.concatenate([one[k:] for one, k in zip(of_class, n_taken, strict=True)])
    more = np.random.default_rng(SPLIT_SEED).permutation(left)[: max(0, n_out - len(taken))]
    return np.random.default_rng(SPLIT_SEED).permutation(np.concatenate([taken, more]))


def _sizes(rows: Rows) -> str:
    return f"{len(rows.train):,} for training, {len(rows.valid):,} for validation, {len(rows.test):,} for testing."


def _rare(y: Index, test: Index, classes: Sequence[str]) -> tuple[str, ...]:
    """Say which classes have no test example: nothing measured on that part concerns them."""
    without = [name for k, name in enumerate(classes) if (y == k).any() and not (y[test] == k).any()]
    return (f"Too rare for an example in the test part: {listing(without)}.",) if without else ()
