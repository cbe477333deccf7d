"""Chains of images: their frames, clamping of given pixels, and how well they mix.

Clamping overwrites the given pixels after each step. That samples what is hidden given what is seen if the network is a
compatible pair of conditionals; a trained one is that only nearly (Bengio et al. 2014, Proposition 5), and a
reconstruction that draws each pixel by itself is biased towards what it would have drawn without them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.sampling.targets import SamplingError
from latentlab.data import to_bytes

S = TypeVar("S")
MOST_FRAMES = 200_000  # images kept


@dataclass(frozen=True)
class Mixing:
    """How a chain mixes.

    Attributes:
        switches: share of the frames whose class is not that of the frame before.
        visited: mean number of classes that a chain visited.
        change: mean absolute change from frame to frame, summed over the pixels, in units of intensity.
    """

    switches: float
    visited: float
    change: float


def record(
    step: Callable[[S], S],
    see: Callable[[S], Tensor],
    state: S,
    n_frames: int,
    every: int = 1,
    hold: Callable[[S], S] | None = None,
) -> NDArray[np.uint8]:
    """Run chains and store their

    frames. Args: step: one step of all chains.
        see: state -> (B, *shape) intensities in [0, 1].
        state: where they start; it is no frame.
        n_frames: kept, at least 1.
        every: steps from one frame to the next, at least 1.
        hold: put the given pixels back; done before the first step and after each one.

    Returns:
        (n_frames, B, *shape) uint8.

    Raises:
        SamplingError: no frame, no step, or more images than are kept.
    """
    if n_frames < 1 or every < 1:
        raise SamplingError("A chain needs at least one frame, and one step from frame to frame.")
    frames = []
    with torch.no_grad():
        state = state if hold is None else hold(state)
        if n_frames * len(see(state)) > MOST_FRAMES:
            raise SamplingError(f"{n_frames:,} frames of {len(see(state)):,} chains are too many to store.")
        for _ in range(n_frames):
            for _ in range(every):
                state = step(state)
                state = state if hold is None else hold(state)
            frames.append(to_bytes(see(state)))
    return np.stack(frames)


def mixing(frames: NDArray[np.uint8], labels: NDArray[np.int64]) -> Mixing:
    """Measure how a chain mixes by the classes of its frames.

    Args:
        frames: (T, B, *shape) uint8, T at least 2.
        labels: (T, B) the class of each.

    Raises:
        SamplingError: one frame only.
    """
    if len(frames) < 2:
        raise SamplingError("One frame is not enough to measure how a chain mixes.")
    switches = float((labels[1:] != labels[:-1]).mean())
    visited = float(np.mean([len(np.unique(column)) for column in labels.T]))
    gap = np.abs(np.diff(frames.astype(np.float32), axis=0)) / 255
    return Mixing(switches, visited, float(gap.reshape(*gap.shape[:2], -1).sum(-1).mean()))
