"""Convolutional networks that keep the side of an image: 5 x 5, stride 1, with batch normalisation after each ReLU.

Burhanpurkar, Neural Networks for Doodles (2020), §2.4, from the author's notebooks:

    encoder    conv(f1, 5) - conv(f2, 5) - dense 20 - out                       each but the last ReLU, then normalised
    decoder    dense H · W · f2 - convT(f2, k) - convT(f1, k) - convT(C, 3)

With an image of 28 x 28 and a posterior of 14 dimensions, f1 = 8, f2 = 16 and k = 5: 255,000 and 222,993 parameters;
of two dimensions, f1 = f2 = 16 and k = 3: 257,920 and 67,569; of 14, f1 = 64 and f2 = 128: 2,214,664 and 2,321,537. For
the last the author's code has 1,911,553: its second transposed convolution takes the tensor before the first, which is
thus connected to nothing. The normalisation has Keras's ε, as there (with 1e-5 a unit that was dead in training and is
woken by one test drawing is multiplied by 300), and running averages by 0.1 (there 0.01).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from latentlab.knobs import knob
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm

DENSE = 20  # units between the convolutions and the code
EPS = 1e-3  # that is added to a variance
SIDE, LAST_SIDE = 5, 3  # of the encoder's kernels, and of the decoder's last


@dataclass(frozen=True)
class Conv5:
    """The knobs of such networks."""

    first_filters: int = knob(8, 1, 256, log=True, help="channels next to the image", when=("network", "conv5"))
    second_filters: int = knob(16, 1, 256, log=True, help="channels next to the code", when=("network", "conv5"))
    kernel: str = knob("5", choices=("3", "5"), help="side of the decoder's kernels", when=("network", "conv5"))
    batch_norm: bool = knob(True, help="batch normalisation after each layer", when=("network", "conv5"))


def conv5_encoder(config: Conv5, shape: tuple[int, int, int], out: int) -> nn.Sequential:
    """(B, C, H, W) -> (B, out)."""
    channels, height, width = shape
    first, second, norm = config.first_filters, config.second_filters, config.batch_norm
    return nn.Sequential(
        nn.Conv2d(channels, first, SIDE, padding=SIDE // 2), *_active(ChannelNorm, first, norm),
        nn.Conv2d(first, second, SIDE, padding=SIDE // 2), *_active(ChannelNorm, second, norm),
        nn.Flatten(), nn.Linear(second * height * width, DENSE), *_active(BatchNorm, DENSE, norm),
        nn.Linear(DENSE, out),
    )  # fmt: skip


def conv5_decoder(config: Conv5, n_in: int, shape: tuple[int, int, int]) -> nn.Sequential:
    """(B, n_in) -> (B, C, H, W)."""
    channels, height, width = shape
    first, second, norm, kernel = config.first_filters, config.second_filters, config.batch_norm, int(config.kernel)
    flat = second * height * width
    return nn.Sequential(
        nn.Linear(n_in, flat), *_active(BatchNorm, flat, norm), nn.Unflatten(1, (second, height, width)),
        nn.ConvTranspose2d(second, second, kernel, padding=kernel // 2), *_active(ChannelNorm, second, norm),
        nn.ConvTranspose2d(second, first, kernel, padding=kernel // 2), *_active(ChannelNorm, first, norm),
        nn.ConvTranspose2d(first, channels, LAST_SIDE, padding=LAST_SIDE // 2),
    )  # fmt: skip


def _active(norm: type[BatchNorm], width: int, batch_norm: bool) -> list[nn.Module]:
    return [nn.ReLU(), *([norm(width, EPS)] if batch_norm else [])]
