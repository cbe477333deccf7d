"""Probes of some layers of a model, chosen by name."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from latentlab.analysis.arrays import Labels
from latentlab.analysis.probes.control_task import control_task, controlled
from latentlab.analysis.probes.features import Features, Reduction, read_features
from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from latentlab.data import Splits


def probe_features(
    features: Mapping[str, Features],
    y: ArrayLike,
    sizes: Sequence[int],
    control: Labels | None = None,
    **knobs: Any,
) -> list[Probe]:
    """A probe for each layer, of features that were read once.

    Args:
        features: of N examples, the training ones first, then the validation's, then the test's.
        y: (N,) labels.
        sizes: how many examples are for training, for validation and for the test.
        control: (N,) labels of a control task.
        knobs: of `linear_probe`.

    Raises:
        ValueError: as `linear_probe`; the sizes don't add up to N.
    """
    labels, cuts = np.asarray(y, np.int64), np.cumsum([0, *sizes])
    if len(sizes) != 3 or cuts[-1] != len(labels):
        raise ValueError(f"{len(labels)} examples can't be split into {' + '.join(map(str, sizes))}.")
    a, b, c = (slice(start, end) for start, end in itertools.pairwise(cuts))
    found = []
    for name, layer_features in features.items():
        h = layer_features.values
        probe = linear_probe(h[a], labels[a], valid=(h[b], labels[b]), test=(h[c], labels[c]), **knobs)
        if control is not None:
            probe = controlled(probe, (h[a], control[a]), (h[c], control[c]), len(probe.bias))
        found.append(dataclasses.replace(probe, layer=name, total=layer_features.total))
    return found


def probe_layers(
    model: nn.Module,
    data: Splits,
    layers: Sequence[str],
    *,
    reduction: Reduction | None = None,
    forward: Callable[[Tensor], object] | None = None,
    also: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    control: bool = False,
    **knobs: Any,
) -> list[Probe]:
    """A probe of the classes at the input and at each layer; the model is read in one pass and left as it is.

    Args:
        model: any module, in evaluation mode.
        data: fitted on `train`, penalty chosen on `valid`, reported on `test`.
        layers: names, as in `layer_names`.
        reduction: what is kept of a layer.
        forward: what runs the model; the model itself if None.
        also: as in `read_features`.
        control: also fit a control task.
        knobs: of `linear_probe`.

    Raises:
        ValueError: as `read_features` and `linear_probe`.
    """
    x, y = torch.cat([part.x for part in data]), torch.cat([part.y for part in data])
    features = read_features(model, x, layers, reduction, forward=forward, also=also)
    task = control_task(x, y.numpy(), len(data.train)) if control else None
    return probe_features(features, y.numpy(), [len(part) for part in data], task, **knobs)
