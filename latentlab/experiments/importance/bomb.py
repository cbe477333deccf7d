"""Old weights and a small constant: an example whose stored weight is almost 0 is drawn at last, and counts too much.

Alain (2018), §7.A.5, calls it a time bomb and adds a constant to each weight; it doesn't say how bad it is. Here the
workers go round so slowly that a weight is hundreds of steps old, on digits, with a large step size.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from latentlab.experiments.importance.training import SEEDS, Setting, Training
from latentlab.training.config import TrainingError

EVERY = 10  # steps between two looks at the loss
LOST = 2.0  # nats: a loss like that of guessing, after training, is a training that has diverged


@dataclass(frozen=True)
class BombScore:
    """A training with old weights.

    Attributes:
        sweep: steps until every weight has been measured again.
        smoothing: the constant.
        factor: the largest weight that a drawn example had.
        rise: the largest rise of the loss over all examples within ten steps, infinite where it was no number any more.
        loss: at the end; infinite as `rise`.
    """

    sweep: int
    smoothing: float
    seed: int
    factor: float
    rise: float
    loss: float
    seconds: float = field(default=math.nan, compare=False)

    @property
    def diverged(self) -> bool:
        """Whether it ended no better than by guessing."""
        return self.loss > LOST


def _setting(refresh: int, smoothing: float) -> Setting:
    return Setting(rate=0.1, smoothing=smoothing, refresh=refresh, batch=32, hidden=256, steps=1_500)


SETTINGS: Mapping[tuple[int, float], Setting] = {
    (refresh, smoothing): _setting(refresh, smoothing)
    for refresh, smoothing in ((4, 0.01), (4, 1.0), (1, 0.1), (1, 10.0))
}


def run(seeds: Sequence[int] = SEEDS, settings: Sequence[Setting] = tuple(SETTINGS.values())) -> Iterator[BombScore]:
    """Train by importance with every setting and seed; yields each when it is done."""
    for setting in settings:
        for seed in seeds:
            began, factor, rise, before = time.process_time(), 1.0, 0.0, math.inf
            training = Training("", setting, "ISSGD", seed)
            try:
                for _, loss, factor in training.losses(EVERY):  # noqa: B007 used after the loop
                    rise, before = max(rise, loss - before), loss
            except TrainingError:
                rise = before = math.inf
            sweep = math.ceil(len(training.data) / (setting.workers * setting.refresh))
            yield BombScore(sweep, setting.smoothing, seed, factor, rise, before, time.process_time() - began)
