"""A decoder of style and class as plain steps, so that a browser can draw a whole row while a slider moves.

    program = unroll_as(model.decode, model, z_dim=5, n_classes=10)
    program.run(z and the one-hot class side by side)

The class is ten more numbers of the code: what `program.py` says holds here too, of codes of z_dim + K numbers. Where a
decoder is several networks in a row, such as p(a|z, y) and p(x|a, y, z), the mean of one is the input of the next,
which gets z and y by recalling the code.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.activations import observed
from latentlab.analysis.conditional.analogies import DecodeAs
from latentlab.export.decoder import CHECKED, ProgramError, checked, steps_of
from latentlab.export.program import Program, Step
from latentlab.nn.layers import JointMLP

OTHER = "The decoder is not a chain of networks of style and class, so it runs on the server."


class _Call(NamedTuple):
    network: JointMLP
    inputs: tuple[Tensor, ...]
    out: Tensor


def unroll_as(decode: DecodeAs, network: nn.Module, z_dim: int, n_classes: int) -> Program:
    """Compile a decoder of style and class to plain steps of (z_dim + K) numbers, the class one-hot.

    Args:
        decode: (B, z_dim), (B,) -> (B, *shape) through one `JointMLP` or several in a row, and a link. The first takes
            z or the one-hot y or both; each further one the first outputs of the one before, and z and y if it wants.
        network: the module that they are in, in eval mode.
        z_dim: dimensions of the style.
        n_classes: K.

    Raises:
        ProgramError: the decoder is something else, or too large.
    """
    rows = max(CHECKED, n_classes)  # every class is among them
    z, y = torch.randn(rows, z_dim, generator=device.generator(0)), torch.arange(rows) % n_classes
    known = [z, F.one_hot(y, n_classes).float()]
    calls, expected = _called(decode, network, z, y, known[1])
    means = [_handed_on(*both) for both in itertools.pairwise(calls)]
    sizes = [*(mean.shape[-1] for mean in means), expected[0].numel()]
    steps: list[Step] = []
    for call, mean, n_out in zip(calls, [None, *means], sizes, strict=True):
        held = known if mean is None else [mean]
        if mean is not None and len(call.inputs) > 1:
            held = [mean, *known]
            steps.append(Step("recall", {"n_out": mean.shape[-1] + z_dim + n_classes}))
        chain = _chain(call, held, n_out)
        steps += steps_of(chain, chain, sum(x.shape[-1] for x in held))
    return checked(steps, torch.cat(known, 1), expected)


def _called(decode: DecodeAs, network: nn.Module, z: Tensor, y: Tensor, one_hot: Tensor) -> tuple[list[_Call], Tensor]:
    """The networks that `decode` runs, in order, with `one_hot` wherever they take just that, and what it gives."""
    calls: list[_Call] = []

    def note(module: nn.Module, inputs: tuple[Any, ...], out: Tensor) -> None:
        assert isinstance(module, JointMLP)
        calls.append(_Call(module, tuple(one_hot if torch.equal(x, one_hot) else x for x in inputs), out))

    with torch.no_grad(), observed((part for part in network.modules() if isinstance(part, JointMLP)), note):
        expected = decode(z, y)
    if not calls:
        raise ProgramError(OTHER)
    return calls, expected


def _handed_on(before: _Call, call: _Call) -> Tensor:
    """The input of a network that is the first outputs of the one before: the mean of a Gaussian, or all of them."""
    for x in call.inputs:
        if x.is_set_to(before.out[..., : x.shape[-1]]):
            return x
    raise ProgramError(OTHER)


def _chain(call: _Call, held: Sequence[Tensor], n_out: int) -> nn.Sequential:
    """The network as a chain of PyTorch's own layers, from what is held, side by side, to its first `n_out` outputs."""
    first, *middle, last = call.network.inputs[0], *call.network.layers
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    columns = [torch.zeros(first.out_features, x.shape[-1]) for x in held]
    for x, layer in zip(call.inputs, call.network.inputs, strict=True):
        assert isinstance(layer, nn.Linear)
        # The very same tensor: equal values could be those of a clamp, say, that has nothing to do for these codes.
        places = [i for i, known in enumerate(held) if x.is_set_to(known)]
        if not places:
            raise ProgramError(OTHER)
        columns[places[0]] += layer.weight
    return nn.Sequential(
        _linear(torch.cat(columns, 1), first.bias),
        *middle,
        _linear(last.weight[:n_out], last.bias[:n_out]),
    ).eval()


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
    return layer
