"""Whether a second layer helps an auxiliary VAE: the same training with one layer and with two, over seeds.

`python -m latentlab reproduce auxiliary-layers` trains them and prints the table; `TABLE` has the scores of the last
run. After Maaløe et al., Auxiliary Deep Generative Models (2016), Tab. 1, made smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from latentlab import device
from latentlab.analysis.latent.bounds import bound
from latentlab.data import Splits, load
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import LogLikelihood
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

DATA = "digits"
SEEDS = (0, 1, 2)
N_MEASURED, N_DRAWS = 500, 1_000  # test examples that get the bounds, and draws of the tighter one
TRAINING: Mapping[str, Any] = {"epochs": 60, "batch_size": 100, "warmup": 0.4, "clip": 10.0}
COMMON: Mapping[str, Any] = {"z_dim": 32, "a_dim": 32, "hidden": 256, "batch_norm": True}
MODELS: Mapping[str, Mapping[str, Any]] = {  # knobs of `deep_avae`
    "one layer": {"depth": 1},
    "one layer, p(a|z)": {"depth": 1, "a_sees_x": False},
    "two layers": {"depth": 2},
    "two layers, p(a|z)": {"depth": 2, "a_sees_x": False},
}
REPORTED = {"one layer": -84.59, "two layers": -82.97}  # bound of 5,000 draws of MNIST, in nats, of the source


@dataclass(frozen=True)
class LayerScore:
    """One training, measured on the first `N_MEASURED` test examples.

    Attributes:
        bound: the ELBO in nats.
        weighted: the importance-weighted bound with `N_DRAWS` draws, in nats.
        seconds: of processor time for the training.
    """

    model: str
    seed: int
    bound: float
    weighted: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(LayerScore, SHIPPED / "auxiliary-layers.csv")


def run(
    seeds: Sequence[int] = SEEDS, training: Mapping[str, Any] = TRAINING, common: Mapping[str, Any] = COMMON
) -> Iterator[LayerScore]:
    """Train all models with every seed; yields each score when it is done."""
    splits = load(DATA)
    for seed in seeds:
        for name, knobs in MODELS.items():
            yield _score(name, {**common, **knobs}, TrainConfig(**training, seed=seed), splits)


def _score(name: str, knobs: Mapping[str, Any], config: TrainConfig, splits: Splits) -> LayerScore:
    model, seconds = timed_training("deep_avae", knobs, splits, config)
    if not isinstance(model, LogLikelihood):
        raise TypeError(f"{model.name} has no likelihood.")
    x = model.binarise(splits.test[:N_MEASURED].batch().x, device.generator(0))
    one, many = (bound(model.log_prob, x, n).mean for n in (1, N_DRAWS))
    return LayerScore(name, config.seed, one, many, seconds)


def table_rows(scores: Sequence[LayerScore]) -> list[dict[str, str]]:
    """A row for each model: means and, over the seeds, standard deviations."""
    rows = []
    for name, own in grouped(scores, lambda score: score.model).items():
        rows.append(
            {
                "AVAE": name,
                "ELBO, nats": mean_std([score.bound for score in own]),
                f"bound of {N_DRAWS:,} draws": mean_std([score.weighted for score in own]),
                "reported, MNIST": f"{REPORTED[name]:.2f}" if name in REPORTED else MISSING,
                "seeds": str(len(own)),
                "CPU s": mean_std([score.seconds for score in own]),
            }
        )
    return rows
