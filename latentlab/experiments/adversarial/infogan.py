"""What the mutual information adds to a GAN: a ring of eight Gaussians with λ = 1 and with λ = 0, over seeds.

`python -m latentlab reproduce infogan` trains them and prints the table; `TABLE` has the scores of the last run.
After Chen et al., InfoGAN (2016), Fig. 1, whose data are MNIST and whose L_I rises to H(c) = 2.30 nats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from latentlab import device
from latentlab.analysis.adversarial.modes import mode_coverage
from latentlab.analysis.arrays import floats
from latentlab.data import DENSITIES, Dataset, load
from latentlab.experiments.recipes.adversarial import RING, RING_TRAINING
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Decodes, HasPrior, Model, category_of
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate

DATA = "gaussian-ring"
SEEDS = (0, 1, 2)
WEIGHTS = (1.0, 0.0)  # λ
MOST = math.log(8)  # nats: H(c)
N_MEASURED = 10_000  # samples


@dataclass(frozen=True)
class InfoGANScore:
    """One training, measured on `N_MEASURED` samples.

    Attributes:
        weight: λ.
        bound: L_I of the category, in nats; at most log 8.
        information: mutual information of the category and the mode that is nearest to the sample, in nats.
        modes: of eight, how many are reached.
        near: share of the samples within three standard deviations of a mode.
        distance: energy distance of samples and test examples.
        seconds: of processor time for the training.
    """

    weight: float
    seed: int
    bound: float
    information: float
    modes: int
    near: float
    distance: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(InfoGANScore, SHIPPED / "infogan.csv")


def run(
    seeds: Sequence[int] = SEEDS, training: Mapping[str, Any] = RING_TRAINING, knobs: Mapping[str, Any] = RING
) -> Iterator[InfoGANScore]:
    """Train with every weight and every seed; yields each score when it is done."""
    splits = load(DATA)
    for seed in seeds:
        for weight in WEIGHTS:
            config = TrainConfig(**training, seed=seed)
            model, seconds = timed_training("infogan", {**knobs, "information": weight}, splits, config)
            yield InfoGANScore(weight, seed, **measure(model, splits.test), seconds=seconds)


@torch.no_grad()
def measure(model: Model, test: Dataset) -> dict[str, Any]:
    """The numbers of an `InfoGANScore` that a trained model has."""
    from sklearn.metrics import mutual_info_score  # imported here: a second of start-up

    category = category_of(model.prior) if isinstance(model, HasPrior) else None
    if not (isinstance(model, HasPrior) and isinstance(model, Decodes)) or category is None:
        raise TypeError(f"{model.name} has no category that it decodes.")
    density, found = DENSITIES[test.name], evaluate(model, test)
    code = model.prior.sample(N_MEASURED, device.generator(0))
    modes = mode_coverage(
        floats(model.decode(code)), density.means.numpy(), density.stds.numpy(), density.log_weights.exp().numpy()
    )
    return {
        "bound": found["category information"],
        "information": float(mutual_info_score(code[:, category].argmax(1).numpy(), modes.nearest)),
        "modes": int(modes.reached.sum()),
        "near": modes.near,
        "distance": found["energy distance"],
    }


def table_rows(scores: Sequence[InfoGANScore]) -> list[dict[str, str]]:
    """A row for each weight: means and, over the seeds, standard deviations."""
    rows = []
    for weight, own in grouped(scores, lambda score: score.weight).items():
        rows.append(
            {
                "λ": f"{weight:g}",
                f"L_I, nats (at most {MOST:.3f})": mean_std([one.bound for one in own]),
                "I(c; mode), nats": mean_std([one.information for one in own]),
                "modes of 8": mean_std([one.modes for one in own]),
                "samples at a mode, %": mean_std([one.near for one in own], by=100),
                "energy distance": mean_std([one.distance for one in own]),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
