"""Codes of many examples, and the outputs of any layer of a model for them.

A chunk at a time and without gradients, so memory is that of the result and of one chunk. The model is in evaluation
mode: an example may not depend on the others of its chunk.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from latentlab.analysis.arrays import Floats
from latentlab.models import Encodes, InfersLatents, Model
from latentlab.models.elsewhere import RunsElsewhere

Encode = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, z_dim)
Note = Callable[[nn.Module, tuple[Any, ...], Any], None]  # a module, its inputs, its output
Keep = Callable[[str, Tensor], Tensor]  # a layer's name and (B, ...) -> (B, k)

T = TypeVar("T")
NO_THREAD = -1  # of which none is the number


@dataclass(frozen=True)
class NetworkLayer:
    """A layer that runs when an example goes through a model."""

    name: str  # dotted
    kind: str  # its class: "Linear", "ReLU"
    shape: tuple[int, ...]  # of what it gives for one example
    affine: bool  # a linear map and a shift: no linear probe fits better after it than before it

    @property
    def size(self) -> int:
        """Numbers that it gives for one example."""
        return math.prod(self.shape)


AFFINE = (nn.Linear, _ConvNd, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, _BatchNorm)  # in eval()
RESHAPES = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)  # in eval()
CHUNK = 250  # a convolutional encoder took 2.6 times as long for chunks of 1,000: they don't fit the cache


def encoder_of(model: Model) -> Encode:
    """The mean of the code of examples; of the first layer where a model has several.

    Raises:
        TypeError: it has no codes.
    """
    if isinstance(model, InfersLatents):
        name = model.layers[0].name
        return lambda x: model.infer(x)[name].mean
    if isinstance(model, Encodes):
        return model.encode
    raise TypeError(f"{model.name} has no codes.")


def encode_all(encode: Encode, x: Tensor | NDArray[np.generic], batch: int = CHUNK) -> Floats:
    """The codes of N examples.

    Args:
        encode: (B, *shape) float32 -> (B, z_dim), on the device where x is.
        x: (N, *shape), N at least 1; uint8 is scaled to [0, 1], as a data set does.
        batch: examples at once.

    Returns:
        (N, z_dim); codes of more dimensions are flattened.

    Raises:
        ValueError: there are no examples, or not a code for each.
    """
    found: list[Floats] = []
    for rows, part in _chunks(x, batch):
        _keep(found, rows, len(x), _evaluate(encode, part), "The encoder")
    return found[0]


def activations(
    model: nn.Module,
    x: Tensor | NDArray[np.generic],
    layers: Sequence[str],
    forward: Callable[[Tensor], object] | None = None,
    batch: int = CHUNK,
    keep: Keep | None = None,
) -> dict[str, Floats]:
    """What layers of a model give for N examples, read by hooks that are gone afterwards.

    Args:
        model: the module whose layers are meant; other threads may use it meanwhile.
        x: (N, *shape), as in `encode_all`.
        layers: dotted names, of `layer_names`.
        forward: what runs the model, (B, *shape) -> anything, such as `model.encode`; the model itself if None.
        batch: examples at once.
        keep: the part of a layer's output that is wanted, so that the whole never is in memory; all of it if None.

    Returns:
        Name -> (N, d), flattened; of a layer that runs several times for an example, the last time.

    Raises:
        ValueError: an unknown layer, one that `forward` doesn't run or that gives no tensor of B rows; no examples.
    """
    if isinstance(model, RunsElsewhere):
        return _activations_elsewhere(model, x, layers, forward or model, batch, keep)
    modules = dict(model.named_modules())
    unknown = [name for name in layers if name not in layer_names(model)]
    if unknown:
        raise ValueError(f"No layer is called {', '.join(unknown)}; known are {', '.join(layer_names(model))}.")
    outputs: dict[nn.Module, object] = {}
    found: dict[str, list[Floats]] = {name: [] for name in layers}

    def note(module: nn.Module, _inputs: object, output: object) -> None:
        outputs[module] = output.clone() if isinstance(output, Tensor) else output  # the next layer may work in place

    with observed((modules[name] for name in layers), note):
        for rows, part in _chunks(x, batch):
            outputs.clear()
            _evaluate(forward or model, part)
            for name in layers:
                if modules[name] not in outputs:
                    raise ValueError(f"Layer {name} doesn't run when the examples go through.")
                output = outputs[modules[name]]
                if keep is not None and isinstance(output, Tensor):
                    output = keep(name, output)
                _keep(found[name], rows, len(x), output, f"Layer {name}")
    return {name: parts[0] for name, parts in found.items()}


def layers(
    model: nn.Module, x: Tensor | NDArray[np.generic], forward: Callable[[Tensor], object] | None = None
) -> tuple[NetworkLayer, ...]:
    """The innermost layers that run for an example, in the order in which they do, without those that only reshape.

    Args:
        model: the module whose layers are meant.
        x: (N, *shape) with N at least 1; only the first is looked at.
        forward: as in `activations`.
    """
    if isinstance(model, RunsElsewhere):
        one = next(_chunks(x[:1], 1))[1]
        return tuple(NetworkLayer(*layer) for layer in model.layers_run(lambda: _evaluate(forward or model, one)))
    names = {module: name for name, module in model.named_modules() if name and not list(module.children())}
    found: dict[str, NetworkLayer] = {}

    def note(module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim > 1:
            name, shape, affine = names[module], tuple(output.shape[1:]), isinstance(module, AFFINE)
            found.pop(name, None)  # one that runs again counts where it runs last, as its activations do
            found[name] = NetworkLayer(name, type(module).__name__, shape, affine)

    with observed((module for module in names if not isinstance(module, RESHAPES)), note):
        for _, part in _chunks(x[:1], 1):
            _evaluate(forward or model, part)
    return tuple(found.values())


def _activations_elsewhere(
    model: RunsElsewhere, x: Tensor | NDArray[np.generic], layers: Sequence[str], forward: Callable[[Tensor], object],
    batch: int, keep: Keep | None,
) -> dict[str, Floats]:  # fmt: skip
    """As `activations`, of a network whose layers can't be hooked from here."""
    found: dict[str, list[Floats]] = {name: [] for name in layers}
    for rows, part in _chunks(x, batch):
        outputs = model.outputs(layers, partial(_evaluate, forward, part))
        for name in layers:
            output = outputs[name] if keep is None else keep(name, outputs[name])
            _keep(found[name], rows, len(x), output, f"Layer {name}")
    return {name: parts[0] for name, parts in found.items()}


@contextmanager
def observed(modules: Iterable[nn.Module], note: Note) -> Iterator[None]:
    """Inside, whatever this thread runs of modules is noted: by hooks, which are gone afterwards.

    Args:
        modules: whose calls count; other threads may use them meanwhile, and those calls don't.
        note: takes the module, its inputs and its output; what it raises ends the call.
    """
    hook = _Hook(threading.get_ident(), note)
    with ExitStack() as hooks:
        for module in modules:
            hooks.enter_context(module.register_forward_hook(hook))
        yield


class _Hook:
    """Notes what one thread runs of a module; in a copy of the module, which another thread may make, nothing."""

    def __init__(self, thread: int, note: Note) -> None:
        self.thread, self.note = thread, note

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == self.thread:
            self.note(module, inputs, output)

    def __reduce__(self) -> tuple[type[_Hook], tuple[int, Note]]:
        return _Hook, (NO_THREAD, _nothing)


def _nothing(_module: nn.Module, _inputs: tuple[Any, ...], _output: Any) -> None:
    """The note of a hook that notes nothing."""


def layer_names(model: nn.Module) -> tuple[str, ...]:
    """The dotted names of all layers inside a model, in the order of their declaration."""
    return tuple(name for name, _ in model.named_modules() if name)


def _chunks(x: Tensor | NDArray[np.generic], size: int) -> Iterator[tuple[slice, Tensor]]:
    if len(x) == 0:
        raise ValueError("There are no examples.")
    for start in range(0, len(x), size):
        rows = slice(start, min(start + size, len(x)))
        part = x[rows] if isinstance(x, Tensor) else torch.tensor(x[rows])
        yield rows, part.float().div_(255) if part.dtype == torch.uint8 else part.float()


@torch.no_grad()
def _evaluate(function: Callable[[Tensor], T], part: Tensor) -> T:
    return function(part)


def _keep(found: list[Floats], rows: slice, n: int, output: object, who: str) -> None:
    """Write a chunk into the one array of `found`, which is made when the first chunk shows how wide it is."""
    if not isinstance(output, Tensor) or output.ndim == 0 or len(output) != rows.stop - rows.start:
        raise ValueError(f"{who} gives something else than a tensor with a row for each example.")
    flat = output.detach().reshape(len(output), -1).float().cpu().numpy()
    if not found:
        found.append(np.empty((n, flat.shape[1]), np.float32))
    found[0][rows] = flat
