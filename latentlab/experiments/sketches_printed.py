"""The printed network on all sketches, tested on these and on drawings by people; as `reproduce sketches` trains it.

Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), §2.2, trains it for 20 epochs in batches of 64 with Adam and a
learning rate of 0.001, on 49,000 drawings by people, and reports a test accuracy of 0.9589; of the best setting that
she tried, 0.965. Ours are drawn by a program. What the network knows of real ones is measured on simplified drawings of
Quick, Draw! (data by Google, CC BY 4.0), where the folder `quickdraw_test` is among the user's data.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from latentlab import settings
from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.confusion import confusion, errors_only
from latentlab.analysis.classification.metrics import binary_accuracy
from latentlab.analysis.stats import wilson
from latentlab.analysis.sweep import interval
from latentlab.data import Dataset, Kind, load
from latentlab.data.files.images.strokes import read_strokes
from latentlab.experiments.score_tables import MISSING, ScoreTable, mean_std
from latentlab.experiments.sketches import BASE, DATASET, trained
from latentlab.knobs import from_dict
from latentlab.models import Classifies, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

EPOCHS = 20
REAL = "quickdraw_test"  # the folder of simplified drawings, one file a class
SOURCE, SOURCE_BEST = 0.9589, 0.965  # test accuracies of hers
MOST = 10_000  # real drawings of a class
SAID = 3  # confusions


@dataclass(frozen=True)
class PrintedScore:
    """One training.

    Attributes:
        accuracy: of the validation split after each epoch.
        test_binary, real_binary: shares of all outputs on the right side of ½.
        test_confusion, real_confusion: how often class i was predicted as j, row by row; of no drawing none.
        seconds: of processor time.
    """

    seed: int
    accuracy: tuple[float, ...]
    test_binary: float
    real_binary: float
    test_confusion: tuple[float, ...]
    real_confusion: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(PrintedScore, SHIPPED / "sketches-printed.csv")


class Found(NamedTuple):
    """What a network predicts of some examples."""

    counts: Labels  # (K, K) how often class i was predicted as j
    binary: float


def real_drawings(classes: Sequence[str], folder: Path | None = None) -> Dataset | None:
    """Drawings by people, by the class in the name of each file; None where there is no file of a class.

    Raises:
        DataError: a file can't be read.
    """
    folder = folder or (settings.data() or Path()) / REAL
    paths = [folder / f"{name}.ndjson" for name in classes]
    if not all(path.is_file() for path in paths):
        return None
    parts = [torch.from_numpy(read_strokes([path.name], [path], MOST, path.name).x) for path in paths]
    y = torch.repeat_interleave(torch.arange(len(parts)), torch.tensor([len(part) for part in parts]))
    return Dataset(REAL, torch.cat(parts), y, tuple(classes), Kind.IMAGE)


def run(seeds: Sequence[int]) -> Iterator[PrintedScore]:
    """Train the network with each seed, and test it."""
    splits = load(DATASET)
    real = real_drawings(splits.train.classes)
    for seed in seeds:
        began = time.process_time()
        training = from_dict(TrainConfig, BASE | {"epochs": EPOCHS, "seed": seed})
        model, reports = trained({}, training, splits)
        seconds = time.process_time() - began
        test, of_real = tested(model, splits.test), tested(model, real) if real else None
        yield PrintedScore(
            seed,
            tuple(1 - one["error"] for one in reports),
            test.binary,
            of_real.binary if of_real else math.nan,
            tuple(map(float, test.counts.ravel())),
            tuple(map(float, of_real.counts.ravel())) if of_real else (),
            seconds,
        )


@torch.no_grad()
def tested(model: Model, data: Dataset) -> Found:
    """What a classifier predicts of a data set."""
    assert isinstance(model, Classifies)
    where = next(model.parameters()).device
    parts = torch.arange(len(data)).split(500)
    log_probs = torch.cat([model.classify(data[part].batch().x.to(where)).cpu() for part in parts])
    counts = confusion(log_probs.argmax(1).numpy(), data.y.numpy(), len(data.classes))
    return Found(counts, binary_accuracy(log_probs, data.y))


def accuracy(counts: Labels) -> float:
    """The share on the diagonal; NaN of no examples."""
    return float(np.trace(counts) / counts.sum()) if counts.size else math.nan


def counts_of(flat: Sequence[float]) -> Labels:
    """(K, K) of the counts as a score keeps them."""
    side = math.isqrt(len(flat))
    return np.array(flat, np.int64).reshape(side, side)


def table_rows(scores: Sequence[PrintedScore]) -> list[dict[str, str]]:
    """A row for each training."""
    return [
        {
            "seed": str(one.seed),
            "validation": f"{one.accuracy[-1]:.4f}",
            "test": f"{accuracy(counts_of(one.test_confusion)):.4f}",
            "test, binary": f"{one.test_binary:.4f}",
            "real drawings": f"{accuracy(counts_of(one.real_confusion)):.3f}" if one.real_confusion else MISSING,
            "real, binary": f"{one.real_binary:.3f}" if one.real_confusion else MISSING,
            "CPU s": mean_std([one.seconds]),
        }
        for one in scores
    ]


def summary(scores: Sequence[PrintedScore], classes: Sequence[str]) -> str:
    """Test accuracy beside the source's, that of real drawings, and what is confused most."""
    found = interval([accuracy(counts_of(one.test_confusion)) for one in scores])
    lines = [
        f"Test accuracy {found}, source {SOURCE} (best setting {SOURCE_BEST}) on drawings by people; most often "
        f"{_confused(sum_of([one.test_confusion for one in scores]), classes)}."
    ]
    real = [one.real_confusion for one in scores if one.real_confusion]
    if real:
        total, n = sum_of(real), sum(real[0])
        of = wilson(accuracy(total), n)
        lines.append(
            f"{n:.0f} real drawings: accuracy {of.value:.3f} [{of.low:.3f}, {of.high:.3f}], mean of {len(real)} "
            f"networks; most often {_confused(total, classes)}."
        )
    return "\n".join(lines)


def sum_of(flat: Sequence[Sequence[float]]) -> Labels:
    """(K, K) counts of several trainings together."""
    total: Labels = np.add.reduce([counts_of(one) for one in flat])
    return total


def _confused(counts: Labels, classes: Sequence[str]) -> str:
    wrong = errors_only(counts)
    places = np.argsort(-wrong, axis=None, kind="stable")[:SAID]
    pairs = [np.unravel_index(place, wrong.shape) for place in places]
    return ", ".join(f"{classes[i]} as {classes[j]} ({wrong[i, j]})" for i, j in pairs if wrong[i, j])
