"""Convolutions that look only at what comes before a pixel in the order of reading, and layers made of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MaskedConv2d(nn.Conv2d):
    """A convolution of the rows above a pixel and what lies left of it in its own (van den Oord et al. 2016).

    Args:
        n_in, n_out: channels.
        kernel: side of the square kernel, odd; the image keeps its size.
        sees_itself: whether the pixel itself is seen too: not by the first layer (mask A), but by those that read
            features of it that don't know it (mask B).
    """

    mask: Tensor

    def __init__(self, n_in: int, n_out: int, kernel: int, sees_itself: bool) -> None:
        super().__init__(n_in, n_out, kernel, padding=kernel // 2)
        middle = kernel // 2
        self.sees_itself = sees_itself
        mask = torch.zeros(kernel, kernel)
        mask[:middle] = 1
        mask[middle, : middle + sees_itself] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, H, W)."""
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class Residual(nn.Module):
    """Half the channels, a masked convolution, and back, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = max(1, width // 2)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, half, 1),
            nn.ReLU(),
            MaskedConv2d(half, half, 3, sees_itself=True),
            nn.ReLU(),
            nn.Conv2d(half, width, 1),
        )

    def forward(self, h: Tensor) -> Tensor:
        """(B, width, H, W) -> (B, width, H, W)."""
        out: Tensor = h + self.layers(h)
        return out


class GatedLayer(nn.Module):
    """A layer of two stacks, one of the rows above and one of what lies left, each through a gate.

    van den Oord et al., Conditional image generation with PixelCNN decoders (2016), fig. 2 and eq. 2-3:

        v' = conv of the rows above + V_v y                      v = tanh(v'_1) σ(v'_2)
        h' = conv of what lies left + conv1x1(v') + V_h y        h = conv1x1(tanh(h'_1) σ(h'_2)), plus the input

    A single stack of masked convolutions never sees some pixels above and to the right; the vertical one sees them all.

    Args:
        n_in, width: channels of the input and of both outputs.
        kernel: width of the window, odd; half of it upwards.
        n_classes: of a class y that shifts what goes into the gates; 0 for none.
        first: it reads the image, so it sees neither the pixel nor its row in the vertical stack, and adds no input.
    """

    def __init__(self, n_in: int, width: int, kernel: int, n_classes: int = 0, first: bool = False) -> None:
        super().__init__()
        self.reach, self.first = kernel // 2, first
        own = 0 if first else 1
        self.above = nn.Conv2d(n_in, 2 * width, (self.reach + own, kernel))
        self.left = nn.Conv2d(n_in, 2 * width, (1, self.reach + own))
        self.down = nn.Conv2d(2 * width, 2 * width, 1)
        self.out = nn.Conv2d(width, width, 1)
        self.of_class = nn.Linear(n_classes, 4 * width, bias=False) if n_classes else None

    def forward(self, v: Tensor, h: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Both stacks, each (B, n_in, H, W), and a class (B, n_classes), one-hot -> both, each (B, width, H, W)."""
        k, rows, columns = self.reach, v.shape[2], h.shape[3]
        to_v, to_h = self.shifts(y)
        into_v = self.above(F.pad(v, (k, k, k, 0)))[:, :, :rows]
        into_h = self.left(F.pad(h, (k, 0, 0, 0)))[..., :columns] + self.down(into_v)
        out = self.out(gate(into_h + to_h[..., None, None]))
        return gate(into_v + to_v[..., None, None]), out if self.first else h + out

    def shifts(self, y: Tensor | None) -> tuple[Tensor, Tensor]:
        """What a class adds before the gates of the two stacks: each (B, 2 width), or (1, 2 width) without a class."""
        if y is None or self.of_class is None:
            zero = self.out.weight.new_zeros(1, 2 * self.out.in_channels)
            return zero, zero
        to_v, to_h = self.of_class(y).chunk(2, dim=1)
        return to_v, to_h


def gate(h: Tensor) -> Tensor:
    """(B, 2 C, …) -> (B, C, …): tanh of one half times the sigmoid of the other."""
    value, opening = h.chunk(2, dim=1)
    return value.tanh() * opening.sigmoid()
