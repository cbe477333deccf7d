"""What convolutional hierarchies are made of: blocks that halve an image, and their mirror images, of any side."""

from __future__ import annotations

from torch import Tensor, nn

from latentlab.nn.batch_norm import ChannelNorm

Sides = tuple[int, int]  # height and width


class OfCodes(nn.Sequential):
    """Layers of vectors with any leading dimensions, (..., n) -> (..., *out)."""

    def forward(self, z: Tensor) -> Tensor:
        """(..., n) -> (..., *out)."""
        out = z.flatten(0, -2)
        for layer in self:
            out = layer(out)
        return out.reshape(*z.shape[:-1], *out.shape[1:])


def halved(sides: Sides) -> Sides:
    """The sides after a convolution of stride 2, rounded up: 14, 7, 4, 2, 1, 1."""
    return (sides[0] + 1) // 2, (sides[1] + 1) // 2


def down(n_in: int, width: int, kernel: int, batch_norm: bool) -> nn.Sequential:
    """(B, n_in, H, W) -> (B, width, H/2, W/2): a convolution of stride 2, and one of stride 1."""
    return nn.Sequential(
        nn.Conv2d(n_in, width, kernel, stride=2, padding=kernel // 2), *_active(width, batch_norm),
        nn.Conv2d(width, width, 3, padding=1), *_active(width, batch_norm),
    )  # fmt: skip


def up(width: int, sides: Sides, batch_norm: bool) -> nn.Sequential:
    """(B, width, H/2, W/2) -> (B, width, H, W) of these sides: a convolution of stride 1, and a transposed of 2."""
    odd = (1 - sides[0] % 2, 1 - sides[1] % 2)
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1), *_active(width, batch_norm),
        nn.ConvTranspose2d(width, width, 3, stride=2, padding=1, output_padding=odd), *_active(width, batch_norm),
    )  # fmt: skip


def placed(n_in: int, width: int, sides: Sides, batch_norm: bool) -> nn.Sequential:
    """(B, n_in) -> (B, width, H, W): what a code says of each place."""
    linear = nn.Linear(n_in, width * sides[0] * sides[1])
    return nn.Sequential(linear, nn.Unflatten(1, (width, *sides)), *_active(width, batch_norm))


def _active(width: int, batch_norm: bool) -> list[nn.Module]:
    return [*([ChannelNorm(width)] if batch_norm else []), nn.LeakyReLU(0.1)]
