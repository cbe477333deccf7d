"""Networks of sequences, (B, T, D): convolutions over time, and a recurrent state.

    conv1d   two convolutions of `KERNEL` times at every second one, ReLU, then dense; the decoder is its mirror image
    gru      r, u = σ(W x_t + U h + b)      n = tanh(W_n x_t + b_n + r · (U_n h + c_n))      h' = (1 − u) n + u h

The state of a GRU (Cho et al. 2014, with the product after U_n as in cuDNN) after the last time is what its encoder
reads. Its decoder starts at tanh(V z), is given z at each time, and never what was decoded before: given z, the values
of all times are independent, so log p(x|z) is their sum. The steps are written out, as PyTorch's own GRU can't be
mapped by `torch.func.vmap`, and on a GPU has no second derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.knobs import knob
from latentlab.nn.initialise import Drawn

KERNEL = 5  # times that a convolution reads, at steps of 2


NAMES = ("conv1d", "gru")


def filters_knob(of: str) -> Any:
    """The knob of the convolutions, where that of the name `of` chooses them."""
    return knob(32, 1, 256, log=True, help="channels of the first convolution over time", when=(of, "conv1d"))


def state_knob(of: str) -> Any:
    """The knob of the GRU, where that of the name `of` chooses it."""
    return knob(64, 1, 1024, log=True, help="units of the recurrent state", when=(of, "gru"))


@dataclass(frozen=True)
class OfSequences:
    """The knobs of networks of sequences."""

    filters: int = filters_knob("network")
    state_dim: int = state_knob("network")


@dataclass(frozen=True)
class OverTime:
    """What a network of several inputs needs to know of one that is a flat sequence, (..., T D).

    Attributes:
        shape: of the sequence.
        network: one of `NAMES`.
        filters: channels of the first convolution.
        state_dim: units of the recurrent state.
    """

    shape: tuple[int, ...]
    network: str
    filters: int
    state_dim: int

    def layer(self, n_out: int) -> FlatSequence:
        """(..., T D) -> (..., n_out).

        Raises:
            ValueError: the data are no sequences.
        """
        if self.network == "gru":
            return FlatSequence(self.shape, gru_encoder(self.state_dim, self.shape, n_out))
        return FlatSequence(self.shape, conv1d_encoder(self.filters, self.shape, n_out))


Input = int | OverTime  # of a network of several: so many numbers, or such a sequence


class FlatSequence(nn.Module):
    """A network of sequences, of flat ones with any leading dimensions."""

    def __init__(self, shape: tuple[int, ...], network: nn.Module) -> None:
        super().__init__()
        self.shape, self.network = shape, network

    def forward(self, x: Tensor) -> Tensor:
        """(..., T D) -> (..., n_out)."""
        out: Tensor = self.network(x.reshape(-1, *self.shape))
        return out.reshape(*x.shape[:-1], -1)


class GRU(nn.Module, Drawn):
    """The states of a gated recurrent unit at each time."""

    def __init__(self, n_in: int, n_state: int) -> None:
        super().__init__()
        self.of_input = nn.Parameter(torch.zeros(3 * n_state, n_in))  # r, u, n
        self.of_state = nn.Parameter(torch.zeros(3 * n_state, n_state))
        self.input_bias = nn.Parameter(torch.zeros(3 * n_state))
        self.state_bias = nn.Parameter(torch.zeros(3 * n_state))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """All of U(-1/√n, 1/√n) for n units, as PyTorch does."""
        bound = 1 / math.sqrt(self.of_state.shape[1])
        for parameter in self.parameters():
            parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=rng))

    def forward(self, x: Tensor, start: Tensor | None = None) -> Tensor:
        """(B, T, n_in) -> (B, T, n_state), from a state (B, n_state), or from 0."""
        h = x.new_zeros(1, self.of_state.shape[1]) if start is None else start  # one for all: ONNX knows no B
        states = []
        for given in F.linear(x, self.of_input, self.input_bias).unbind(1):
            (r_x, u_x, n_x), (r_h, u_h, n_h) = (
                given.chunk(3, -1),
                F.linear(h, self.of_state, self.state_bias).chunk(3, -1),
            )
            u = (u_x + u_h).sigmoid()
            n = (n_x + (r_x + r_h).sigmoid() * n_h).tanh()
            h = n + u * (h - n)
            states.append(h)
        return torch.stack(states, 1)


class LastTime(nn.Module):
    """(B, T, n) -> (B, n): what there is at the last time."""

    def forward(self, h: Tensor) -> Tensor:
        """Of any number of times."""
        return h[:, -1]


class SwapTime(nn.Module):
    """(B, T, n) <-> (B, n, T): convolutions have the times last."""

    def forward(self, x: Tensor) -> Tensor:
        """Either way."""
        return x.transpose(1, 2)


class RecurrentDecoder(nn.Module):
    """(B, z_dim) -> (B, T, D), with the code given at each time."""

    def __init__(self, n_in: int, n_state: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.n_times = shape[0]
        self.start = nn.Linear(n_in, n_state)
        self.gru = GRU(n_in, n_state)
        self.out = nn.Linear(n_state, shape[1])

    def forward(self, z: Tensor) -> Tensor:
        """Of all times, which are independent given z."""
        out: Tensor = self.out(self.gru(z[:, None].expand(-1, self.n_times, -1), self.start(z).tanh()))
        return out


def gru_encoder(n_state: int, shape: tuple[int, ...], out: int) -> nn.Sequential:
    """(B, T, D) -> (B, out).

    Raises:
        ValueError: the data are no sequences.
    """
    _, width = sequence_shape(shape)
    return nn.Sequential(GRU(width, n_state), LastTime(), nn.Linear(n_state, out))


def gru_decoder(n_in: int, n_state: int, shape: tuple[int, ...]) -> RecurrentDecoder:
    """(B, n_in) -> (B, T, D).

    Raises:
        ValueError: the data are no sequences.
    """
    return RecurrentDecoder(n_in, n_state, sequence_shape(shape))


def conv1d_encoder(filters: int, shape: tuple[int, ...], out: int) -> nn.Sequential:
    """(B, T, D) -> (B, out), for any T.

    Raises:
        ValueError: the data are no sequences.
    """
    n_times, width = sequence_shape(shape)
    _, _, least = _lengths(n_times)
    return nn.Sequential(
        SwapTime(),
        nn.Conv1d(width, filters, KERNEL, stride=2, padding=KERNEL // 2), nn.ReLU(),
        nn.Conv1d(filters, 2 * filters, KERNEL, stride=2, padding=KERNEL // 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(2 * filters * least, 4 * filters), nn.ReLU(),
        nn.Linear(4 * filters, out),
    )  # fmt: skip


def conv1d_decoder(n_in: int, filters: int, shape: tuple[int, ...]) -> nn.Sequential:
    """The mirror image of `conv1d_encoder`: (B, n_in) -> (B, T, D).

    Raises:
        ValueError: the data are no sequences.
    """
    n_times, width = sequence_shape(shape)
    whole, half, least = _lengths(n_times)
    return nn.Sequential(
        nn.Linear(n_in, 4 * filters), nn.ReLU(),
        nn.Linear(4 * filters, 2 * filters * least), nn.ReLU(), nn.Unflatten(1, (2 * filters, least)),
        _doubled(2 * filters, filters, half), nn.ReLU(),
        _doubled(filters, width, whole),
        SwapTime(),
    )  # fmt: skip


def _doubled(n_in: int, n_out: int, length: int) -> nn.ConvTranspose1d:
    """From half of the times, rounded up, to all of them."""
    return nn.ConvTranspose1d(n_in, n_out, KERNEL, stride=2, padding=KERNEL // 2, output_padding=1 - length % 2)


def _lengths(n_times: int) -> tuple[int, int, int]:
    """Times before and after each of two convolutions: 15, 8, 4."""
    half = math.ceil(n_times / 2)
    return n_times, half, math.ceil(half / 2)


def sequence_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Times, and values at each of them.

    Raises:
        ValueError: the data are no sequences.
    """
    if len(shape) != 2:
        raise ValueError(f"Networks over time (conv1d, gru) need windows of readings; these data have shape {shape}.")
    return shape[0], shape[1]
