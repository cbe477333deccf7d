"""The knobs of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latentlab.data import Dataset, Kind, LabelUse, Spec, labelled_part
from latentlab.knobs import Knob, Value, from_dict, knob, knobs
from latentlab.models import MODELS, Fits, HasPosterior, Model, Trains


class TrainingError(RuntimeError):
    """Training can't go on; the message is one sentence for the user."""


RENAMED = {"spread": "diverse_labels", "moments": "snapshots"}  # knobs that are stored under an older name


@dataclass(frozen=True)
class TrainConfig:
    """The knobs of training."""

    epochs: int = knob(20, 1, 10_000, log=True, help="passes over the training data")
    batch_size: int = knob(128, 1, 10_000, log=True, help="examples in a step; L-BFGS takes all at once")
    learning_rate: float = knob(1e-3, 1e-6, 1.0, log=True, help="step size at the start; L-BFGS finds its own")
    schedule: str = knob(
        "cosine",
        choices=("cosine", "constant", "plateau", "halving"),
        help="learning rate: falls to zero; stays; falls to a tenth after 5 epochs without a better validation score, "
        "but not below 1e-5; is halved every so many epochs",
    )
    halve_every: int = knob(
        25, 1, 10_000, log=True, help="epochs until the learning rate is halved", when=("schedule", "halving")
    )
    optimizer: str = knob(
        "adam",
        choices=("adam", "sgd", "momentum", "rmsprop", "lbfgs"),
        help="what makes steps of gradients; lbfgs: 20 iterations an epoch on all examples, with noise drawn once",
    )
    momentum: float = knob(0.9, 0.0, 0.999, help="share of the last step in the next", when=("optimizer", "momentum"))
    decay: float = knob(1.0, 0.5, 1.0, help="factor of the learning rate after each epoch, on top of the schedule")
    warmup: float = knob(0.0, 0.0, 1.0, help="share of training over which the KL's weight rises from 0")
    clip: float = knob(0.0, 0.0, 1e4, help="largest norm of the gradient; 0 leaves it as it is")
    weight_decay: float = knob(0.0, 0.0, 1.0, help="decay of the weights: AdamW's, or λ θ added to the gradient")
    labels: int = knob(0, 0, 1_000_000, help="training examples that keep their label, as many of each class; 0: all")
    diverse_labels: bool = knob(
        False,
        help="keep diverse labels: of examples that are typical of their class and far from "
        "each other, not of random ones",
    )
    patience: int = knob(0, 0, 1_000, help="stop after so many epochs without a better validation loss; 0: never")
    bf16: bool = knob(False, help="matrix products in bfloat16 (faster where the hardware has it)")
    importance: bool = knob(False, help="draw examples by the length of their gradients, as workers measure it")
    smoothing: float = knob(
        1.0, 0.0, 1e6, help="constant added to each length: large draws all alike", when=("importance", True)
    )
    importance_workers: int = knob(
        1, 0, 64, help="workers that measure them; 0: lengths stay those at the start", when=("importance", True)
    )
    engine: str = knob(
        "simulated",
        choices=("simulated", "processes", "ray"),
        help="where: in turn with the training, which can be repeated; in processes of their own; on a Ray cluster",
        when=("importance", True),
    )
    exact: bool = knob(False, help="wait until all are measured before each step", when=("importance", True))
    refresh: int = knob(
        128, 1, 1_000_000, log=True, help="examples that a worker measures again a step", when=("importance", True)
    )
    seed: int = knob(0, 0, 2**31 - 1, help="fixes the initial parameters, the order of the data and all noise")
    snapshots: bool = knob(False, help="save snapshots during training, after epochs 1, 2, 5, 10, 20, 50, …")
    probes: bool = knob(False, help="after each epoch, probe every layer for the class; the model is not changed")

    @property
    def takes_all(self) -> bool:
        """Whether each step is on all examples at once."""
        return self.optimizer == "lbfgs"

    @property
    def watches_headline(self) -> bool:
        """Whether what happens next depends on the validation headline of each epoch."""
        return self.patience > 0 or self.schedule == "plateau"

    def in_a_step(self, n: int) -> int:
        """Examples in a step, of n; there may be fewer."""
        return max(1, n) if self.takes_all else self.batch_size


def model_config(model: str, values: Mapping[str, object], data: Dataset, train: TrainConfig) -> Any:
    """The knobs of a model, and what follows from the data and the labels that it is to be trained with.

    Raises:
        KnobError: as `from_dict`.
    """
    kind = MODELS[model]
    n_labelled = train.labels or len(labelled_part(data))
    return kind.configured(from_dict(kind.Config, values), len(data), max(1, n_labelled))


def training_knobs(model: type[Model]) -> tuple[Knob, ...]:
    """The knobs of training that matter for a kind of model: of one that is fitted the seed alone."""
    found = knobs(TrainConfig)
    if issubclass(model, Fits):
        return tuple(one for one in found if one.name == "seed")
    unfit = {"labels", "diverse_labels"} if model.labels is LabelUse.UNUSED else set[str]()
    if not (issubclass(model, Trains) and draws_one_by_one(model)):
        unfit |= {"importance", *(one.name for one in found if one.when and one.when[0] == "importance")}
    return tuple(one for one in found if one.name not in unfit)


def draws_one_by_one(model: type[Trains]) -> bool:
    """Whether a model has one loss of examples that may be drawn one by one, so by importance too."""
    return len(model.players) == 1 and model.sampler is None and model.labels is not LabelUse.OPTIONAL


def suited_training(model: type[Model], spec: Spec) -> dict[str, Value]:
    """The values of knobs of training that suit a kind of data better than the defaults.

    Of points of a plane a variational autoencoder without warm-up keeps one of its two dimensions. Half-moons, 20
    epochs, seeds 0, 1, 2: 1, 1, 1 active dimensions and an ELBO of -1.58, -1.59, -1.57 nats; with it 2, 2, 2 and -1.48,
    -1.67, -1.52.
    """
    is_vae = issubclass(model, HasPosterior) and not issubclass(model, Fits)
    return {"warmup": 0.5} if is_vae and spec.kind is Kind.PLANE else {}


def current_names(train: Any) -> Any:
    """Stored knobs of training under the names that they have now; what is no table of knobs is left as it is."""
    return {RENAMED.get(name, name): value for name, value in train.items()} if isinstance(train, dict) else train
