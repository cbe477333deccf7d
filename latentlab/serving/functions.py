"""The user's functions, called as LatentLab's models are: whatever they take and give, tensors come and go.

What a function takes and gives is found by calling it once with two examples. A layer of the user's network is in
evaluation mode while it runs, and is put back afterwards.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.models import Derivative

Function = Callable[..., Any]
MEANS, LOG_VARS = ("mean", "mu", "loc"), ("log_var", "logvar", "log_variance")  # keys of what an encoder gives
STEP = float(np.finfo(np.float32).eps) ** (1 / 3)  # of a central difference
MOST_DIFFERENCES = 256  # numbers of an input: each takes two calls


class ServingError(ValueError):
    """A function of the user's that can't be used; the message is one sentence.

    Attributes:
        details: the traceback of the function; empty where it did not fail by itself.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


@dataclass(frozen=True, eq=False)
class Call:
    """A function of the user's.

    Attributes:
        name: what it is called: `encode`.
        function: takes a batch.
        network: whose device, mode and precision it has; None where it belongs to no network.
        takes_arrays: NumPy's, not tensors.
        extra: further arguments, after the batch.
    """

    name: str
    function: Function
    network: nn.Module | None = None
    takes_arrays: bool = False
    extra: tuple[Any, ...] = ()

    def __call__(self, x: Tensor) -> Any:
        """What it gives for a batch, as it gives it.

        Raises:
            ServingError: it fails.
        """
        where = next(self.network.parameters(), x) if self.network is not None else x
        batch: Any = x.to(where.device, where.dtype if where.is_floating_point() else x.dtype)
        if self.takes_arrays:
            batch = x.detach().cpu().numpy()
        return self._result(batch, f"on {len(x)} examples of shape {tuple(x.shape[1:])}")

    def draw(self, n: int) -> Any:
        """What it gives for a number of examples, as it gives it.

        Raises:
            ServingError: it fails.
        """
        return self._result(n, f"to draw {n} examples")

    def _result(self, given: Any, doing: str) -> Any:
        try:
            with evaluating(self.network):
                return self.function(given, *self.extra)
        except Exception as error:  # a function of the user's may raise anything
            raise ServingError(
                f"{self.name} failed {doing}: {type(error).__name__}: {_first_line(error)}", traceback.format_exc()
            ) from error


def as_call(name: str, function: Function, network: nn.Module | None, x: Tensor, extra: tuple[Any, ...] = ()) -> Call:
    """A function with what it takes found out: tensors, or arrays where it fails on tensors or makes arrays of them.

    Args:
        name: what it is called.
        function: the user's; a module, a method of one, or any other.
        network: the user's module, for a function that belongs to none by itself.
        x: a small batch that it has to take.
        extra: further arguments.

    Raises:
        ServingError: it takes neither.
    """
    owner = owner_of(function)
    call = Call(name, function, owner if owner is not None else network, False, extra)
    failed: ServingError | None = None
    try:
        with torch.no_grad():
            found = call(x)
    except ServingError as error:
        failed = error
    if owner is not None or (failed is None and not isinstance(found, np.ndarray)):
        if failed is not None:
            raise failed
        return call
    arrays = Call(name, function, None, True, extra)
    try:
        arrays(x)
    except ServingError:
        if failed is not None:
            raise failed from None
        return call
    return arrays


def owner_of(function: Function) -> nn.Module | None:
    """The module that a function is, or is a method of."""
    owner = function if isinstance(function, nn.Module) else getattr(function, "__self__", None)
    return owner if isinstance(owner, nn.Module) else None


def extra_arguments(function: Function, sigma: float) -> tuple[float, ...]:
    """What a denoiser takes beside the batch: the noise's standard deviation, if it has a second argument without a
    default.
    """
    called = function.forward if isinstance(function, nn.Module) else function
    try:
        known = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):  # built in
        return ()
    places = [p for p in known if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return (sigma,) if len(places) > 1 else ()


def tensor_of(found: Any, name: str, n: int) -> Tensor:
    """A result as a float tensor of n rows on the CPU, still differentiable: the first of several, or its `sample`.

    Raises:
        ServingError: it is something else.
    """
    if isinstance(found, (tuple, list)) and found:
        found = found[0]
    for attribute in ("sample", "logits", "last_hidden_state"):  # of the outputs of diffusers and transformers
        inner = getattr(found, attribute, None)
        if isinstance(inner, Tensor):
            found = inner
    value = found if isinstance(found, Tensor) else _array(found)
    if value is None or not value.ndim or len(value) != n:
        raise ServingError(f"{name} gives {_outline(found)} for {n} examples; a tensor with a row for each is needed.")
    return value.float().cpu()


def gaussian_of(found: Any, n: int) -> tuple[Tensor, Tensor] | None:
    """The mean and the log std that an encoder gives, (n, …) each; None where it gives a code alone.

    Taken for one: a distribution with `mean` and `stddev` (or `std`), also as `latent_dist`; a mapping with a mean and
    a log variance; a tuple (mean, log variance) or (code, mean, log variance) of tensors of one shape.
    """
    found = getattr(found, "latent_dist", found)
    mean = getattr(found, "mean", None)
    std = getattr(found, "stddev", getattr(found, "std", None))
    if isinstance(mean, Tensor) and isinstance(std, Tensor):
        return mean.float().cpu(), std.float().log().cpu()
    pair: Sequence[Any] = ()
    if isinstance(found, Mapping):
        pair = [found[key] for keys in (MEANS, LOG_VARS) for key in keys if key in found]
    elif isinstance(found, (tuple, list)) and len(found) in (2, 3):
        pair = found[-2:]
    values = [one if isinstance(one, Tensor) else _array(one) for one in pair]
    if len(values) != 2 or any(one is None or one.ndim < 2 or len(one) != n for one in values):
        return None
    mean, log_var = (one.float().cpu() for one in values if one is not None)
    return (mean, log_var / 2) if mean.shape == log_var.shape else None


def log_probabilities(value: Tensor) -> Tensor:
    """(B, K) class scores as log-probabilities, whether they are logits, probabilities or log-probabilities."""
    value = value.flatten(1)
    total = value.detach().sum(1)
    if bool((value >= 0).all()) and torch.allclose(total, torch.ones_like(total), atol=1e-3):
        return value.clamp(min=torch.finfo(value.dtype).tiny).log()
    return value.log_softmax(1)


def product_with_jacobian(evaluate: Callable[[Tensor], Mapping[str, Tensor]], x: Tensor, by: Mapping[str, Tensor],
                          exact: bool, widths: Tensor) -> Tensor:  # fmt: skip
    """(B, *shape): the gradient of Σ by · evaluate(x) at x, by torch, or by central differences where it isn't `exact`.

    Args:
        evaluate: (B, *shape) -> (B, …) each.
        x: (B, *shape).
        by: of each result, (B, …).
        exact: whether torch is tried.
        widths: (*shape) by how much each number of x varies: a step is a small part of it.

    Raises:
        ServingError: x has too many numbers for differences.
    """
    if exact:
        place = x.detach().requires_grad_()
        with torch.enable_grad():
            found = evaluate(place)
            total = torch.stack([(found[key] * one).sum() for key, one in by.items()]).sum()
            if total.requires_grad and (slope := torch.autograd.grad(total, place, allow_unused=True)[0]) is not None:
                return slope
    flat = x.flatten(1)
    if flat.shape[1] > MOST_DIFFERENCES:
        raise ServingError(
            f"A gradient by {flat.shape[1]:,} numbers is needed, and the function is not torch's; "
            f"by differences {MOST_DIFFERENCES} are the most."
        )
    columns = []
    with torch.no_grad():
        for k, step in enumerate(torch.diag(STEP * widths.flatten())):
            above, below = flat + step, flat - step
            ends = [evaluate(place.reshape(x.shape)) for place in (above, below)]
            change = sum(((ends[0][key] - ends[1][key]) * one).reshape(len(x), -1).sum(1) for key, one in by.items())
            columns.append(change / (above - below)[:, k])  # as rounded
    return torch.stack(columns, 1).reshape(x.shape)


def derivative_of(evaluate: Callable[[Tensor], Tensor], x: Tensor) -> Derivative:
    """How the gradient of a function by a batch (B, *shape) can be had; it gives (B,)."""
    place = x.detach().requires_grad_()
    with torch.enable_grad(), suppress(RuntimeError, ServingError):  # of what torch can't follow
        found = evaluate(place)
        if found.requires_grad and torch.autograd.grad(found.sum(), place, allow_unused=True)[0] is not None:
            return Derivative.EXACT
    return Derivative.DIFFERENCES if x[0].numel() <= MOST_DIFFERENCES else Derivative.NONE


@contextmanager
def evaluating(network: nn.Module | None) -> Iterator[None]:
    """A network in evaluation mode; afterwards each of its parts is as it was."""
    modes = [(part, part.training) for part in network.modules()] if network is not None else []
    for part, _ in modes:
        part.training = False
    try:
        yield
    finally:
        for part, was in modes:
            part.training = was


def _array(found: Any) -> Tensor | None:
    try:
        values: NDArray[Any] = np.asarray(found)
    except (TypeError, ValueError):
        return None
    return torch.tensor(values) if values.dtype.kind in "biuf" else None


def _outline(found: Any) -> str:
    shape = getattr(found, "shape", None)
    return f"an array of shape {tuple(shape)}" if shape is not None else f"a {type(found).__name__}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]
