"""How long a training takes on this machine, from a few steps on small batches: right to a factor of about two."""

from __future__ import annotations

import math
import time

from latentlab import device
from latentlab.data import Dataset
from latentlab.models import HasTrunk, Trains
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig
from latentlab.training.loop import train_step
from latentlab.training.state import TrainState

EXAMPLES = (4, 32)  # in the batches from which a larger one is extrapolated
REPEATS = 3  # steps of each, of which the fastest counts
ENOUGH = 0.2  # seconds of a step on the smaller batch after which the larger isn't tried


def epoch_seconds(model: Trains, data: Dataset, config: TrainConfig) -> float:
    """The time that an epoch's steps take, without the looks at held-out examples.

    Args:
        model: with parameters, on its device; a few steps change it.
        data: the training split.
        config: the knobs.

    Raises:
        DataError: the labels aren't what the model needs.
    """
    data, sampler = batches_for(model, data, config)
    data, state = data.to(next(model.parameters()).device), TrainState(model, config)
    drawn_from = model.once(data[: EXAMPLES[-1]]) if isinstance(model, HasTrunk) else data
    size = min(config.in_a_step(len(data)), len(data))
    model.train()

    def seconds(n: int) -> float:
        batch = next(iter(sampler(drawn_from, n, device.generator(config.seed))))
        taken = []
        for _ in range(1 + REPEATS):  # the first one sets up what the others find
            began = time.perf_counter()
            train_step(state, batch, 1 + REPEATS)
            next(model.parameters()).sum().item()  # waits for the device
            taken.append(time.perf_counter() - began)
        return min(taken[1:])

    few, more = (min(n, size) for n in EXAMPLES)
    of_few = seconds(few)
    if of_few > ENOUGH or more == few:
        step = of_few * size / few
    else:
        of_more = seconds(more)
        step = max(of_more, of_few + (size - few) * (of_more - of_few) / (more - few))
    return step * math.ceil(len(data) / size)
