"""A linear head on the last features of any network: what it is worth as a frozen trunk for other data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import nn

from latentlab.analysis.activations import layers
from latentlab.analysis.probes.features import Reduction
from latentlab.analysis.probes.layer_curve import run_through
from latentlab.analysis.probes.layer_probes import probe_layers
from latentlab.analysis.stats import Proportion, wilson
from latentlab.data import Dataset, Splits, hide_labels, labelled_part
from latentlab.models.trunks import resized

MOST_TRAIN, MOST_VALID, MOST_TEST = 2_000, 300, 1_000  # examples
MOST_FEATURES = 4_096  # that the head reads; of more a subset


@dataclass(frozen=True)
class FrozenHead:
    """What a head was fitted to, and what it reaches.

    Attributes:
        layer: whose output it reads.
        n_features: of that layer.
        n_train: labelled examples.
        accuracy: on test examples, with its 95 % interval.
    """

    layer: str
    n_features: int
    n_train: int
    accuracy: Proportion


def last_features(model: nn.Module, x: torch.Tensor) -> str:
    """The layer that runs before the last linear one; the last of all where there is none.

    Args:
        model: any network.
        x: (N, *shape), at least one example that it takes.

    Raises:
        ValueError: its layers can't be read, or nothing comes before its last one.
    """
    found = layers(model, x, run_through(model))
    if not found:
        raise ValueError("Its layers can't be read: give it as a .py file with a torch.nn.Module.")
    last = next((k for k in reversed(range(len(found))) if found[k].kind == "Linear"), len(found))
    if not last:
        raise ValueError("It has no layer before its last one, so there are no features to read.")
    return found[last - 1].name


def frozen_head(model: nn.Module, shape: tuple[int, ...], data: Splits, labels: int, seed: int = 0) -> FrozenHead:
    """Fit a linear head to what a network makes of images, which are resized to those that it takes.

    Args:
        model: that classifies or encodes; it isn't changed.
        shape: (C, H, W) of the images that it takes.
        data: images with labels.
        labels: training examples that keep theirs, as many of each class; 0: all, `MOST_TRAIN` of them.
        seed: draws them.

    Raises:
        ValueError: its layers can't be read, or the images have more channels than it takes.
        DataError: there aren't so many labels.
    """
    train = labelled_part(hide_labels(data.train, labels, seed) if labels else data.train)[:MOST_TRAIN]
    parts = (train, labelled_part(data.valid)[:MOST_VALID], labelled_part(data.test)[:MOST_TEST])
    given = Splits(*(_resized(part, shape) for part in parts))
    name = last_features(model, given.train.x)
    probes = probe_layers(model, given, [name], reduction=Reduction(limit=MOST_FEATURES), forward=run_through(model))
    probe = probes[-1]
    return FrozenHead(name, probe.total, len(train), wilson(1 - probe.score.error, probe.score.n))


def _resized(data: Dataset, shape: tuple[int, ...]) -> Dataset:
    x = resized(data.batch().x, shape)
    return dataclasses.replace(data, x=(255 * x).round().clamp(0, 255).to(torch.uint8))
