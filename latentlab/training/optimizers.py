"""The optimizers of the one loop, and what they remember as named tensors, from which a training is resumed.

    adam      θ ← θ - η m̂ / (√v̂ + ε)         AdamW: running means of g and g² (Kingma & Ba 2015)
    sgd       θ ← θ - η g
    momentum  b ← μ b + g,  θ ← θ - η b        (Polyak 1964)
    rmsprop   θ ← θ - η g / (√v + ε)          running mean of g² (Tieleman & Hinton 2012)
    lbfgs     steps along -H⁻¹ g, with H from the last steps and changes of g (Nocedal 1980), each as long as the
              strong Wolfe conditions ask for; it takes all examples at once, and noise that is drawn once

The decay of the weights is AdamW's; of SGD, momentum and RMSProp it is λ θ added to g.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from latentlab.models import Trains
from latentlab.training.config import TrainConfig, TrainingError

PAIRS = 20  # that L-BFGS keeps
ITERATIONS = 20  # of L-BFGS in a step of the loop
COPIES = {"adam": 2, "sgd": 0, "momentum": 1, "rmsprop": 1, "lbfgs": 2 * PAIRS + 2}  # of the parameters, remembered
_STATES = {  # the tensors that an optimizer remembers of each parameter
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "momentum": {"momentum_buffer"},
    "rmsprop": {"step", "square_avg"},
}
_LISTS = ("old_dirs", "old_stps", "ro")  # of L-BFGS: changes of the gradient, steps, 1 / their product
_VECTORS = ("d", "prev_flat_grad")
_NUMBERS = {"t": float, "H_diag": float, "prev_loss": float, "n_iter": int, "func_evals": int}


def optimizer_for(
    config: TrainConfig, parameters: Iterable[nn.Parameter], betas: tuple[float, float]
) -> torch.optim.Optimizer:
    """A fresh optimizer of a training.

    Args:
        config: which one, and its knobs.
        parameters: that it moves.
        betas: of Adam's running means.
    """
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, rate, weight_decay=decay)
        case "momentum":
            return torch.optim.SGD(parameters, rate, config.momentum, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, weight_decay=decay)
        case "lbfgs":
            return torch.optim.LBFGS(
                parameters, 1.0, ITERATIONS, history_size=PAIRS, line_search_fn="strong_wolfe", tolerance_change=0.0
            )
        case _:
            return torch.optim.AdamW(parameters, rate, betas, weight_decay=decay, fused=True)


def check_optimizer(model: type[Trains], config: TrainConfig) -> None:
    """Refuse what makes no sense together.

    Raises:
        TrainingError: it doesn't, and why.
    """
    if config.optimizer != "lbfgs":
        return
    if len(model.players) > 1:
        raise TrainingError(
            f"L-BFGS can't train the {len(model.players)} players of “{model.title}”: its line search needs one loss "
            "that stays the same; choose another optimizer."
        )
    wrong = {"gradient clipping": config.clip, "weight decay": config.weight_decay, "bfloat16": config.bf16}
    for name, value in wrong.items():
        if value:
            raise TrainingError(f"L-BFGS measures the loss along each step, which {name} would falsify; leave it off.")


def remembered(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer remembers, by "<index of the parameter>.<name>"."""
    states = optimizer.state_dict()["state"]
    if isinstance(optimizer, torch.optim.LBFGS):
        states = {index: _packed(state) for index, state in states.items()}
    return {f"{index}.{name}": value for index, state in states.items() for name, value in state.items()}


def restore(optimizer: torch.optim.Optimizer, kind: str, tensors: Mapping[str, Tensor]) -> None:
    """Give a fresh optimizer what another one of its kind remembered.

    Raises:
        ValueError, LookupError: the tensors aren't of this kind of optimizer, or of other parameters.
    """
    states: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        index, _, own = name.rpartition(".")
        states.setdefault(int(index), {})[own] = value
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if kind == "lbfgs":
        size = sum(p.numel() for p in parameters)
        states = {index: _unpacked(state, size) for index, state in states.items()}
    elif any(
        state.keys() != _STATES.get(kind)
        or any(value.shape != parameters[index].shape for name, value in state.items() if name != "step")
        for index, state in states.items()
    ):
        raise ValueError("What the optimizer remembered doesn't fit the parameters.")
    optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})


def _packed(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """What L-BFGS remembers as tensors: lists stacked, numbers exactly."""
    out = {name: torch.stack(state[name]) for name in _LISTS if state.get(name)}
    out |= {name: state[name] for name in _VECTORS if name in state}
    for name, kind in _NUMBERS.items():
        if name in state:
            out[name] = torch.tensor(kind(state[name]), dtype=torch.float64 if kind is float else torch.int64)
    return out


def _unpacked(tensors: Mapping[str, Tensor], size: int) -> dict[str, Any]:
    """`_packed` undone, for parameters of so many numbers.

    Raises:
        ValueError: it isn't what L-BFGS remembers of them.
    """
    if not tensors.keys() <= {*_LISTS, *_VECTORS, *_NUMBERS}:
        raise ValueError("That isn't what L-BFGS remembers.")
    lists = {name: [row.clone() for row in tensors.get(name, ())] for name in _LISTS}  # aligned as fresh ones are
    if len({len(found) for found in lists.values()}) > 1 or len(lists["ro"]) > PAIRS:
        raise ValueError("L-BFGS remembers pairs of steps and changes of the gradient.")
    vectors = {name: tensors[name].clone() for name in _VECTORS if name in tensors}
    for vector in (*vectors.values(), *lists["old_dirs"], *lists["old_stps"]):
        if vector.shape != (size,):
            raise ValueError("L-BFGS remembers steps of other parameters.")
    numbers = {name: kind(tensors[name]) for name, kind in _NUMBERS.items() if name in tensors}
    return {**(lists if vectors else {}), **vectors, **numbers}
