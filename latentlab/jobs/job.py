"""What a training is given: a model, data and knobs, checked before anyone waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from latentlab import device
from latentlab.data import Dataset, Spec, check_factors, factor_names, is_local, load, names, spec_of
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Model, Trains, build, suitable, suited
from latentlab.runs.run import is_text
from latentlab.runs.store import Store
from latentlab.runs.trunks import described, load_trunk
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, TrainingError, model_config
from latentlab.training.duration import epoch_seconds
from latentlab.training.importance.sampler import check_importance
from latentlab.training.loop import start
from latentlab.training.memory import check_memory, parameter_bytes
from latentlab.training.optimizers import check_optimizer


@dataclass(frozen=True)
class Job:
    """What to train: names and knobs."""

    id: str
    title: str
    model: str
    dataset: str
    config: dict[str, Any]
    train: dict[str, Any]
    submitted: str  # ISO 8601, UTC
    note: str = ""

    def check(self) -> None:
        """Refuse what can't be trained, whatever the data; that those are still there is seen when they are loaded.

        Raises:
            RunError: an unknown model, or a title or a note that no file can hold.
            KnobError: a knob out of its range.
        """
        if self.model not in MODELS:
            raise RunError(f"There is no model called {self.model!r}; known are {', '.join(MODELS)}.")
        if not is_text(self.title + self.note):
            raise RunError("Its title or its note has characters that aren't text in UTF-8.")
        from_dict(MODELS[self.model].Config, self.config)
        from_dict(TrainConfig, self.train)


def suited_config(model: str, dataset: str, given: Collection[str] = ()) -> dict[str, Any]:
    """The knobs of a model that suit a data set better than its defaults; none where the data aren't there to be seen.

    Those that are given already are left out.

    Raises:
        DataError: they are damaged.
    """
    if model not in MODELS or not suitable(model) or dataset not in names() or not is_local(dataset):
        return {}
    return suited(model, load(dataset).test, given)


def check_fit(job: Job) -> None:
    """Refuse a model that can't be built for the data, or trained on this machine, before anyone waits for it.

    Raises:
        RunError: it can't be.
    """
    try:
        kind = MODELS[job.model]
        if issubclass(kind, Trains) and kind.needs_factors:
            check_factors(job.dataset, factor_names(job.dataset))
        train = from_dict(TrainConfig, job.train)
        if issubclass(kind, Trains):
            check_optimizer(kind, train)
            check_importance(kind, train)
        model = untrained(job, spec_of(job.dataset))
        check_memory(parameter_bytes(model, train), device.memory(device.pick()).total)
    except (ValueError, TrainingError) as error:
        raise RunError(str(error)) from error


def fresh(store: Store, job: Job, data: Dataset, train: TrainConfig) -> Model:
    """The model that a job starts with, on the best device; where a training is resumed, its trunk isn't looked for.

    Raises:
        ValueError: it can't be built for such data.
        RunError: the run that its trunk comes from is gone or damaged.
    """
    model = start(job.model, model_config(job.model, job.config, data, train), data.spec, train)
    if not (store.folder(job.id) / "checkpoint.safetensors").exists():
        load_trunk(store, model)
    return model


def untrained(job: Job, spec: Spec) -> Model:
    """The model that a job trains, without memory taken for its parameters.

    Raises:
        ValueError: it can't be built for such data.
    """
    with torch.device("meta"):
        return build(job.model, from_dict(MODELS[job.model].Config, job.config), spec)


def seconds_of_epoch(model: str, dataset: str, config: Mapping[str, Any], train: Mapping[str, Any]) -> float:
    """About how long an epoch takes on this machine; see `epoch_seconds`.

    Args:
        model: a name in `MODELS`, of one that is trained by gradients.
        dataset: a name of data that are here.
        config, train: their knobs.

    Raises:
        RunError, KnobError, DataError, TrainingError: it can't be trained.
    """
    job = Job("", "", model, dataset, described(Store.default(), model, config), dict(train), "")
    job.check()
    check_fit(job)
    data, settings = load(dataset).train, from_dict(TrainConfig, train)
    fresh = start(model, model_config(model, job.config, data, settings), data.spec, settings)
    if not isinstance(fresh, Trains):
        raise TrainingError(f"{fresh.title} isn't trained by gradients.")
    return epoch_seconds(fresh, data, settings)
