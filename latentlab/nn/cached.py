"""Networks of masked convolutions run one pixel after another: what earlier pixels gave is kept, not computed again.

A pixel's activations depend on earlier ones only, so each layer keeps the last rows of its input and, when a pixel is
drawn, adds one more place (Ramachandran et al., Fast generation for convolutional autoregressive models, 2017). What a
row takes from the rows above it is one product for all its places, made when the row begins. The numbers are those of
the network on the whole image, but for rounding. All tensors are channels last.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.nn.masked import GatedLayer, MaskedConv2d, Residual, gate


class Rows:
    """A convolution of the last rows of its input, for all places of a row at once."""

    def __init__(self, weight: Tensor, bias: Tensor | None, n: int, width: int) -> None:
        """Of n images of a width; the weight is (n_out, n_in, rows, columns)."""
        n_out, n_in, n_rows, self.columns = weight.shape
        self.weight = weight.permute(2, 3, 1, 0).reshape(-1, n_out)
        self.bias = weight.new_zeros(n_out) if bias is None else bias
        self.side = self.columns // 2
        self.kept = weight.new_zeros(n_rows, n, width + 2 * self.side, n_in)

    def push(self, row: Tensor) -> None:
        """(n, width, n_in): one more row of the input; the oldest is forgotten."""
        self.kept = torch.cat([self.kept[1:], F.pad(row, (0, 0, self.side, self.side))[None]])

    def out(self) -> Tensor:
        """(width, n, n_out)."""
        windows = self.kept.unfold(2, self.columns, 1).permute(2, 1, 0, 4, 3)  # (width, n, rows, columns, n_in)
        width, n = windows.shape[:2]
        return torch.addmm(self.bias, windows.reshape(width * n, -1), self.weight).reshape(width, n, -1)


class Left:
    """A convolution of what lies left of a place in its row, and of the place itself where the layer sees it."""

    def __init__(self, weight: Tensor, before: int, n: int, width: int) -> None:
        """Of n images of a width; the weight is (n_out, n_in, columns), of which `before` are left of the place."""
        n_out, n_in, columns = weight.shape
        self.weight = weight.permute(2, 1, 0).reshape(-1, n_out)
        self.row = weight.new_zeros(n, width + before, n_in)
        flat = self.row.flatten(1)
        self.windows = [flat[:, c * n_in : (c + columns) * n_in] for c in range(width)]
        self.places = list(self.row[:, before:].unbind(1))  # where the input of each place is written: (n, n_in)
        self.done = self.row[:, before:]  # (n, width, n_in)

    def out(self, c: int, base: Tensor, into: Tensor | None = None) -> Tensor:
        """(n, n_out): what lies left of column c, added to (n, n_out); written `into` a tensor, if one is given."""
        return torch.addmm(base, self.windows[c], self.weight, out=into)


class Cached(ABC):
    """A network whose output at a pixel is found from earlier pixels, in the order of reading."""

    @abstractmethod
    def next_row(self) -> None:
        """Begin the next row; all pixels of the one above were given by `put`."""

    @abstractmethod
    def features(self, c: int) -> Tensor:
        """(n, width): the last hidden layer at column c of this row, once for each c, from left to right."""

    @abstractmethod
    def put(self, c: int, x: Tensor) -> None:
        """(n, n_in): the pixel at column c itself."""


class CachedMasked(Cached):
    """A masked convolution of the image, then residual blocks."""

    def __init__(
        self, first: MaskedConv2d, blocks: Sequence[Residual], n: int, width: int, added: Tensor | None = None
    ) -> None:
        """Of n images of a width; `added`, (H, width, n, channels), is added to what the first layer gives."""
        self.added = iter(()) if added is None else iter(added.unbind())
        self.first = _Masked(first, n, width)
        self.blocks = [_Residual(block, n, width) for block in blocks]
        self.layers = [self.first, *(block.middle for block in self.blocks)]

    def next_row(self) -> None:
        """Begin the next row."""
        for layer in self.layers:
            layer.next_row()
        for added in itertools.islice(self.added, 1):
            self.first.bases = (torch.stack([*self.first.bases]) + added).unbind()

    def features(self, c: int) -> Tensor:
        """(n, width)."""
        h = self.first.out(c)
        for block in self.blocks:
            block.add_to(h, c)
        return h

    def put(self, c: int, x: Tensor) -> None:
        """(n, n_in)."""
        self.first.left.places[c].copy_(x)


class _Masked:
    """A masked convolution: of the rows above when a row begins, of what lies left at each place."""

    def __init__(self, layer: MaskedConv2d, n: int, width: int) -> None:
        weight, middle = layer.weight * layer.mask, layer.kernel_size[0] // 2
        self.above = Rows(weight[:, :, :middle], layer.bias, n, width)
        self.left = Left(weight[:, :, middle, : middle + layer.sees_itself], middle, n, width)
        self.bases: Sequence[Tensor] = ()
        self.begun = False

    def next_row(self) -> None:
        """Begin the next row."""
        if self.begun:
            self.above.push(self.left.done)
        self.begun = True
        self.bases = self.above.out().unbind()

    def out(self, c: int) -> Tensor:
        """(n, n_out)."""
        return self.left.out(c, self.bases[c])


class _Residual:
    """A residual block at one place."""

    def __init__(self, block: Residual, n: int, width: int) -> None:
        _, into, _, middle, _, out = block.layers
        if not isinstance(into, nn.Conv2d) or not isinstance(middle, MaskedConv2d) or not isinstance(out, nn.Conv2d):
            raise TypeError("It isn't a residual block of masked convolutions.")
        self.into, self.into_bias = _matrix(into)
        self.middle = _Masked(middle, n, width)
        self.back, self.back_bias = _matrix(out)

    def add_to(self, h: Tensor, c: int) -> None:
        """Add the block's output at column c to its input (n, width), in place."""
        place = self.middle.left.places[c]
        torch.addmm(self.into_bias, h.relu(), self.into, out=place)
        place.relu_()
        h.addmm_(self.middle.out(c).relu_(), self.back).add_(self.back_bias)


class CachedGated(Cached):
    """Gated layers: the vertical stack row by row, the horizontal one place by place."""

    def __init__(self, layers: Sequence[GatedLayer], y: Tensor | None, n: int, width: int) -> None:
        """The first layer reads the image; y is the class of each, (n, n_classes), one-hot."""
        self.layers = [_Gated(layer, y, n, width) for layer in layers]
        self.begun = False

    def next_row(self) -> None:
        """Begin the next row, with the vertical stack of all its places."""
        first, *later = self.layers
        if self.begun:
            first.above.push(first.left.done)
        self.begun = True
        v = first.next_row()
        for layer in later:
            layer.above.push(v)
            v = layer.next_row()

    def features(self, c: int) -> Tensor:
        """(n, width)."""
        h: Tensor | None = None  # of the first layer, which adds no input
        for layer, following in itertools.pairwise(self.layers):
            h = layer.out(c, h, following.left.places[c])
        return self.layers[-1].out(c, h, None)

    def put(self, c: int, x: Tensor) -> None:
        """(n, n_in)."""
        self.layers[0].left.places[c].copy_(x)


class _Gated:
    """A gated layer; at a place both halves of the gate are one tanh, since σ(b) = ½ (1 + tanh ½ b)."""

    def __init__(self, layer: GatedLayer, y: Tensor | None, n: int, width: int) -> None:
        self.above = Rows(layer.above.weight, layer.above.bias, n, width)
        self.down, bias = _matrix(layer.down)
        self.to_v, to_h = layer.shifts(y)
        channels = layer.out.in_channels
        self.half = torch.cat([bias.new_ones(channels), bias.new_full((channels,), 0.5)])
        self.left = Left(layer.left.weight[:, :, 0] * self.half[:, None, None], layer.reach, n, width)
        self.base = to_h + bias + (0 if layer.left.bias is None else layer.left.bias)
        back, self.back_bias = _matrix(layer.out)
        self.back = 0.5 * back
        self.into = bias.new_empty(n, 2 * channels)
        self.value, self.opening = self.into.chunk(2, dim=1)
        self.bases: Sequence[Tensor] = ()

    def next_row(self) -> Tensor:
        """(n, width, channels): the vertical stack at a row."""
        into_v = self.above.out()  # (width, n, 2 channels)
        self.bases = ((into_v @ self.down + self.base) * self.half).unbind()
        width, n = into_v.shape[:2]
        return gate((into_v + self.to_v).flatten(0, 1)).reshape(width, n, -1).transpose(0, 1)

    def out(self, c: int, h: Tensor | None, into: Tensor | None) -> Tensor:
        """(n, channels): the horizontal stack at column c, with its input h added, written `into` a tensor."""
        self.left.out(c, self.bases[c], self.into)
        self.into.tanh_()
        gated = torch.addcmul(self.value, self.value, self.opening)
        if h is None:
            return torch.addmm(self.back_bias, gated, self.back, out=into)
        return torch.addmm(h, gated, self.back, out=into).add_(self.back_bias)


class Head:
    """The last layers, of one place: ReLU and 1 x 1 convolutions."""

    def __init__(self, layers: nn.Sequential) -> None:
        self.matrices = [_matrix(layer) for layer in layers if isinstance(layer, nn.Conv2d)]

    def __call__(self, h: Tensor) -> Tensor:
        """(n, width) -> (n, n_out)."""
        for weight, bias in self.matrices:
            h = torch.addmm(bias, h.relu(), weight)
        return h


def _matrix(layer: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """A 1 x 1 convolution as (n_in, n_out) and (n_out,)."""
    weight = layer.weight[:, :, 0, 0].T.contiguous()
    return weight, weight.new_zeros(weight.shape[1]) if layer.bias is None else layer.bias
