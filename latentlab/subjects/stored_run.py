"""A run of the store as the subject of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from latentlab.data import Dataset, Spec
from latentlab.models import HasTrunk, Model
from latentlab.runs import measured
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.subjects.base import Subject


@dataclass(frozen=True)
class StoredRun(Subject):
    """What was trained, with its parameters and examples in a store."""

    run: Run
    store: Store = field(repr=False, default_factory=Store.default)

    @property
    def id(self) -> str:
        """Of the run."""
        return self.run.id

    @property
    def key(self) -> str:
        """Of the run and when it was made: renaming it changes nothing that is computed."""
        return f"{self.run.id} {self.run.created}"

    @property
    def title(self) -> str:
        """Of the run."""
        return self.run.title

    @property
    def dataset(self) -> str:
        """What it was trained on."""
        return self.run.dataset

    @property
    def spec(self) -> Spec:
        """What its model knows of the data."""
        return self.run.spec

    @property
    def classes(self) -> tuple[str, ...]:
        """Of its data."""
        return self.run.classes

    @property
    def note(self) -> str:
        """Of the run."""
        return self.run.note

    @property
    def config(self) -> Mapping[str, Any]:
        """The knobs of its model."""
        return self.run.config

    @property
    def training(self) -> Mapping[str, Any]:
        """The knobs of its training."""
        return self.run.train

    @property
    def units(self) -> Mapping[str, str]:
        """Of its model."""
        return self.run.kind.units

    @property
    def metrics(self) -> Mapping[str, float]:
        """On its test split."""
        return self.run.metrics

    @property
    def snapshots(self) -> tuple[int, ...]:
        """The epochs before the end whose parameters are there; the first is 0.

        That isn't there of a model with a trunk: what the trunk was trained with lies in another run.
        """
        found = self.store.snapshots(self.run.id)
        return tuple(epoch for epoch in found if epoch or not issubclass(self.run.kind, HasTrunk))

    def measured(self) -> Mapping[str, Tensor]:
        """What lies in its folder."""
        return measured.read(self.store, self.run.id)

    def has(self, *any_of: type[Model]) -> bool:
        """Whether the class of its model has at least one of these abilities."""
        return not any_of or issubclass(self.run.kind, any_of)

    def examples(self) -> Dataset:
        """The test examples that are kept for it."""
        return self.store.examples(self.run.id)

    def model(self, epoch: int | None = None) -> Model:
        """The model, trained or after an epoch."""
        return self.store.load(self.run.id, epoch)


def stored(*any_of: type[Model]) -> list[StoredRun]:
    """The readable runs of the user's store whose model has at least one of the abilities; all if none is named."""
    store = Store.default()
    return [StoredRun(run, store) for run in store.runs(*any_of)]


def stored_run(run_id: str) -> StoredRun:
    """One run of the user's store.

    Raises:
        RunError: as `Store.read`.
    """
    store = Store.default()
    return StoredRun(store.read(run_id), store)
