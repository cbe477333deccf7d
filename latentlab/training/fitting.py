"""Models that are fitted to all examples at once: closed form, EM, a library's solver."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from latentlab import device
from latentlab.data import Splits
from latentlab.models import Fits
from latentlab.training.config import TrainingError
from latentlab.training.evaluation import evaluate
from latentlab.training.metrics import Metrics
from latentlab.training.state import TrainState


def fit(model: Fits, splits: Splits, state: TrainState) -> Iterator[Metrics]:
    """Fit `model` in place and yield metrics after each step; one that was broken off starts again, to the same end.

    Raises:
        TrainingError: the data can't be fitted, or the result isn't finite.
    """
    data, valid = splits.train.to(state.device), splits.valid.to(state.device)
    if not len(data):
        raise TrainingError("There are no examples to fit.")
    rng, began = device.generator(state.config.seed, state.device), time.perf_counter()
    try:
        for progress in model.fit(data, rng):
            state.step = progress.step
            if wrong := [name for name, value in progress.terms.items() if not math.isfinite(value)]:
                raise TrainingError(f"The {wrong[0]} is no finite number after step {progress.step} of the fit.")
            rate = len(data) * progress.step / (time.perf_counter() - began)
            done = progress.step == progress.n_steps
            held_out = evaluate(model, valid)
            yield Metrics(progress.step, progress.n_steps, progress.step, progress.terms, held_out, rate, done)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    model.eval()
