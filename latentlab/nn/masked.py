"""Convolutions that look only at what comes before a pixel in the order of reading."""

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
        mask = torch.zeros(kernel, kernel)
        mask[:middle] = 1
        mask[middle, : middle + sees_itself] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, H, W)."""
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)
