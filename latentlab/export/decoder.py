"""A decoder as a list of plain steps, so that something without PyTorch can run it: a browser, while the mouse moves.

    program = unroll(model.decode, model.decoder, z_dim=20)
    program.to_bytes()          # a JSON header and half-precision numbers
    program.run(z)              # what those bytes compute, by NumPy-like rules: the reference of every other runtime

The steps are recorded by hooks while the decoder runs, and the result is checked against it: what can't be compiled
exactly is rejected with a reason, never approximated silently.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.activations import observed
from latentlab.analysis.latent.traversal import Decode
from latentlab.export.program import LINKS, Array, Program, Step
from latentlab.models.elsewhere import RunsElsewhere
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm

MAX_NUMBERS = 8_000_000  # parameters: 16 MB in half precision
MAX_PRODUCTS = 20_000_000  # multiplications for one image: about 30 ms in a browser
TOLERANCE = 1 / 255  # of an intensity, through half-precision weights
CHECKED = 16  # codes on which the program must agree with the decoder

ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky-relu",
    nn.ELU: "elu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.Softplus: "softplus",
}
SILENT = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout2d)  # nothing to compute, in eval mode


class ProgramError(ValueError):
    """A decoder that can't be compiled to plain steps; the message is one sentence that says why."""


def unroll(
    decode: Decode, network: nn.Module, z_dim: int, center: NDArray[np.float32], scale: NDArray[np.float32]
) -> Program:
    """Compile a decoder to plain steps; that of a network elsewhere is compiled there.

    Args:
        decode: (B, z_dim) -> (B, *shape) through `network`, which must be a chain of layers, each used once.
        network: the module with the layers, in eval mode.
        z_dim: dimensions of the code.
        center, scale: (z_dim,); the program takes codes in units of their standard deviation, z = center + scale · s.

    Raises:
        ProgramError: a layer without a counterpart, layers that aren't a chain, or too large a network.
    """
    if isinstance(network, RunsElsewhere):
        try:
            return Program.from_bytes(network.unrolled(center.tolist(), scale.tolist()))
        except ValueError as error:
            raise ProgramError(str(error)) from error
    units = Step("affine", {"channels": z_dim, "size": 1}, (_half(scale), _half(center)))
    codes = torch.randn(CHECKED, z_dim, generator=device.generator(0))
    with torch.no_grad():
        expected = decode(torch.from_numpy(center) + torch.from_numpy(scale) * codes)
    return checked([units, *steps_of(decode, network, z_dim)], codes, expected)


def steps_of(decode: Decode, network: nn.Module, z_dim: int) -> list[Step]:
    """The steps of a decoder's layers, unchecked; arguments and errors are those of `unroll`."""
    return [
        _step(module, tuple(x.shape[1:]), tuple(out.shape[1:]))
        for module, x, out in _record(decode, network, z_dim)
        if not isinstance(module, SILENT)
    ]


def checked(steps: Sequence[Step], codes: Tensor, expected: Tensor) -> Program:
    """The program of steps and the link that make `expected`, (B, *shape), of `codes`, (B, z_dim).

    Raises:
        ProgramError: there is no such link, or they are too large.
    """
    if (n := sum(array.size for step in steps for array in step.arrays)) > MAX_NUMBERS:
        raise ProgramError(f"The decoder has {n:,} parameters; up to {MAX_NUMBERS:,} run in the browser.")
    if (n := sum(_products(step) for step in steps)) > MAX_PRODUCTS:
        raise ProgramError(f"The decoder multiplies {n:,} times for an image; up to {MAX_PRODUCTS:,} run live.")
    z_dim, shape = codes.shape[1], tuple(expected.shape[1:])
    values = Program(z_dim, (-1,), tuple(steps)).run(codes)
    for name, link in LINKS.items():
        if values.numel() == expected.numel() and bool(((link(values) - expected.flatten(1)).abs() <= TOLERANCE).all()):
            return Program(z_dim, shape, (*steps, Step(name)) if name != "identity" else (*steps,))
    raise ProgramError("The decoder does more than its layers.")


def _record(decode: Decode, network: nn.Module, z_dim: int) -> list[tuple[nn.Module, Tensor, Tensor]]:
    """Each layer that `decode` calls with its input and output, in order."""
    calls: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Any, ...], out: Any) -> None:
        if len(inputs) != 1 or not isinstance(inputs[0], Tensor) or not isinstance(out, Tensor):
            raise ProgramError(f"The layer {type(module).__name__} takes or gives more than one tensor.")
        calls.append((module, inputs[0], out))

    leaves = (module for module in network.modules() if next(module.children(), None) is None)
    with torch.no_grad(), observed(leaves, note):
        decode(torch.randn(2, z_dim, generator=device.generator(1)))
    if not calls:
        raise ProgramError("The decoder has no layers that can be seen.")
    for (_, _, before), (module, x, _) in itertools.pairwise(calls):
        if x.data_ptr() != before.data_ptr() or x.numel() != before.numel():
            raise ProgramError(f"Something happens between two layers, before a {type(module).__name__}.")
    return calls


def _step(module: nn.Module, shape: tuple[int, ...], out: tuple[int, ...]) -> Step:
    """The step of one layer for an input and an output of these shapes."""
    if isinstance(module, nn.Linear) and len(shape) == 1:
        return Step("linear", {"n_in": shape[0], "n_out": out[0]}, _weights(module))
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        plain = module.groups == 1 and set(module.dilation) == {1} and module.padding_mode == "zeros"
        if not plain or isinstance(module.padding, str):
            raise ProgramError("A grouped or dilated convolution has no counterpart in the browser.")
        kernel, stride, padding = module.kernel_size, module.stride, module.padding
        knows = {"in": shape, "out": out, "kernel": kernel, "stride": stride, "padding": padding}
        return Step("transpose" if isinstance(module, nn.ConvTranspose2d) else "convolve", knows, _weights(module))
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module.running_var is not None:
        assert module.running_mean is not None
        scale = (module.running_var + module.eps).rsqrt() * (module.weight if module.affine else 1)
        shift = (module.bias if module.affine else 0) - module.running_mean * scale
        return Step("affine", {"channels": shape[0], "size": math.prod(shape[1:])}, (_half(scale), _half(shift)))
    if isinstance(module, BatchNorm) and (len(shape) == 1 or isinstance(module, ChannelNorm)):
        scale = (module.variance + module.eps).rsqrt() * module.scale
        shift = module.shift - module.mean * scale
        return Step("affine", {"channels": shape[0], "size": math.prod(shape[1:])}, (_half(scale), _half(shift)))
    name = ACTIVATIONS.get(type(module))
    if name is None:
        raise ProgramError(f"The layer {type(module).__name__} has no counterpart in the browser.")
    if isinstance(module, nn.LeakyReLU):
        return Step(name, {"slope": module.negative_slope})
    if isinstance(module, nn.ELU):
        return Step(name, {"slope": module.alpha})
    if isinstance(module, nn.GELU) and module.approximate != "none":
        raise ProgramError("The approximate GELU has no counterpart in the browser.")
    if isinstance(module, nn.Softplus) and (module.beta, module.threshold) != (1, 20):
        raise ProgramError("A softplus with a β of its own has no counterpart in the browser.")
    return Step(name)


def _weights(module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> tuple[Array, Array]:
    n_out = module.out_features if isinstance(module, nn.Linear) else module.out_channels
    bias = module.bias if module.bias is not None else torch.zeros(n_out)
    return _half(module.weight), _half(bias)


def _half(values: Tensor | NDArray[np.float32]) -> Array:
    array = torch.as_tensor(values).detach().cpu().flatten().numpy()
    if not (np.abs(array) <= np.finfo(np.float16).max).all():
        raise ProgramError("The decoder has numbers that half precision can't hold.")
    return array.astype(np.float16)


def _products(step: Step) -> int:
    """Multiplications of a step."""
    match step.op:
        case "linear":
            return int(step.knows["n_in"] * step.knows["n_out"])
        case "convolve":
            return int(step.arrays[0].size * math.prod(step.knows["out"][1:]))
        case "transpose":
            return int(step.arrays[0].size * math.prod(step.knows["in"][1:]))
        case _:
            return 0
