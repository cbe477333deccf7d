"""A training of an experiment: a model from its knobs, trained to the end, and how long that took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from latentlab.data import Splits
from latentlab.models import Model
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.loop import start, train


class Timed(NamedTuple):
    """A trained model, on the CPU and in evaluation mode, and the seconds of processor time of its training."""

    model: Model
    seconds: float


def timed_training(name: str, knobs: Mapping[str, Any], splits: Splits, config: TrainConfig) -> Timed:
    """Train a model.

    Args:
        name: of the model.
        knobs: that differ from its defaults.
        splits: of the data.
        config: the knobs of the training.
    """
    model = start(name, model_config(name, knobs, splits.train, config), splits.train.spec, config)
    began = time.process_time()
    for _ in train(model, splits, config, report_every=1_000_000):
        pass
    return Timed(model.cpu().eval(), time.process_time() - began)
