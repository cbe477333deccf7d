"""What keeps the upper layers of a hierarchical VAE: four models that differ by one addition each, over seeds.

`python -m latentlab reproduce hierarchies` trains them and prints the table; `TABLE` has the scores of the last
run. After Sønderby et al., Ladder Variational Autoencoders (2016), Tab. 1 and Figs. 3 to 6, made smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from latentlab import device
from latentlab.analysis.arrays import Floats, floats
from latentlab.analysis.latent.bounds import bound
from latentlab.analysis.latent.layer_usage import layer_usage
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.data import Dataset, Splits, load
from latentlab.experiments.recipes.hierarchical import FIVE, TRAINING, WARM
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_of_each, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Layered, LogLikelihood, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

SEEDS = (0, 1, 2)
MODEL = "lvae"
N_MEASURED, N_DRAWS = 500, 5_000  # test examples that get the bounds, and draws of the tighter one
N_PROBED = 2_000  # training examples that a probe is fitted to
ADDITIONS: Mapping[str, tuple[Mapping[str, Any], bool]] = {  # knobs, and whether the KL is warmed up
    "VAE": ({"inference": "bottom-up", "batch_norm": False}, False),
    "+ batch normalisation": ({"inference": "bottom-up"}, False),
    "+ warm-up": ({"inference": "bottom-up"}, True),
    "ladder VAE": ({}, True),
}
# L1 and L5000 in nats of MNIST, of networks of 512 to 32 units trained for 2,000 epochs with 60,000 images: Sønderby et
# al. 2016, Fig. 3 and Tab. 1; of the VAEs the best depth
REPORTED = {"mnist": {"+ warm-up": (-87.49, -82.74), "ladder VAE": (-85.23, -82.12)}}


@dataclass(frozen=True)
class Setting:
    """One data set, and what all four models have in common.

    Attributes:
        config: knobs of the models.
        plain: knobs of the training without a warm-up.
        warm: the same with one.
        n_train: training examples; 0: all.
        note: what is to be known of its scores, in sentences.
    """

    config: Mapping[str, Any]
    plain: Mapping[str, Any]
    warm: Mapping[str, Any]
    n_train: int = 0
    note: str = ""


MNIST_TRAINING = {"epochs": 15, "batch_size": 100, "clip": 10.0}
SETTINGS = {
    "digits": Setting(FIVE, TRAINING, WARM, note="`python -m latentlab reproduce hierarchies --data digits`."),
    "mnist": Setting(
        FIVE | {"hidden": 256},
        MNIST_TRAINING,
        MNIST_TRAINING | {"warmup": 1 / 3},
        10_000,
        "Reported are the ELBO and the bound of 5,000 draws of Sønderby et al. (2016), whose networks are twice as "
        "wide and were trained for 2,000 epochs with 60,000 images; these for 15 epochs with 10,000: "
        "`python -m latentlab reproduce hierarchies --data mnist`.",
    ),
}


@dataclass(frozen=True)
class HierarchyScore:
    """One training, measured on the first `N_MEASURED` test examples.

    Attributes:
        bound: the ELBO in nats.
        weighted: the importance-weighted bound with `N_DRAWS` draws, in nats.
        kl: what each layer carries, from z1 up, in nats.
        active: active units of each layer.
        probe: test accuracy of a linear probe of a draw of each layer.
        seconds: of processor time for the training.
    """

    dataset: str
    model: str
    seed: int
    bound: float
    weighted: float
    kl: tuple[float, ...]
    active: tuple[float, ...]
    probe: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    HierarchyScore, SHIPPED / "hierarchies.csv", part=lambda score: score.dataset,
    order=lambda score: list(SETTINGS).index(score.dataset),
)  # fmt: skip


def run(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[HierarchyScore]:
    """Train the four models with every seed; yields each score when it is done."""
    chosen, splits = setting or SETTINGS[dataset], load(dataset)
    splits = splits._replace(train=splits.train[: chosen.n_train or len(splits.train)])
    for seed in seeds:
        for name, (knobs, is_warm) in ADDITIONS.items():
            yield _score(name, {**chosen.config, **knobs}, chosen.warm if is_warm else chosen.plain, splits, seed)


def _score(
    name: str, knobs: Mapping[str, Any], training: Mapping[str, Any], splits: Splits, seed: int
) -> HierarchyScore:
    config = TrainConfig(**training, seed=seed)
    model, seconds = timed_training(MODEL, knobs, splits, config)
    return HierarchyScore(splits.train.name, name, seed, seconds=seconds, **measure(model, splits, N_DRAWS))


def measure(model: Model, splits: Splits, n: int) -> dict[str, Any]:
    """The numbers of a `HierarchyScore` that a trained model has.

    Args:
        model: with layers and a likelihood.
        splits: examples of the first part fit the probes, those of the last are measured.
        n: draws of the tighter bound.
    """
    if not (isinstance(model, Layered) and isinstance(model, LogLikelihood)):
        raise TypeError(f"{model.name} has no layers or no likelihood.")
    taken = model.binarise(splits.test[:N_MEASURED].batch().x, device.generator(0))
    return {
        "bound": bound(model.log_prob, taken, 1).mean,
        "weighted": bound(model.log_prob, taken, n).mean,
        **measure_layers(model, splits),
    }


def measure_layers(model: Layered, splits: Splits) -> dict[str, Any]:
    """What each layer carries, its active units, and how well a linear probe reads the class from a draw of it."""
    rng = device.generator(0)
    x = splits.test[:N_MEASURED].batch().x
    usage = layer_usage(partial(model.unit_kl, rng=rng), x, n_draws=5)
    fitted, tried = splits.train[:N_PROBED], splits.test[:N_PROBED]
    held, right = _draws(model, tried), []
    for name, z in _draws(model, fitted).items():
        probe = linear_probe(z, fitted.y, l2=0.01, n_classes=len(splits.train.classes))
        right.append(float((probe.log_probs(held[name]).argmax(1) == tried.y.numpy()).mean()))
    return {
        "kl": tuple(layer.total for layer in usage),
        "active": tuple(float(layer.active.sum()) for layer in usage),
        "probe": tuple(right),
    }


@torch.no_grad()
def _draws(model: Layered, data: Dataset) -> dict[str, Floats]:
    """One draw of each layer for each example, (N, dim)."""
    rng = device.generator(0)
    return {name: floats(q.draw(rng)) for name, q in model.infer(data.batch().x, rng).items()}


def table_rows(scores: Sequence[HierarchyScore]) -> list[dict[str, str]]:
    """A row for each data set and model: means and, over the seeds, standard deviations; layers from z1 up."""
    rows = []
    for (dataset, model), own in grouped(scores, lambda score: (score.dataset, score.model)).items():
        known = REPORTED.get(dataset, {}).get(model)
        rows.append(
            {
                "data": dataset,
                "model": model,
                "ELBO, nats": mean_std([score.bound for score in own]),
                f"bound of {N_DRAWS:,} draws": mean_std([score.weighted for score in own]),
                "reported": "{:.2f}, {:.2f}".format(*known) if known else MISSING,
                "KL, nats": mean_of_each([score.kl for score in own], ".2f"),
                "active units": mean_of_each([score.active for score in own], ".1f"),
                "probe, %": mean_of_each([[100 * p for p in score.probe] for score in own], ".0f"),
                "seeds": str(len(own)),
                "CPU s": mean_std([score.seconds for score in own]),
            }
        )
    return rows
