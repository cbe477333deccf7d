"""A sampler of the one loop that draws examples by the lengths of their gradients (Alain 2018, ch. 7).

    ω_n = (w_n + c) / Σ (w + c)          drawn with replacement, M in a step
    loss = 1/M Σ_m weight_m l_m          weight_m = mean(w + c) / (w_m + c)

For any w it is an estimate of the gradient without bias; see `analysis.importance.variance` for how much it varies.
Workers measure some examples with the parameters of a step; the weights of the others are those of earlier parameters.
Before the first step all are measured once. Where all weights are the same, a step is that of plain SGD to the bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from latentlab.data import Batch, Dataset
from latentlab.models import Trains
from latentlab.training.config import TrainConfig, TrainingError, draws_one_by_one
from latentlab.training.importance.board import Weights
from latentlab.training.importance.crew import Crew, SimulatedWorkers
from latentlab.training.importance.processes import Processes
from latentlab.training.importance.ray_workers import RayWorkers
from latentlab.training.state import TrainState

ENGINES: dict[str, Callable[[Trains, Dataset, TrainConfig, Weights], Crew]] = {
    "simulated": SimulatedWorkers,
    "processes": Processes,
    "ray": RayWorkers,
}


class ImportanceSampler:
    """Draws the batches of a training by weights that its workers keep up to date; close it at the end.

    Attributes:
        crew: the workers; the weights on their board are the state's.
        rows: (M,) the examples of the last batch.
    """

    def __init__(self, state: TrainState, data: Dataset) -> None:
        """Take the state of a training, whose weights go on from where they are, and all its examples.

        Raises:
            TrainingError: the model can't be trained so, or the weights are those of other examples.
        """
        model = state.model
        assert isinstance(model, Trains)
        check_importance(type(model), state.config)
        self.state, self.config, self.rows = state, state.config, torch.empty(0, dtype=torch.int64)
        is_fresh = state.weights is None
        state.weights = state.weights or Weights(len(data))
        if len(state.weights) != len(data):
            raise TrainingError("The checkpoint has the weights of other examples, so training can't be resumed.")
        self.crew = ENGINES[self.config.engine](model, data, self.config, state.weights)
        if is_fresh:
            with contextlib.ExitStack() as unless_measured:
                unless_measured.callback(self.close)
                self.crew.measure_all(model.state_dict(), state.step)
                unless_measured.pop_all()

    def batches(self, data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
        """One epoch of batches, each drawn by the weights of its step; the random numbers don't depend on these.

        Of an epoch that is resumed, the batches that were trained on are passed over without work for the workers.
        """
        passed = self.state.step % -(-len(data) // size)
        for k in range(-(-len(data) // size)):
            uniform = torch.rand(size, generator=rng, dtype=torch.float64)
            if k >= passed:
                self.crew.show(self.state.model.state_dict(), self.state.step)
            weights = self.crew.board.pull_weights().norm + self.config.smoothing
            self.rows, weight = draw(weights, uniform)
            batch = data.batch(self.rows.to(data.x.device))
            yield batch._replace(weight=weight.to(batch.weight))

    def close(self) -> None:
        """End the workers."""
        self.crew.close()


def draw(weights: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Draw rows in proportion to weights, with replacement.

    Args:
        weights: (N,) float64, at least 0; where all are 0, each is as likely.
        uniform: (M,) in [0, 1).

    Returns:
        (M,) rows, and (M,) mean(w)/w of each.
    """
    summed = weights.cumsum(0)
    if not bool(summed[-1] > 0):
        weights = torch.ones_like(weights)
        summed = weights.cumsum(0)
    rows = torch.searchsorted(summed, uniform * summed[-1], right=True).clamp_max(len(weights) - 1)
    return rows, weights.mean() / weights[rows]


def check_importance(model: type[Trains], config: TrainConfig) -> None:
    """Refuse importance sampling where examples have no losses of their own, or aren't drawn one by one.

    Raises:
        TrainingError: so it is, and why.
    """
    if not config.importance:
        return
    if config.takes_all:
        raise TrainingError("L-BFGS takes all examples in each step, so none is drawn; choose another optimizer.")
    if not draws_one_by_one(model):
        raise TrainingError(
            f"“{model.title}” draws its examples in a way of its own, or has several players; train it without "
            "importance sampling."
        )
