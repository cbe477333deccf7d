"""What a PixelCNN as decoder adds to a convolutional ladder VAE, and leaves to the codes: three models over seeds.

`python -m latentlab reproduce fame` trains them and prints the table; `TABLE` has the scores of the last run. After
Maaløe (2018), appendix E, Tab. 2, made smaller: three layers and six epochs; MNIST of 14 x 14 and of 28 x 28 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import mean
from typing import Any

from latentlab import device
from latentlab.analysis.latent.bounds import bound
from latentlab.analysis.latent.layer_usage import layer_usage
from latentlab.data import Splits, load
from latentlab.experiments.recipes.hierarchical import PIXELS as TRAINING
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_of_each, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Layered, LogLikelihood, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

DATASETS, MODEL = ("mnist-14", "mnist"), "fame"
SEEDS = (0, 1, 2)
N_VALID = 1_000
N_MEASURED, N_DRAWS = 1_000, 100  # test examples that get the bounds, and draws of the tighter one
N_REPEATED = 10  # draws that the ELBO of an example is the mean of
DECODERS: Mapping[str, Mapping[str, Any]] = {
    "convolutional ladder VAE": {"decoder": "none"},
    "no concatenation": {"decoder": "one-pass"},
    "FAME": {"decoder": "pixels"},
}
NOTE = (
    "Reported are the bound of 5,000 draws and the KL of Maaløe (2018, appendix E), of images of 28 x 28 pixels, five "
    "layers, 64 channels and a far longer training; here there are three layers, 24 channels and six epochs: "
    "`python -m latentlab reproduce fame --data mnist-14 mnist`."
)
# NLL of 5,000 draws and KL in nats, of MNIST of 28 x 28 pixels: Maaløe 2018, Tab. 5.2 and appendix E
REPORTED = {"no concatenation": (78.73, 12.29), "FAME": (77.82, 10.85)}


@dataclass(frozen=True)
class PixelScore:
    """One training, measured on the first `N_MEASURED` test examples.

    Attributes:
        dataset: one of `DATASETS`.
        bound: the ELBO in nats.
        weighted: the importance-weighted bound with `N_DRAWS` draws, in nats.
        kl: what each layer carries, from z1 up, in nats.
        seconds: of processor time for the training.
    """

    dataset: str
    model: str
    seed: int
    bound: float
    weighted: float
    kl: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    PixelScore, SHIPPED / "pixel-decoders.csv", part=lambda score: score.dataset,
    order=lambda score: DATASETS.index(score.dataset),
)  # fmt: skip


def run(
    dataset: str, seeds: Sequence[int] = SEEDS, knobs: Mapping[str, Any] | None = None, n: int = 0
) -> Iterator[PixelScore]:
    """Train the three models with every seed; yields each score when it is done.

    Args:
        dataset: one of `DATASETS`.
        seeds: of the trainings.
        knobs: of all three models, beside the decoder.
        n: training examples; 0: all.
    """
    splits = load(dataset)
    splits = splits._replace(train=splits.train[: n or len(splits.train)], valid=splits.valid[:N_VALID])
    for seed in seeds:
        for name, decoder in DECODERS.items():
            yield _score(name, {**(knobs or {}), **decoder}, splits, seed)


def _score(name: str, knobs: Mapping[str, Any], splits: Splits, seed: int) -> PixelScore:
    config = TrainConfig(**TRAINING, seed=seed)
    model, seconds = timed_training(MODEL, knobs, splits, config)
    return PixelScore(splits.train.name, name, seed, seconds=seconds, **measure(model, splits, N_MEASURED))


def measure(model: Model, splits: Splits, n: int) -> dict[str, Any]:
    """The numbers of a `PixelScore` that a trained model has, on the first n test examples."""
    if not (isinstance(model, Layered) and isinstance(model, LogLikelihood)):
        raise TypeError(f"{model.name} has no layers or no likelihood.")
    rng = device.generator(0)
    x = splits.test[:n].batch().x
    taken = model.binarise(x, rng)
    usage = layer_usage(partial(model.unit_kl, rng=rng), x, n_draws=5)
    return {
        "bound": mean(float(model.log_prob(taken, 1, rng).mean()) for _ in range(N_REPEATED)),
        "weighted": bound(model.log_prob, taken, N_DRAWS).mean,
        "kl": tuple(layer.total for layer in usage),
    }


def table_rows(scores: Sequence[PixelScore]) -> list[dict[str, str]]:
    """A row for each model: means and, over the seeds, standard deviations; layers from z1 up."""
    rows = []
    for (dataset, model), own in grouped(scores, lambda score: (score.dataset, score.model)).items():
        known = REPORTED.get(model)
        rows.append(
            {
                "data": dataset,
                "model": model,
                "ELBO, nats": mean_std([score.bound for score in own]),
                f"bound of {N_DRAWS} draws": mean_std([score.weighted for score in own]),
                "KL, nats": mean_std([sum(score.kl) for score in own]),
                "KL of each layer": mean_of_each([score.kl for score in own], ".2f"),
                "reported": f"{-known[0]:.2f}, {known[1]:.2f}" if known else MISSING,
                "seeds": str(len(own)),
                "CPU s": mean_std([score.seconds for score in own]),
            }
        )
    return rows
