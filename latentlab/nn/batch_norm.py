"""Batch normalisation of vectors and of the channels of images (Ioffe & Szegedy 2015), with float32 buffers only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.nn.initialise import Drawn


class BatchNorm(nn.Module, Drawn):
    """Batch normalisation of the last dimension over all others."""

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        """Normalise numbers of so many units.

        Args:
            width: units.
            eps: added to a variance.
        """
        super().__init__()
        self.eps = eps
        self.keeps_statistics = False  # in training, too: see `statistics_kept`
        self.scale = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of it is random
        """Scale 1 and shift 0."""
        self.scale.fill_(1)
        self.shift.zero_()

    def forward(self, h: Tensor) -> Tensor:
        """(..., width) -> (..., width): by the batch's own moments in training, else by their running averages."""
        return self.normalised(h.flatten(0, -2)).reshape(h.shape)

    def normalised(self, h: Tensor) -> Tensor:
        """(B, width, ...) -> (B, width, ...)."""
        mean, variance = (None, None) if self.training and self.keeps_statistics else (self.mean, self.variance)
        return F.batch_norm(h, mean, variance, self.scale, self.shift, self.training, eps=self.eps)


class ChannelNorm(BatchNorm):
    """Batch normalisation of the channels of images, (B, width, H, W)."""

    def forward(self, h: Tensor) -> Tensor:
        """(B, width, H, W) -> (B, width, H, W)."""
        return self.normalised(h)


@contextmanager
def statistics_kept(module: nn.Module) -> Iterator[None]:
    """Within it, batch normalisation in training uses each batch's statistics and leaves the running ones alone."""
    layers = [layer for layer in module.modules() if isinstance(layer, BatchNorm)]
    for layer in layers:
        layer.keeps_statistics = True
    try:
        yield
    finally:
        for layer in layers:
            layer.keeps_statistics = False
