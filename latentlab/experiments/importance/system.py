"""The first steps of a training by importance sampling, written down: what goes over the board, and which way."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence

from latentlab.data import Splits, load
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.importance.recorded import Event, Recorded
from latentlab.training.importance.sampler import ImportanceSampler
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

DATA, N = "digits", 120  # examples: few, so that what is exchanged is the same and takes no time
BATCH = 16


def first_steps(n_steps: int, workers: int, refresh: int, exact: bool = False, n: int = N) -> Sequence[Event]:
    """The events of the simulated engine in so many steps of a small classifier on n digits.

    Args:
        n_steps: of the training; the events before the first one, in which all weights are measured, are left out.
        workers: how many measure.
        refresh: examples that each measures in a step.
        exact: whether the master waits until all are measured with its parameters.
        n: examples.
    """
    data = load(DATA).train[:n]
    config = TrainConfig(
        epochs=n_steps, batch_size=BATCH, learning_rate=0.05, schedule="constant", optimizer="sgd", importance=True,
        importance_workers=workers, refresh=refresh, exact=exact,
    )  # fmt: skip
    model = start("mlp", model_config("mlp", {"depth": 1, "hidden": 16}, data, config), data.spec, config)
    state = TrainState(model, config)
    with contextlib.closing(ImportanceSampler(state, data)) as sampler:
        board = Recorded(sampler.crew.board, lambda: state.step)
        sampler.crew.board = board
        splits = Splits(data, data[:0], data[:0])
        for _ in itertools.islice(train(model, splits, config, state, sampler.batches, report_every=1), n_steps):
            pass
    return [event for event in board.events if event.step < n_steps]
