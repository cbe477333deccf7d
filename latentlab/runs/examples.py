"""The test examples that runs are stored with: a file beside their folders, once for all runs of the same data."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import safetensors.torch
import torch

from latentlab.data import UNLABELLED, DataError, Dataset, Factors, held_out
from latentlab.data.dataset import LEVELS, FactorValues
from latentlab.data.library.scaling import read_scale
from latentlab.runs.run import Run
from latentlab.serialization import RunError, read_metadata, read_tensors, write

N_EXAMPLES = 500
FACTORS = "factors"  # of the levels in the file, and of their names and values at its head
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
    metadata = None
    if part.factors is not None:
        tensors |= {FACTORS: part.factors.levels}
        metadata = {FACTORS: json.dumps([part.factors.names, part.factors.values])}
    content = safetensors.torch.save({key: value.cpu().contiguous() for key, value in tensors.items()}, metadata)
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
    path = folder.parent / run.examples if run.examples else folder / "examples.safetensors"
    tensors = read_tensors(path)
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
    factors = _factors(tensors[FACTORS], read_metadata(path), len(x)) if FACTORS in tensors else None
    return Dataset(run.dataset, x, y, run.classes, run.data_kind, run.columns, scale, quantiles, factors)


def _factors(levels: torch.Tensor, metadata: Mapping[str, str], n: int) -> Factors:
    """What made the n examples, checked.

    Raises:
        RunError: it can't be.
    """
    try:
        names, values = json.loads(metadata[FACTORS])
        ones = [_values(one) for one in values]
        found = Factors(levels, tuple(map(str, names)), tuple(ones))
        is_sound = levels.dtype == torch.int64 and levels.shape == (n, len(ones)) and len({*found.names}) == len(ones)
        n_levels = torch.tensor([len(one) for one in ones])
        if not is_sound or not bool(((levels >= 0) & (levels < n_levels)).all()):
            raise ValueError
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise RunError("The factors of the examples saved with it can't be used.") from error
    return found


def _values(found: list[object]) -> FactorValues:
    words = [one for one in found if isinstance(one, str)]
    return tuple(words) if len(words) == len(found) else tuple(map(float, found))  # type: ignore[arg-type]


def _are_quantiles(found: torch.Tensor, shape: tuple[int, ...]) -> bool:
    return found.dtype == torch.float32 and found.shape == (len(LEVELS), *shape) and bool(found.isfinite().all())


def forget(root: Path, used: Collection[str]) -> None:
    """Remove the files that no run reads any more; a new one may be that of a run that is just being written."""
    for path in root.glob("examples-*.safetensors"):
        if path.name not in used and time.time() - path.stat().st_mtime > HOUR:
            path.unlink(missing_ok=True)
