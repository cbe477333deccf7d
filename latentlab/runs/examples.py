"""The test examples that runs are stored with: a file beside their folders, once for all runs of the same data."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection
from pathlib import Path

import safetensors.torch
import torch

from latentlab.data import UNLABELLED, DataError, Dataset, held_out
from latentlab.data.dataset import LEVELS
from latentlab.data.library.scaling import read_scale
from latentlab.runs.run import Run
from latentlab.serialization import RunError, read_tensors, write

N_EXAMPLES = 500
HOUR = 3_600.0  # seconds


def few(examples: Dataset) -> Dataset:
    """What is saved of test examples, taken at random: the first test images of MNIST are the easier ones."""
    return held_out(examples, N_EXAMPLES)[1] if len(examples) > N_EXAMPLES else examples


def save(root: Path, examples: Dataset) -> str:
    """Write a part of the test examples, unless a run of the same data has done so; returns the file's name."""
    part = few(examples)
    tensors = {"x": part.x, "y": part.y}
    if part.scale is not None:
        tensors |= part.scale.tensors
    if part.quantiles is not None:
        tensors |= {"quantiles": part.quantiles}
    content = safetensors.torch.save({key: value.cpu().contiguous() for key, value in tensors.items()})
    slug = re.sub(r"[^A-Za-z0-9_-]", "_", examples.name)[:64] or "data"
    name = f"examples-{slug}-{hashlib.sha256(content).hexdigest()[:12]}.safetensors"
    if not (root / name).is_file():
        write(root / name, content)
    return name


def read(run: Run, folder: Path) -> Dataset:
    """The test examples that are saved with a run.

    Args:
        run: which one.
        folder: its folder.

    Raises:
        RunError: they are missing or damaged, or are not of the run's data.
    """
    tensors = read_tensors(folder.parent / run.examples if run.examples else folder / "examples.safetensors")
    x, y = tensors.get("x"), tensors.get("y")
    if x is None or y is None or tuple(x.shape[1:]) != run.shape or y.shape != x.shape[:1]:
        raise RunError("The examples saved with it don't fit its data set.")
    if x.dtype not in (torch.uint8, torch.float32) or y.dtype != torch.int64:
        raise RunError("The examples saved with it don't fit its data set.")
    if len(y) and not UNLABELLED <= int(y.min()) <= int(y.max()) < len(run.classes):
        raise RunError("The examples saved with it don't fit its classes.")
    quantiles = tensors.get("quantiles")
    if quantiles is not None and not _are_quantiles(quantiles, run.shape):
        raise RunError("The examples saved with it don't fit its data set.")
    try:
        scale = read_scale(tensors, run.shape)
    except DataError as error:
        raise RunError(str(error)) from error
    return Dataset(run.dataset, x, y, run.classes, run.data_kind, run.columns, scale, quantiles)


def _are_quantiles(found: torch.Tensor, shape: tuple[int, ...]) -> bool:
    return found.dtype == torch.float32 and found.shape == (len(LEVELS), *shape) and bool(found.isfinite().all())


def forget(root: Path, used: Collection[str]) -> None:
    """Remove the files that no run reads any more; a new one may be that of a run that is just being written."""
    for path in root.glob("examples-*.safetensors"):
        if path.name not in used and time.time() - path.stat().st_mtime > HOUR:
            path.unlink(missing_ok=True)
