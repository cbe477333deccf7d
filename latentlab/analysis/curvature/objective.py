"""A mean loss over fixed examples as a function of all parameters in one vector, with its gradient and H v.

    L(θ) = 1/n Σ_n loss_n(θ)        g = ∇L        H v = ∇(gᵀv)        (Pearlmutter 1994; Alain 2018, §11.A)

The examples and the noise are the same at each evaluation, which an eigensolver assumes. The loss is that of
validation: without dropout, with the running statistics of batch normalisation, at the end of a warm-up.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from latentlab import device
from latentlab.analysis.arrays import Doubles, doubles
from latentlab.data import Dataset
from latentlab.models import Trains
from latentlab.nn.twice_differentiable import conv2d

CHUNK = 500  # examples whose graph is alive at once


class NotFiniteError(ValueError):
    """A loss or its derivative isn't a finite number; the message is one sentence for the user."""


class Objective:
    """L(θ), g and H v of a network, as functions of float64 vectors; θ is where `move` last went."""

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        parts: Callable[[], Iterator[Tensor]],
        n: int,
        one_part: bool = True,
    ) -> None:
        """Take the parameters by name, and what yields the summed losses of parts of the n examples, or of one part."""
        self._names, self.parameters = list(parameters), list(parameters.values())
        self.size = sum(p.numel() for p in self.parameters)
        self._parts, self._n, self._one_part = parts, n, one_part
        self._graph: Tensor | None = None  # of the gradient, where the examples are one part
        self.n_products = 0

    @property
    def layers(self) -> dict[str, slice]:
        """Layer -> where its parameters lie in θ; a parameter of the model itself is a layer of its own."""
        found: dict[str, slice] = {}
        start = 0
        for layer, size in layer_sizes(zip(self._names, self.parameters, strict=True)).items():
            found[layer] = slice(start, start + size)
            start += size
        return found

    @property
    def theta(self) -> Doubles:
        """(d,): where it stands."""
        return doubles(torch.cat([p.detach().flatten() for p in self.parameters]))

    def move(self, theta: Doubles) -> None:
        """Go to parameters (d,)."""
        given, self._graph = torch.from_numpy(theta), None
        with torch.no_grad():
            for p, part in zip(self.parameters, given.split([p.numel() for p in self.parameters]), strict=True):
                p.copy_(part.reshape(p.shape))

    def loss(self, theta: Doubles | None = None) -> float:
        """L at parameters (d,), or where it stands; it stays there. What is no number is infinite."""
        here = None if theta is None else self.theta
        if theta is not None:
            self.move(theta)
        with torch.no_grad():
            found = math.fsum(part.item() for part in self._parts()) / self._n
        if here is not None:
            self.move(here)
        return found if math.isfinite(found) else math.inf

    def gradient(self) -> Doubles:
        """(d,): g where it stands.

        Raises:
            NotFiniteError: the loss or the gradient isn't finite.
        """
        return _finite(sum(doubles(part) for part in self._gradients(False)) / self._n, "gradient")

    def product(self, v: Doubles) -> Doubles:
        """(d,) -> (d,): H v where it stands.

        The graph of the gradient is kept while it stays there, if the examples are one part: a product is then one
        backward pass.

        Raises:
            NotFiniteError: it isn't finite.
        """
        self.n_products += 1
        direction = torch.from_numpy(np.ascontiguousarray(v)).to(self.parameters[0])
        if self._graph is not None:
            return _finite(self._backward(self._graph, direction, keep=True) / self._n, "product")
        total = np.zeros(self.size)
        for flat in self._gradients(True):
            self._graph = flat if self._one_part else None
            total += self._backward(flat, direction, keep=self._one_part)
        return _finite(total / self._n, "product")

    def _gradients(self, graph: bool) -> Iterator[Tensor]:
        """Of each part the gradient (d,) of its summed loss."""
        for part in self._parts():
            if not math.isfinite(part.item()):
                raise NotFiniteError("The loss isn't finite here, so it has no curvature.")
            yield self._flat(
                torch.autograd.grad(
                    part, self.parameters, create_graph=graph, allow_unused=True, materialize_grads=True
                )
            )

    def _flat(self, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat([part.flatten() for part in parts])

    def _backward(self, flat: Tensor, direction: Tensor, keep: bool) -> Doubles:
        if not flat.requires_grad:  # the loss is linear in the parameters
            return np.zeros(self.size)
        found = torch.autograd.grad(
            flat, self.parameters, direction, retain_graph=keep, allow_unused=True, materialize_grads=True
        )
        return doubles(self._flat(found))


def layer_sizes(parameters: Iterable[tuple[str, nn.Parameter]]) -> dict[str, int]:
    """Layer -> how many parameters it has, in the order of their names; one of the model itself is its own layer."""
    found: dict[str, int] = {}
    for name, parameter in parameters:
        layer = name.rpartition(".")[0] or name
        found[layer] = found.get(layer, 0) + parameter.numel()
    return found


def objective_of(
    model: Trains, data: Dataset, *, seed: int = 0, precision: torch.dtype = torch.float64, chunk: int = CHUNK
) -> Objective:
    """The loss of a model over examples, with noise from a seed; the model itself stays as it is.

    Args:
        model: of one player, on the CPU.
        data: the examples; those without a label are left to the model.
        seed: of the noise that the loss draws, if any.
        precision: float64, or float32 where there are many parameters and time is short.
        chunk: examples whose graph is alive at once.

    Raises:
        ValueError: there are no examples, or the model has several players.
    """
    if not len(data):
        raise ValueError("There are no examples whose loss could be curved.")
    if len(model.players) > 1:
        raise ValueError(f"The {len(model.players)} players of “{model.title}” have no one loss, so no Hessian.")
    own = copy.deepcopy(model).to(precision).eval().requires_grad_(True)
    batches = [data[start : start + chunk].batch() for start in range(0, len(data), chunk)]

    def parts() -> Iterator[Tensor]:
        rng = device.generator(seed)
        for batch in batches:
            with _Precision(precision):
                (loss,) = own.losses(batch._replace(x=batch.x.to(precision)), rng)
            yield loss.value.sum()

    return Objective(dict(own.named_parameters()), parts, len(data), len(batches) == 1)


class _Precision(TorchFunctionMode):
    """Inside, what a model casts to float32 (after autocast in a training) or draws in it, is of one precision."""

    FACTORIES = (torch.randn, torch.rand, torch.zeros, torch.ones, torch.full, torch.empty, torch.eye)

    def __init__(self, precision: torch.dtype) -> None:
        super().__init__()
        self.precision = precision

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call `func` with this precision in place of float32."""
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.float:
            return args[0].to(self.precision)
        if func is torch.conv2d and _is_plain(*args, **kwargs):
            return conv2d(*args[:6])
        found = func(*args, **kwargs)
        is_fresh = func in self.FACTORIES and isinstance(found, Tensor) and found.dtype == torch.float32
        return found.to(self.precision) if is_fresh else found


def _is_plain(*args: Any, **kwargs: Any) -> bool:
    """Whether a convolution is called as `nn.Conv2d` calls it, of one group and with padding in numbers."""
    return len(args) == 7 and not kwargs and args[6] == 1 and all(isinstance(one, tuple) for one in args[3:6])


def _finite(values: Any, what: str) -> Doubles:
    if not np.isfinite(values).all():
        raise NotFiniteError(f"The {what} of the loss isn't finite here, so it has no curvature.")
    return np.asarray(values, np.float64)
