"""What a model is trained on, and how its batches are drawn: as it says itself, or as suits its use of labels."""

from __future__ import annotations

from latentlab.data import Dataset, Sampler, for_training
from latentlab.models import Trains
from latentlab.training.config import TrainConfig


def batches_for(model: Trains, data: Dataset, config: TrainConfig) -> tuple[Dataset, Sampler]:
    """The examples of a training, with labels hidden if requested, and what draws one epoch of batches from them.

    Raises:
        DataError: the labels aren't what the model needs.
    """
    data, suitable = for_training(data, model.labels, config.labels, config.seed, config.diverse_labels)
    return data, type(model).sampler or suitable
