"""The codes of a run's held-out examples, and the factors that they are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from latentlab.analysis.arrays import Floats, Labels, floats
from latentlab.analysis.disentanglement.information import Information, information
from latentlab.analysis.disentanglement.measured import CLASS, measured_levels
from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.data import Dataset, Factors, Kind
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember

MOST = 2_000  # held-out examples, where the data are on this machine
AT_ONCE = 500  # examples that are encoded together


@dataclass(frozen=True, eq=False)
class Held:
    """Codes and factors of the same examples.

    Attributes:
        codes: (N, D).
        levels: (N, F).
        factors: names of the F factors; none where nothing is known of the examples.
        are_true: whether the factors made the examples; else they were measured of them.
        values: what the levels of each factor are called.
    """

    codes: Floats
    levels: Labels
    factors: tuple[str, ...]
    are_true: bool
    values: tuple[tuple[str, ...], ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the D dimensions."""
        return tuple(dimension_name(axis) for axis in range(self.codes.shape[1]))


@remember(16, "Encoding held-out examples …")
def held(run: Subject) -> Held:
    """The factors that made the examples where they are known, else what is measured of them."""
    data = _examples(run)
    if data.factors is not None:
        return _true(_codes(run, data), data.factors)
    is_measured = data.kind is Kind.IMAGE and data.shape[0] == 1
    found = measured_levels(data.batch().x.numpy() if is_measured else None, data.y.numpy())
    values = [tuple(str(level + 1) for level in range(column.max() + 1)) for column in found.levels.T]
    if values and found.names[0] == CLASS and len(values[0]) == len(run.classes):
        values[0] = run.classes
    return Held(_codes(run, data[torch.from_numpy(found.rows)]), found.levels, found.names, False, tuple(values))


def _true(codes: Floats, factors: Factors) -> Held:
    """With the factors that vary among these examples, and of each the levels that are there."""
    kept, values, names = list[Labels](), list[tuple[str, ...]](), list[str]()
    for k, name in enumerate(factors.names):
        there, levels = np.unique(factors.levels[:, k].numpy(), return_inverse=True)
        if len(there) > 1:
            kept.append(levels.reshape(-1).astype(np.int64))
            values.append(tuple(factors.words(k)[level] for level in there))
            names.append(name)
    levels = np.stack(kept, 1) if kept else np.empty((len(codes), 0), np.int64)
    return Held(codes, levels, tuple(names), True, tuple(values))


@remember(16)
def information_of(run: Subject) -> Information:
    """What each dimension says of each factor."""
    found = held(run)
    return information(found.codes, found.levels)


def _examples(run: Subject) -> Dataset:
    """Test examples of the run's data, more than are saved with it if they are there."""
    if not cached.has_data(run):
        return cached.examples(run)
    test = cached.splits(run.dataset).test
    return test[:MOST] if test.shape == run.shape else cached.examples(run)


def _codes(run: Subject, data: Dataset) -> Floats:
    model = cached.model(run)
    if not isinstance(model, Encodes):
        raise TypeError(f"{run.title} doesn't encode.")
    with torch.no_grad():
        parts = [model.encode(data.batch(slice(k, k + AT_ONCE)).x) for k in range(0, len(data), AT_ONCE)]
    return floats(torch.cat(parts)) if parts else np.empty((0, 0), np.float32)
