"""Linear probes: what a linear classifier can decode from a layer.

Alain & Bengio, Understanding intermediate layers using linear classifier probes (2017), §3.2: at layer k with features
h, softmax(W h + b) is fitted to the labels by cross-entropy, which is convex, and its error measures the layer.
The model is not changed.

A probe with as many features as examples fits anything, so no number stands alone: each comes with the error of always
predicting the most frequent class, and optionally with two others of the same fit: its accuracy on held-out examples of
a control task (`control_task`), and what it can memorise, the accuracy on random labels, one for each example whatever
it shows, of the examples that it was fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.probes.logistic_regression import ClassificationScore, Fit, Task
from latentlab.data import UNLABELLED

Part = tuple[ArrayLike, ArrayLike]  # (N, d) features and (N,) labels

PENALTIES = (
    1e-1,
    1e-2,
    1e-3,
    1e-4,
)  # for features of a standard deviation of about 1; tried until validation gets worse
HELD_OUT = 0.2  # share of the training examples that chooses, where there is no validation split
FEW = 100  # examples: below that an error has a standard error of up to five points


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear classifier of a layer's features, and what it is worth.

    Attributes:
        weights: (K, d), for the features as they are.
        bias: (K,).
        l2: the penalty that was used, on features divided by their standard deviation.
        train: on what it was fitted to.
        valid: on what chose the penalty; None where it was given.
        test: on test examples; None where there are none.
        baseline: error of always naming the most frequent class, on the same examples as `score`.
        control: accuracy on held-out examples of a control task; None where there was none.
        memorised: accuracy on random labels that it was fitted to; None where it wasn't requested.
        layer: what it reads.
        kept: features it is given.
        total: features the layer has.
        warnings: sentences without which the numbers mislead.
    """

    weights: Floats
    bias: Floats
    l2: float
    train: ClassificationScore
    valid: ClassificationScore | None
    test: ClassificationScore | None
    baseline: float
    control: float | None = None
    memorised: float | None = None
    layer: str = ""
    kept: int = 0
    total: int = 0
    warnings: tuple[str, ...] = field(default=())

    @property
    def score(self) -> ClassificationScore:
        """On the most informative examples: test, else validation, else training."""
        return self.test or self.valid or self.train

    @property
    def selectivity(self) -> float | None:
        """Accuracy minus that on the control task; near or below 0 it would read anything."""
        return None if self.control is None else 1 - self.score.error - self.control

    def log_probs(self, features: ArrayLike) -> Floats:
        """(N, d) -> (N, K) log-probabilities of the classes."""
        logits = np.asarray(features, np.float32) @ self.weights.T + self.bias
        log_probs: Floats = F.log_softmax(torch.from_numpy(logits), 1).numpy()
        return log_probs

    def direction(self, k: int) -> Floats:
        """(d,) of length 1: where in the features class k gains most over the mean of all classes."""
        way = self.weights[k] - self.weights.mean(0)
        length = float(np.linalg.norm(way))
        return np.asarray(way / length if length else way)


def linear_probe(
    features: ArrayLike,
    y: ArrayLike,
    *,
    valid: Part | None = None,
    test: Part | None = None,
    l2: float | None = None,
    n_classes: int | None = None,
    memorise: bool = False,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> Probe:
    """Fit a linear classifier of the features.

    Args:
        features: (N, d) finite.
        y: (N,) classes from 0; `UNLABELLED` examples are left out.
        valid: features and labels that choose the penalty among `PENALTIES`; if None, a fifth of the examples.
        test: features and labels to report on.
        l2: the penalty, if it is not to be chosen.
        n_classes: K; the largest label and one if None.
        memorise: also fit random labels with the same penalty, to know what the probe can memorise.
        tolerance: relative decrease of the loss at which the fit ends.
        seed: draws the held-out fifth and the random labels.

    Raises:
        ValueError: no features, fewer than two classes, numbers that aren't finite, or shapes that don't fit.
    """
    x, labels, notes = _labelled(features, y)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError("A probe needs examples of at least two classes; " + _said(classes))
    if valid is None and l2 is None:
        order = np.random.default_rng(seed).permutation(len(x))
        held, rest = np.split(order, [max(1, round(HELD_OUT * len(x)))])
        if len(np.unique(labels[rest])) > 1:
            valid, x, labels = (x[held], labels[held]), x[rest], labels[rest]
    held_out, test_part = (_part(part, x.shape[1]) for part in (valid, test))
    k = n_classes or 1 + max(int(part[1].max()) for part in ((x, labels), held_out, test_part) if part is not None)
    task = Task(x, labels, k, tolerance, seed)
    if l2 is None and held_out is not None:
        l2, fitted = _chosen(task, *held_out)
    else:
        l2 = PENALTIES[2] if l2 is None else l2
        fitted = task.fit(l2)
    reported = test_part or held_out or (x, labels)
    if len(x) <= x.shape[1]:
        notes.append(f"{x.shape[1]:,} features for {len(x):,} examples: such a probe fits any labels.")
    if len(reported[1]) < FEW:
        notes.append(f"Only {len(reported[1])} examples measure how good it is.")
    weights, bias = task.original(fitted)
    return Probe(
        weights=weights,
        bias=bias,
        l2=l2,
        train=task.score(fitted, x, labels),
        valid=task.score(fitted, *held_out) if held_out is not None else None,
        test=task.score(fitted, *test_part) if test_part is not None else None,
        baseline=float((reported[1] != np.bincount(labels).argmax()).mean()),
        memorised=task.memorised(random_labels(len(labels), k, seed), l2) if memorise else None,
        kept=x.shape[1],
        total=x.shape[1],
        warnings=tuple(notes),
    )


def probe_directions(features: ArrayLike, y: ArrayLike, n_classes: int) -> Floats:
    """(n_classes, d) unit vectors: along each a probe's answer turns to that class; zeros for a class without examples.

    Unlike the way from the others' mean to the mean of the class, what all classes have in common doesn't count.

    Raises:
        ValueError: as `linear_probe`.
    """
    probe = linear_probe(features, y, n_classes=n_classes)
    present = np.isin(np.arange(n_classes), np.asarray(y))
    return np.stack([probe.direction(k) * present[k] for k in range(n_classes)]).astype(np.float32)


def random_labels(n: int, n_classes: int, seed: int = 0) -> Labels:
    """(n,) random labels, one for each example whatever it shows: only memorisation can predict them."""
    return np.random.default_rng([seed, n, n_classes]).integers(0, n_classes, n)  # no stream that others use


def _chosen(task: Task, x: Floats, y: Labels) -> tuple[float, Fit]:
    """The penalty with the lowest cross-entropy on held-out examples, from strong to weak, each from the last one."""
    best, least, last = None, np.inf, None
    for l2 in PENALTIES:
        last = task.fit(l2, last)
        loss = task.score(last, x, y).cross_entropy
        if loss >= least:
            break
        best, least = (l2, last), loss
    assert best is not None
    return best


def _labelled(features: ArrayLike, y: ArrayLike) -> tuple[Floats, Labels, list[str]]:
    """The examples that have a label, and a sentence if some have none."""
    x, labels = np.asarray(features), np.asarray(y)
    x = x if x.dtype == np.float64 else x.astype(np.float32)
    if x.ndim != 2 or x.shape[1] == 0 or labels.shape != (len(x),):
        raise ValueError(f"Features of shape {x.shape} and labels of shape {labels.shape} are not (N, d) and (N,).")
    if not np.issubdtype(labels.dtype, np.integer) or (len(labels) and labels.min() < UNLABELLED):
        raise ValueError("Labels are whole numbers from 0, or -1 for none.")
    if not np.isfinite(x).all():
        raise ValueError("The features hold values that are not numbers, so nothing can be decoded from them.")
    known = labels != UNLABELLED
    notes = [] if known.all() else [f"{int((~known).sum()):,} of {len(x):,} examples have no label and are left out."]
    return x[known], labels[known].astype(np.int64), notes


def _part(part: Part | None, d: int) -> tuple[Floats, Labels] | None:
    """The labelled examples of another split; None where it has none."""
    if part is None:
        return None
    x, labels, _ = _labelled(*part)
    if x.shape[1] != d:
        raise ValueError(f"The splits have {d} and {x.shape[1]} features.")
    return (x, labels) if len(labels) else None


def _said(classes: Labels) -> str:
    return f"all that have a label are of class {classes[0]}." if len(classes) else "none here has a label."
