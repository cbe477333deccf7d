"""A control task: labels that only the probe itself can learn, not the model that it reads.

Hewitt & Liang, Designing and interpreting probes with control tasks (2019): each type of input (in a text, each word of
the vocabulary) gets one random label, the same wherever it occurs, among the training as among the held-out examples.
The probe is fitted to these labels as to the true ones. Its accuracy on held-out examples is the control; the accuracy
on the true labels minus it is the selectivity of the probe. A probe of low selectivity would read any function of the
inputs from its layer, so that its accuracy says little about what the layer represents.

Images and vectors hardly ever occur twice, so here a type is a cluster: the inputs (not the features) of the examples
that the probe is fitted to are put into `N_TYPES` clusters by k-means, and every other example belongs to the cluster
with the nearest centre. Clusters get their labels in random order such that each label has about the share of the
examples that it has in the target.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels, flat
from latentlab.analysis.probes.linear_probe import Part, Probe, linear_probe
from latentlab.analysis.probes.logistic_regression import ROUGH
from latentlab.data import UNLABELLED

N_TYPES = 100
PER_TYPE = 10  # examples of a fit, at least, on average


def control_task(x: Tensor, y: Labels, n_fit: int, seed: int = 0) -> Labels:
    """(N,) the labels of the control task; examples without a label in the target have none here.

    Args:
        x: (N, *shape) inputs, those that probes are fitted to first.
        y: (N,) labels of the target.
        n_fit: examples that probes are fitted to.
        seed: of the clusters and of their labels.
    """
    known = y[:n_fit] != UNLABELLED
    if not known.any():
        return np.full(len(y), UNLABELLED, np.int64)
    type_of = input_types(x, n_fit, seed)
    sizes = np.bincount(type_of[:n_fit][known], minlength=type_of.max() + 1)
    shares = np.bincount(y[:n_fit][known]) / known.sum()
    label_of = _labels(sizes, shares, np.random.default_rng(seed))
    return np.where(y == UNLABELLED, UNLABELLED, label_of[type_of]).astype(np.int64)


def controlled(probe: Probe, fit: Part, test: Part, n_classes: int) -> Probe:
    """The probe with its accuracy on a control task: after the same fit, with the same penalty, to the task's labels.

    It stays as it is where the task has one label only, as inputs that are all the same have.

    Args:
        probe: of a layer.
        fit: features that it was fitted to, and their labels of the task.
        test: features of held-out examples, and theirs.
        n_classes: K.

    Raises:
        ValueError: as `linear_probe`.
    """
    if len(np.unique(np.asarray(fit[1]))) < 2:
        return probe
    other = linear_probe(*fit, test=test, l2=probe.l2, n_classes=n_classes, tolerance=ROUGH)
    return dataclasses.replace(probe, control=1 - other.score.error)


def input_types(x: Tensor, n_fit: int, seed: int = 0) -> Labels:
    """(N,) the cluster of each input, by k-means on the first ones."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    inputs = flat(x).float().numpy()
    fit = inputs[:n_fit]
    n = min(N_TYPES, max(2, n_fit // PER_TYPE), len(np.unique(fit, axis=0)))
    with threadpool_limits(torch.get_num_threads()):
        found = KMeans(n, n_init=1, random_state=seed).fit(fit)
        return np.asarray(found.predict(inputs), np.int64)


def _labels(sizes: Labels, shares: Doubles, rng: np.random.Generator) -> Labels:
    """(T,) a label for each type of given size, so that about `shares[k]` of the examples have label k."""
    order = rng.permutation(len(sizes))
    middles = (sizes[order].cumsum() - sizes[order] / 2) / sizes.sum()
    found = np.empty(len(sizes), np.int64)
    found[order] = np.searchsorted(shares.cumsum(), middles, side="right").clip(0, len(shares) - 1)
    if len(np.unique(found)) == 1:  # the other labels are too rare: the smallest type gets one of them
        found[sizes.argmin()] = np.argsort(shares)[-2]
    return found
