"""A small sweep: VAEs of the digits over the size of the latent space and β, with several seeds.

`python -m latentlab reproduce sweep` trains it and prints the table; `TABLE` has the scores of the last time. It is
what `latentlab sweep vae digits --z_dim 2,5,10,20 --beta 1,4 --hidden 128 --epochs 60` trains, kept as numbers alone.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latentlab.analysis.sweep import compare, interval
from latentlab.data import load
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_std
from latentlab.jobs.job import suited_config
from latentlab.jobs.sweep_results import Trained, chosen_measure, padded
from latentlab.knobs import Value, from_dict
from latentlab.models import MODELS, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train

MODEL, DATASET = "vae", "digits"
GRID: dict[str, tuple[Value, ...]] = {"z_dim": (2, 5, 10, 20), "beta": (1.0, 4.0)}
CONFIG, TRAINING = {"hidden": 128}, {"epochs": 60}
MEASURE = chosen_measure(MODELS[MODEL])


@dataclass(frozen=True)
class SweepScore:
    """One training.

    Attributes:
        z_dim, beta: of its setting.
        curve: ELBO of the validation split after each epoch, in nats.
        test: ELBO of the test split; NaN of a setting that wasn't chosen, which nobody has looked at.
        seconds: of processor time.
    """

    z_dim: int
    beta: float
    seed: int
    curve: tuple[float, ...]
    test: float = math.nan
    seconds: float = field(default=math.nan, compare=False)

    @property
    def setting(self) -> dict[str, Value]:
        """The knobs that were varied."""
        return {"z_dim": self.z_dim, "beta": self.beta}


TABLE = ScoreTable(SweepScore, SHIPPED / "sweep.csv")


def run(seeds: Sequence[int], training: dict[str, Any] | None = None) -> list[SweepScore]:
    """Train every setting with every seed, and test those of the setting that is best on held-out examples."""
    settings = itertools.product(GRID["z_dim"], GRID["beta"])
    found = [_train(*one, seed, training or TRAINING) for one in settings for seed in seeds]
    scores, models = zip(*found, strict=True)
    best = compare(trained(scores).scores, MEASURE.higher_is_better).best
    first = (best or 0) * len(seeds)
    test = load(DATASET).test
    return [
        dataclasses.replace(score, test=evaluate(model, test)[MEASURE.term])
        if first <= place < first + len(seeds)
        else score
        for place, (score, model) in enumerate(zip(scores, models, strict=True))
    ]


def _train(z_dim: Any, beta: Any, seed: int, training: dict[str, Any]) -> tuple[SweepScore, Model]:
    splits = load(DATASET)
    config = {**CONFIG, "z_dim": z_dim, "beta": beta}
    values = suited_config(MODEL, DATASET, config) | config
    knobs = from_dict(TrainConfig, {**training, "seed": seed})
    model = start(MODEL, model_config(MODEL, values, splits.train, knobs), splits.train.spec, knobs)
    began = time.process_time()
    reports = [metrics.valid for metrics in train(model, splits, knobs, report_every=1_000_000)]
    seconds = time.process_time() - began
    return SweepScore(
        z_dim, beta, seed, tuple(one[MEASURE.term] for one in reports), seconds=seconds
    ), model.cpu().eval()


def trained(scores: Sequence[SweepScore]) -> Trained:
    """The scores as arrays, by setting and seed."""
    settings = list(grouped(scores, lambda one: tuple(one.setting.items())))
    seeds = sorted({score.seed for score in scores})
    of = {(tuple(one.setting.items()), one.seed): one.curve for one in scores}
    curves = padded([of.get((setting, seed), ()) for setting in settings for seed in seeds])
    ends = [curve[-1] if (curve := of.get((setting, seed))) else math.nan for setting in settings for seed in seeds]
    shape = len(settings), len(seeds)
    return Trained(MEASURE, [dict(one) for one in settings], seeds, np.reshape(ends, shape), curves.reshape(*shape, -1))


def table_rows(scores: Sequence[SweepScore]) -> list[dict[str, str]]:
    """A row for each setting, the best on held-out examples first; tested is that one alone."""
    found = trained(scores)
    compared = compare(found.scores, MEASURE.higher_is_better)
    leads = dict(zip(compared.order.tolist(), compared.leads, strict=True))
    own = list(grouped(scores, lambda one: tuple(one.setting.items())).values())
    return [
        {
            **{name: f"{value:g}" for name, value in own[k][0].setting.items()},
            "seeds": str(len(own[k])),
            "validation ELBO, nats": str(compared.settings[k]),
            "behind the best": MISSING if k == compared.best else str(leads[k]),
            "test ELBO, nats": str(interval([one.test for one in own[k]])) or MISSING,
            "CPU s": mean_std([one.seconds for one in own[k]]),
        }
        for k in leads
    ]
