"""Scores of images as images: red where a pixel would have to be darker, blue where it would have to be lighter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.figures.sheets import sheet_png

Bytes = NDArray[np.uint8]

DARKER, LIGHTER = np.array([178, 24, 43], np.float64), np.array([33, 102, 172], np.float64)


def signed(values: NDArray[np.floating], most: float | None = None) -> Bytes:
    """(N, C, H, W) numbers of either sign -> (N, 3, H, W): white at 0, the full colour at ±most.

    Args:
        values: channels are averaged; what is not a number is gray.
        most: where the colours end; None for the 99.5th percentile of the magnitudes.
    """
    mean = values.astype(np.float64).mean(1)
    finite = np.abs(mean[np.isfinite(mean)])
    most = most or (float(np.quantile(finite, 0.995)) if len(finite) else 1.0) or 1.0
    share = np.clip(mean / most, -1, 1)[:, None]
    hue = np.where(share > 0, LIGHTER[:, None, None], DARKER[:, None, None])
    found = 255 + np.abs(share) * (hue - 255)
    return np.where(np.isfinite(found), found, 128).round().astype(np.uint8)


def as_colour(images: Bytes) -> Bytes:
    """(N, C, H, W) with one or three channels -> (N, 3, H, W)."""
    return np.repeat(images, 3, 1) if images.shape[1] == 1 else images


def with_scores(images: Bytes, scores: NDArray[np.floating], columns: int, scale: int) -> bytes:
    """A PNG of images (N, C, H, W) in rows, and beneath each row their scores (N, C, H, W)."""
    rows = [part.reshape(-1, columns, *part.shape[1:]) for part in (as_colour(images), signed(scores))]
    pairs = np.stack(rows, 1)
    return sheet_png(pairs.reshape(-1, *pairs.shape[3:]), columns, scale=scale)
