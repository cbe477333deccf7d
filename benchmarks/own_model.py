"""A model of the user's own, called through its server, beside the bare function: medians of pairs, in one run.

    python -m benchmarks.own_model                  # one table, a few seconds

The server is a process of its own, as of `latentlab app --model`; both compute with one thread. A batch holds 256.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.models import Decodes, Encodes
from latentlab.subjects.own_model import OwnModel, served

BATCH, PAIRS = 256, 60
FILE = """
import torch
from benchmarks.own_model import networks
torch.manual_seed(0)
encode, decode = networks({hidden})
title = "hidden {hidden}"
data = torch.rand(300, 1, 28, 28)
"""


def networks(hidden: int) -> tuple[nn.Module, nn.Module]:
    """An encoder and a decoder of MNIST's size."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 20))
    decoder = nn.Sequential(nn.Linear(20, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid())
    return encoder.eval(), nn.Sequential(*decoder, nn.Unflatten(1, (1, 28, 28))).eval()


def paired(ours: Callable[[Tensor], object], theirs: Callable[[Tensor], object], x: Tensor) -> tuple[float, float]:
    """Median milliseconds of each, called in turns."""
    times: list[list[float]] = [[], []]
    with torch.no_grad():
        for _ in range(PAIRS):
            for k, function in enumerate((ours, theirs)):
                start = time.perf_counter()
                function(x)
                times[k].append(1e3 * (time.perf_counter() - start))
    return float(np.median(times[0])), float(np.median(times[1]))


def main() -> None:
    """Print the table."""
    print("| network | call | served (ms) | bare (ms) | ratio |\n|---|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for hidden in (400, 1_000):
            path = Path(folder) / "model.py"
            path.write_text(FILE.format(hidden=hidden))
            command = [sys.executable, "-m", "latentlab", "serve", str(path)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                name = json.loads(process.stdout.readline())["id"]
                subject: OwnModel = next(one for one in served() if one.described.id == name)
                model = subject.model()
                assert isinstance(model, Encodes)
                assert isinstance(model, Decodes)
                encoder, decoder = networks(hidden)
                x, z = torch.rand(BATCH, 1, 28, 28), torch.randn(BATCH, 20)
                for call, ours, theirs, batch in (
                    ("encode", model.encode, encoder, x),
                    ("decode", model.decode, decoder, z),
                ):
                    mine, bare = paired(ours, theirs, batch)
                    print(f"| 784-{hidden}-20 | {call} | {mine:.2f} | {bare:.2f} | {mine / bare:.2f} |", flush=True)
                process.stdin.close()


if __name__ == "__main__":
    device.limit_threads()
    main()
