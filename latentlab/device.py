"""Where tensors live and how random numbers start: decided here, nowhere else."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

T = TypeVar("T")

_MEMINFO = Path("/proc/meminfo")


class Memory(NamedTuple):
    """Of a device, in bytes; None where the system doesn't say it."""

    free: int | None
    total: int | None


def pick() -> torch.device:
    """The best device: `$LATENTLAB_DEVICE` if set, else CUDA, else Apple's MPS, else the CPU."""
    requested = os.environ.get("LATENTLAB_DEVICE")
    if requested:
        return torch.device(requested)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def n_slots() -> int:
    """How many workers this machine is for: one, or one for each of several GPUs."""
    found = pick()
    return max(1, torch.cuda.device_count()) if found.type == "cuda" and found.index is None else 1


def of_slot(slot: int) -> torch.device:
    """The device of one of several workers: of several GPUs each has one in turn, anything else they share."""
    return pick() if n_slots() == 1 else torch.device("cuda", slot % n_slots())


def limit_threads() -> int:
    """Set the threads of torch and of other libraries to `$LATENTLAB_THREADS` (default 1) and return the number.

    The matrix products of an MNIST-size network are too small to share: with other work on the machine four
    threads were measured thirteen times slower than one, and the eigenvectors of 784 pixels fifty times slower with
    two threads than with one.
    """
    threads = max(1, int(os.environ.get("LATENTLAB_THREADS", "1")))
    torch.set_num_threads(threads)  # of the calling thread
    _limit_others(threads)
    return threads


@functools.lru_cache(1)
def _limit_others(threads: int) -> None:
    """NumPy's and SciPy's BLAS and scikit-learn's OpenMP; what is loaded later reads the environment."""
    os.environ |= {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    threadpool_limits(threads)


def memory(device: torch.device) -> Memory:
    """The memory of a device: that of the GPU, or of the machine where Linux says it."""
    if device.type == "cuda":
        return Memory(*torch.cuda.mem_get_info(device))
    try:
        found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", _MEMINFO.read_text(), re.MULTILINE))
        return Memory(int(found["MemAvailable"]) << 10, int(found["MemTotal"]) << 10)
    except (OSError, KeyError):
        return Memory(None, None)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether bfloat16 matrix products run in hardware on this device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A source of randomness of its own, never the global generator."""
    return torch.Generator(device).manual_seed(seed)


def seeded(seed: int, function: Callable[[], T]) -> T:
    """What a function gives that draws from torch's global generators, these at a seed; then they are as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return function()
