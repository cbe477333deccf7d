"""EfficientNet-Lite0, a network of 1,000 classes of photographs, as a trunk of 1,280 features.

Tan & Le, EfficientNet (2019), in the variant for small devices: inverted residuals as of MobileNetV2 (Sandler et al.
2018), ReLU6, no squeeze and excitation. With its classifier it has 4,652,008 parameters.

    stem 3×3, stride 2, 32 channels; 16 blocks (expand 1×1, depthwise k×k, project 1×1); 1×1 to 1,280; mean over places

Padding is TensorFlow's "same", which puts what is odd behind; of an even side and stride 2 PyTorch's own puts as much
before as behind, and every place shifts.
"""

from __future__ import annotations

import itertools

import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.nn.batch_norm import ChannelNorm

STEM, N_FEATURES, N_CLASSES = 32, 1280, 1000
STAGES = (  # factor of expansion, channels, blocks, kernel, stride of the first block
    (1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1),
)  # fmt: skip
CENTRE, SCALE = 127.0, 128.0  # of bytes


class SameConv(nn.Conv2d):
    """A convolution without bias whose output has ⌈side / stride⌉ places a side."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(n_in, n_out, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, ⌈H / stride⌉, ⌈W / stride⌉)."""
        pads = []
        for side, kernel, stride in zip(reversed(x.shape[2:]), self.kernel_size, self.stride, strict=True):
            missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(F.pad(x, pads))


class Norm(ChannelNorm):
    """Batch normalisation of channels, as Lite0 was trained with."""

    def __init__(self, width: int) -> None:
        super().__init__(width, 1e-3)


class Block(nn.Module):
    """An inverted residual: wide between two narrow ends, with a shortcut where both ends are of one shape."""

    def __init__(self, n_in: int, n_out: int, expand: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = n_in * expand
        self.expands, self.has_shortcut = expand > 1, stride == 1 and n_in == n_out
        if self.expands:
            self.expand_conv, self.bn0 = SameConv(n_in, wide, 1), Norm(wide)
        self.depthwise_conv, self.bn1 = SameConv(wide, wide, kernel, stride, groups=wide), Norm(wide)
        self.project_conv, self.bn2 = SameConv(wide, n_out, 1), Norm(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, ⌈H / stride⌉, ⌈W / stride⌉)."""
        h = F.relu6(self.bn0(self.expand_conv(x))) if self.expands else x
        h = F.relu6(self.bn1(self.depthwise_conv(h)))
        out: Tensor = self.bn2(self.project_conv(h))
        return x + out if self.has_shortcut else out


class Lite0(nn.Module):
    """(B, 3, H, W) in [0, 1] -> (B, 1280), for images of any side."""

    n_features = N_FEATURES

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn0 = SameConv(3, STEM, 3, 2), Norm(STEM)
        ends = [STEM, *(stage[1] for stage in STAGES)]
        self.blocks = nn.ModuleList(
            Block(n_out if k else n_in, n_out, expand, kernel, 1 if k else stride)
            for (n_in, n_out), (expand, _, n, kernel, stride) in zip(itertools.pairwise(ends), STAGES, strict=True)
            for k in range(n)
        )
        self.conv_head, self.bn1 = SameConv(ends[-1], N_FEATURES, 1), Norm(N_FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        """Features: means over places of the last layer."""
        h = F.relu6(self.bn0(self.conv_stem((255 * x - CENTRE) / SCALE)))
        for block in self.blocks:
            h = block(h)
        return F.relu6(self.bn1(self.conv_head(h))).mean((2, 3))
