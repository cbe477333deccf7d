"""The parameters of a model on disk: a safetensors file, written whole, read without trust."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from latentlab.device import generator
from latentlab.knobs import from_dict
from latentlab.models import Model
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.serialization import HEADER, RunError, read_tensors, write_tensors
from latentlab.training.config import TrainConfig


def save(path: Path, model: Model, dtype: torch.dtype = torch.float32) -> None:
    """Write the parameters and buffers of a model; `dtype` is that of what isn't a whole number."""
    state = model.state_dict().items()
    tensors = {name: (v.to(dtype) if v.is_floating_point() else v).cpu().contiguous() for name, v in state}
    write_tensors(path, tensors)


def read(run: Run, path: Path) -> Model:
    """The model of a run with the parameters of a file, frozen, in float32 on the CPU.

    Raises:
        RunError: the file is missing, damaged, doesn't fit the model, or holds what is no number.
    """
    described = _described(run)
    weights = read_tensors(path, most_bytes(run))
    if {name: value.shape for name, value in weights.items()} != {n: value.shape for n, value in described.items()}:
        raise RunError("Its weights don't fit the model that run.json describes.")
    if not all(value.dtype == torch.float32 for value in weights.values()):
        raise RunError("Its weights are not of a precision that LatentLab reads.")
    if not all(bool(value.isfinite().all()) for value in weights.values()):
        raise RunError("Its weights hold values that are not numbers.")
    model = run.build()
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def most_bytes(run: Run) -> int:
    """How large a file with the parameters of a run can be.

    Raises:
        RunError: run.json describes a model that can't be built.
    """
    return HEADER + sum(value.nbytes for value in _described(run).values())


def untrained(run: Run) -> Model:
    """The model of a run as it was before training, drawn again from the run's seed; frozen, on the CPU.

    Raises:
        RunError: run.json describes a model that can't be built.
    """
    _described(run)
    model = run.build()
    initialise(model, generator(from_dict(TrainConfig, run.train).seed))
    return model.eval().requires_grad_(False)


def _described(run: Run) -> dict[str, Tensor]:
    """Name -> every tensor of the model, without memory taken for it."""
    try:
        with torch.device("meta"):
            described = run.build()
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise RunError("run.json describes a model that can't be built.") from error
    return dict(described.state_dict())
