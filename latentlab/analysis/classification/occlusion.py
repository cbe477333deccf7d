"""Occlusion: how the probability of a class changes when a patch of an image is hidden (Zeiler & Fergus 2014, §4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.activations import encode_all
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.latent.support import Classify


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What hiding a patch does, at each of R x C places.

    Attributes:
        p: the probability of the class with nothing hidden.
        change: (R, C) the probability with the patch hidden minus that: negative where the class is seen.
        odds: (R, C) the same of the log-odds log p / (1 - p), in nats, which still change where p is almost 1 or 0.
        tops: (R,) the first row of the patch.
        lefts: (C,) its first column.
        patch: its side, in pixels.
    """

    p: float
    change: Doubles
    odds: Doubles
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    patch: int

    def of_pixels(self, change: Doubles, height: int, width: int) -> Doubles:
        """(R, C) one of the changes -> (H, W): the mean over the patches that hide a pixel; NaN where none does."""
        total, n = np.zeros((height, width)), np.zeros((height, width))
        for i, top in enumerate(self.tops):
            for j, left in enumerate(self.lefts):
                hidden = np.s_[top : top + self.patch, left : left + self.patch]
                total[hidden] += change[i, j]
                n[hidden] += 1
        mean: Doubles = np.divide(total, n, out=np.full((height, width), np.nan), where=n > 0)
        return mean


def occlusion(classify: Classify, x: Tensor, k: int, patch: int, stride: int, fill: float) -> Occlusion:
    """Hide each square patch of an image in turn.

    Args:
        classify: (B, C, H, W) -> (B, K) log-probabilities.
        x: (C, H, W) the image.
        k: the class whose probability is looked at.
        patch: side of the square, in pixels.
        stride: pixels from one place to the next; the last one touches the edge.
        fill: what a hidden pixel is.

    Raises:
        ValueError: the patch is larger than the image, or a number isn't positive.
    """
    height, width = x.shape[-2:]
    if not 0 < patch <= min(height, width) or stride < 1:
        raise ValueError(f"A patch of {patch} pixels can't be moved by {stride} over an image of {height}×{width}.")
    tops, lefts = _starts(height, patch, stride), _starts(width, patch, stride)
    hidden = x.repeat(1 + len(tops) * len(lefts), 1, 1, 1)
    for n, (top, left) in enumerate(((top, left) for top in tops for left in lefts), 1):
        hidden[n, :, top : top + patch, left : left + patch] = fill
    log_probs = encode_all(classify, hidden).astype(np.float64)
    p, rest = np.exp(log_probs[:, k]), np.delete(log_probs, k, 1)
    odds = log_probs[:, k] - np.logaddexp.reduce(rest, 1)
    change, of_odds = ((values[1:] - values[0]).reshape(len(tops), len(lefts)) for values in (p, odds))
    return Occlusion(float(p[0]), change, of_odds, tops, lefts, patch)


def background(x: Tensor) -> float:
    """The most usual gray level of an image, what a patch is hidden with: the median of its edge."""
    edge = torch.cat([x[..., 0, :].flatten(), x[..., -1, :].flatten(), x[..., :, 0].flatten(), x[..., :, -1].flatten()])
    return float(edge.median())


def _starts(length: int, patch: int, stride: int) -> tuple[int, ...]:
    starts = list(range(0, length - patch + 1, stride))
    return tuple(starts if starts[-1] == length - patch else [*starts, length - patch])
