"""p(x|c) pixel by pixel: a PixelCNN whose first layer also sees a context c of the whole image, as a decoder gives it.

Feature Map Variational Auto-Encoders (Maaløe 2018, appendix E), eq. 6 and 7:

    p(x|c) = Π_i p(x_i | x_1 … x_(i-1), c)     the first layer sees what comes before a pixel (mask A), and all of c

Where an image has several channels, those of one pixel are independent of each other given the pixels before it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentlab.nn.cached import CachedMasked, Head
from latentlab.nn.masked import MaskedConv2d, Residual

SIDE = 7  # of the first layer's kernel


class PixelDecoder(nn.Module):
    """Log odds of every pixel in one pass; without `sees_image` there is no x, and a pixel depends on c alone."""

    def __init__(self, n_in: int, n_context: int, width: int, blocks: int, sees_image: bool) -> None:
        super().__init__()
        if not n_context and not sees_image:
            raise ValueError("Pixels that see neither each other nor a context are the same in every image.")
        self.of_image = MaskedConv2d(n_in, width, SIDE, sees_itself=False) if sees_image else None
        self.of_context = nn.Conv2d(n_context, width, SIDE, padding=SIDE // 2) if n_context else None
        self.blocks = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.out = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, n_in, 1))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """(B, n_in, H, W), (..., B, n_context, H, W) -> (..., B, n_in, H, W); zeros hide either."""
        h = self._added(x, self._read(c)).expand(*c.shape[:-3], -1, -1, -1)
        return self._rest(h.flatten(0, -4)).reshape(*c.shape[:-3], *x.shape[1:])

    @torch.no_grad()
    def draw(self, c: Tensor, uniform: Tensor, x: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """(B, n_context, H, W), (B, n_in, H, W) -> (B, n_in, H, W): each pixel is 1 where its number in [0, 1) is less
        than its probability given those before it.

        Args:
            c: contexts.
            uniform: the numbers.
            x: (B, n_in, H, W) images of which a part is drawn.
            hidden: (n_in, H, W) bool, that part; None for all.
        """
        if self.of_image is None:
            raise ValueError("Pixels that don't see each other aren't drawn one after the other.")
        x, read = torch.zeros_like(uniform) if x is None else x.clone(), self._read(c)
        hidden = x.new_ones(x.shape[1:], dtype=torch.bool) if hidden is None else hidden
        rows = hidden.any(0).any(1).nonzero()  # what lies below the last of them isn't computed
        blocks = [block for block in self.blocks if isinstance(block, Residual)]
        added = None if read is None else read.permute(2, 3, 0, 1)
        network, head = CachedMasked(self.of_image, blocks, len(x), x.shape[3], added), Head(self.out)
        for row in range(int(rows[-1]) + 1 if len(rows) else 0):
            network.next_row()
            for column in range(x.shape[3]):
                h, here = network.features(column), (..., row, column)
                if hidden[here].any():
                    drawn = (uniform[here] < head(h).sigmoid()).to(x.dtype)
                    x[here] = torch.where(hidden[here], drawn, x[here])
                network.put(column, x[here])
        return x

    def _read(self, c: Tensor) -> Tensor | None:
        """What the first layer makes of the context."""
        if self.of_context is None:
            return None
        read: Tensor = self.of_context(c.flatten(0, -4))
        return read.reshape(*c.shape[:-3], *read.shape[1:])

    def _added(self, x: Tensor, read: Tensor | None) -> Tensor:
        """The first layer's output."""
        if self.of_image is None:
            assert read is not None
            return read
        of_image: Tensor = self.of_image(x)
        return of_image if read is None else of_image + read

    def _rest(self, h: Tensor) -> Tensor:
        out: Tensor = self.out(self.blocks(h))
        return out
