"""Everything that moves while a model trains, as named tensors: what a training is resumed from."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from latentlab import device
from latentlab.models import Model, Trains
from latentlab.training import optimizers
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.importance.board import Weights
from latentlab.training.schedules import Plateau

COPIES = 2  # of each parameter: itself, and its best value so far
BYTES_A_WEIGHT = 24  # of an example's length of the gradient, version and time


class TrainState:
    """Everything that moves while a model trains: parameters, optimizers, randomness, position."""

    def __init__(self, model: Model, config: TrainConfig) -> None:
        self.model, self.config = model, config
        self.device = next(model.parameters()).device
        self.rng = device.generator(config.seed, self.device)
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self.step = 0
        self.best = math.inf  # the lowest validation headline so far; minus it where higher is better
        self.waited = 0  # epochs since then
        self.best_parameters: dict[str, Tensor] = {}
        self.plateau = Plateau()  # what the schedule of that name has noticed
        self.weights: Weights | None = None  # of the examples, where they are drawn by importance

    def optimizer(self, player: str) -> torch.optim.Optimizer:
        """That of a player: of the submodule of that name, or of the whole model."""
        if player not in self.optimizers:
            module = self.model if player == "model" else self.model.get_submodule(player)
            betas = self.model.adam_betas if isinstance(self.model, Trains) else (0.9, 0.999)
            self.optimizers[player] = optimizers.optimizer_for(self.config, module.parameters(), betas)
        return self.optimizers[player]

    def tensors(self) -> dict[str, Tensor]:
        """A copy of the state as named CPU tensors, fit for safetensors."""
        return {name: value.clone() for name, value in self.views().items()}

    def views(self) -> dict[str, Tensor]:
        """The state as `tensors`, without a copy of what lies on the CPU: it moves as the training goes on."""
        out = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        out |= {f"best.{name}": value for name, value in self.best_parameters.items()}
        for player, optimizer in self.optimizers.items():
            remembered = optimizers.remembered(optimizer).items()
            out |= {f"optimizer.{player}.{name}": value for name, value in remembered}
        if self.weights is not None:
            out |= {f"importance.{name}": value for name, value in self.weights.tensors().items()}
        if self.config.schedule == "plateau":
            out["plateau"] = self.plateau.tensor()
        out["rng"] = self.rng.get_state()
        out["position"] = torch.tensor([self.step, self.waited])
        out["best"] = torch.tensor(self.best, dtype=torch.float64)
        return {name: value.detach().cpu().contiguous() for name, value in out.items()}

    def most_bytes(self, n: int) -> int:
        """That the state of n examples can take: parameters, the best so far, the optimizer's memory, and weights."""
        copies = COPIES + optimizers.COPIES[self.config.optimizer]
        weights = BYTES_A_WEIGHT * n if self.config.importance else 0
        return copies * sum(int(value.nbytes) for value in self.model.state_dict().values()) + weights

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up a state made by `tensors()`.

        Raises:
            TrainingError: the tensors aren't a state of this model.
        """
        try:
            self.model.load_state_dict(_part(tensors, "model."))
            players: dict[str, dict[str, Tensor]] = {}
            for name, value in _part(tensors, "optimizer.").items():
                player, *own = name.rsplit(".", 2)
                players.setdefault(player, {})[".".join(own)] = value
            for player, remembered in players.items():
                optimizers.restore(self.optimizer(player), self.config.optimizer, remembered)
            self.rng.set_state(tensors["rng"])
            self.step, self.waited = (int(number) for number in tensors["position"])
            self.best = float(tensors["best"])
            if self.config.schedule == "plateau":
                self.plateau = Plateau.of(tensors["plateau"])
            best = {k: v.to(self.device) for k, v in _part(tensors, "best.").items()}
            if best and {k: v.shape for k, v in best.items()} != {
                k: v.shape for k, v in self.model.state_dict().items()
            }:
                raise ValueError("The best parameters are another model's.")
            self.best_parameters = best
            weights = _part(tensors, "importance.")
            self.weights = Weights.of(weights) if weights else None
        except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            raise TrainingError("The checkpoint doesn't fit this model, so training can't be resumed.") from error

    def note_headline(self, found: float) -> None:
        """Note the validation headline of an epoch; with patience keep a copy of the parameters of the best so far."""
        if self.config.schedule == "plateau":
            self.plateau.note(found)
        if not self.config.patience:
            return
        self.waited += 1
        if found < self.best:
            self.best, self.waited = found, 0
            self.best_parameters = {k: v.detach().clone() for k, v in self.model.state_dict().items()}


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
