"""How fast a PixelCNN draws images: with earlier activations kept, beside a pass of the network for every pixel.

    python -m benchmarks.pixels                     # one table, about a minute

Images of 28 x 28 bits by a network of 32 channels and three blocks, with parameters as they start; images for each
second of processor time on one core, ours the median of some rounds. The naive sampler runs the rows down to the pixel
that is drawn; it is timed at every sixteenth pixel. That both give the same images is a test
(`tests/nn/test_cached.py`).
"""

from __future__ import annotations

import os

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from latentlab import device
from latentlab.data import Kind, Spec
from latentlab.models.autoregressive.pixelcnn import PixelCNN
from latentlab.nn.initialise import initialise

SIDE = 28
ROUNDS = 5
EVERY = 16


def seconds(action: Callable[[], object]) -> float:
    """Processor seconds of an action."""
    started = time.process_time()
    action()
    return time.process_time() - started


def naive(model: PixelCNN, n: int) -> None:
    """A pass of the network for some of the pixels."""
    rng, x = device.generator(0), torch.zeros(n, 1, SIDE, SIDE)
    for i in range(EVERY // 2, SIDE * SIDE, EVERY):
        x = model.sample_step(x, i, rng)


def drawn(model: PixelCNN, n: int) -> None:
    """All pixels, with what earlier ones gave kept."""
    model.sample(n, device.generator(0))


def drawing() -> None:
    """Print the table."""
    print("| network | images at once | ours, images/s | naive, images/s | ours / naive |\n|--|--:|--:|--:|--:|")
    for network in ("masked", "gated"):
        model = PixelCNN(PixelCNN.Config(network=network), Spec((1, SIDE, SIDE), 2, Kind.IMAGE)).eval()
        initialise(model, device.generator(0))
        for n in (1, 16, 64):
            ours = n / statistics.median([seconds(partial(drawn, model, n)) for _ in range(ROUNDS)])
            theirs = n / (EVERY * seconds(partial(naive, model, n)))
            print(f"| {network} | {n} | {ours:.1f} | {theirs:.2f} | {ours / theirs:.1f} |", flush=True)


if __name__ == "__main__":
    device.limit_threads()
    drawing()
