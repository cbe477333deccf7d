"""A decoder of style and class as plain steps, so that a browser can draw a whole row while a slider moves.

    program = unroll_as(model.decode, model, z_dim=5, n_classes=10)
    program.run(z and the one-hot class side by side)

The class is ten more numbers of the code: what `program.py` says holds here too, of codes of z_dim + K numbers.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.analogy import DecodeAs
from latentlab.analysis.program import CHECKED, TOLERANCE, Program, ProgramError, unroll
from latentlab.nn import BatchNorm, JointMLP


def unroll_as(decode: DecodeAs, network: nn.Module, z_dim: int, n_classes: int) -> Program:
    """Tell a decoder of style and class as plain steps of (z_dim + K) numbers, the class one-hot.

    Args:
        decode: (B, z_dim), (B,) -> (B, *shape) through one `JointMLP` of z and the one-hot y, and a sigmoid.
        network: the module that it is in, in eval mode.
        z_dim: dimensions of the style.
        n_classes: K.

    Raises:
        ProgramError: the decoder is something else, or too large.
    """
    z = torch.randn(CHECKED, z_dim, generator=device.generator(0))
    y = torch.arange(CHECKED) % n_classes
    joint = _called(decode, network, z, y)
    first, second = joint.inputs
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    both = nn.Linear(z_dim + n_classes, first.out_features)
    with torch.no_grad():
        both.weight.copy_(torch.cat([first.weight, second.weight], 1))
        both.bias.copy_(first.bias)
    chain = nn.Sequential(both, *(_plain(layer) for layer in joint.layers), nn.Sigmoid()).eval()
    width = z_dim + n_classes
    program = unroll(chain, chain, width, np.zeros(width, np.float32), np.ones(width, np.float32))
    with torch.no_grad():
        expected = decode(z, y)
    program = Program(width, tuple(expected.shape[1:]), program.steps)
    got = program.run(torch.cat([z, F.one_hot(y, n_classes).float()], 1))
    if not bool(((got - expected).abs() <= TOLERANCE).all()):
        raise ProgramError("The decoder does more than its network of style and class.")
    return program


def _called(decode: DecodeAs, network: nn.Module, z: Tensor, y: Tensor) -> JointMLP:
    """The one network of style and class that `decode` runs."""
    calls: list[tuple[JointMLP, tuple[Any, ...]]] = []
    here = threading.get_ident()

    def seen(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if threading.get_ident() == here and isinstance(module, JointMLP):  # not another thread's use of a shared model
            calls.append((module, inputs))

    hooks = [part.register_forward_pre_hook(seen) for part in network.modules() if isinstance(part, JointMLP)]
    try:
        with torch.no_grad():
            decode(z, y)
    finally:
        for hook in hooks:
            hook.remove()
    if len(calls) != 1 or len(calls[0][1]) != 2 or calls[0][1][0].shape != z.shape:
        raise ProgramError("The decoder is more than one network of style and class, so it runs on the server.")
    return calls[0][0]


def _plain(layer: nn.Module) -> nn.Module:
    """The same layer in PyTorch's own terms."""
    if not isinstance(layer, BatchNorm):
        return layer
    norm = nn.BatchNorm1d(len(layer.mean))
    with torch.no_grad():
        norm.weight.copy_(layer.scale)
        norm.bias.copy_(layer.shift)
    norm.running_mean, norm.running_var = layer.mean, layer.variance
    return norm
