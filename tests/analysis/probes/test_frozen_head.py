"""A head on the last features of a network: which layer that is, and what a head reads there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from latentlab.analysis.probes.frozen_head import frozen_head, last_features
from latentlab.data import Kind, Spec, Splits
from latentlab.models import Classifies
from latentlab.runs.store import SHIPPED, Store


class Net(Classifies):
    """Classes from two linear layers, or from what has none."""

    name, title, units = "net", "Net", {}

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.spec = Spec((1, 8, 8), 10, Kind.IMAGE)
        self.layers = nn.Sequential(*layers)

    def classify(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def test_features_are_what_the_last_linear_layer_reads() -> None:
    x = torch.rand(1, 1, 8, 8)
    mlp = Net(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))
    assert last_features(mlp, x) == "layers.2"
    assert last_features(Net(nn.Conv2d(1, 2, 3), nn.Tanh()), x) == "layers.1"
    with pytest.raises(ValueError, match="layer"):
        last_features(Net(nn.Flatten(), nn.Linear(64, 10)), x)


def test_a_head_on_a_classifier_of_the_same_data_is_as_good_as_its_own(digits: Splits) -> None:
    model, shape = Store(SHIPPED).load("digits-cnn"), (1, 8, 8)
    found = frozen_head(model, shape, digits, 200)
    assert (found.layer, found.n_features, found.n_train) == ("fc1_relu", 128, 200)
    assert found.accuracy.value > 0.95
    few = frozen_head(model, shape, digits, 10)
    assert few.accuracy.value < found.accuracy.value
    with pytest.raises(ValueError, match="channel"):
        frozen_head(model, shape, Splits(*(replace(part, x=part.x.repeat(1, 3, 1, 1)) for part in digits)), 200)
