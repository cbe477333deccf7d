"""What a classifier recognises in images that models generate, with its controls: runs that ship, and trainings.

`python -m latentlab reproduce judge --data mnist sketches` prints the table; `TABLE` has the scores of the last run.
After Burhanpurkar, Neural Networks for Doodles (2020), §3, who has reconstructions of the test drawings named by her
classifier: 68.5 and 69.6 % with 14 dimensions, 50.2 and 46.6 % with two, without a control, and with [0, 1] given to a
network that was trained on [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, OTHER_RANGE, THRESHOLDED
from latentlab.analysis.generated.images import BINARISED, DRAW, REAL, generated
from latentlab.analysis.generated.recognition import recognised
from latentlab.analysis.stats import wilson
from latentlab.data import UNLABELLED, Dataset, load
from latentlab.experiments.recipes.vae import SKETCHES, SKETCHES_2D, SKETCHES_2D_TRAINING, SKETCHES_TRAINING
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies, Model
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

SEEDS = (0, 1, 2)
N_MEASURED = 1_500  # test examples
PLAIN, CUT, RANGE = "as they are", "cut at one half", "[0, 1] for [−1, 1]"
WAYS = {PLAIN: AS_THEY_ARE, CUT: THRESHOLDED, RANGE: OTHER_RANGE}  # how they are changed before they are classified
CONTROLS = (REAL, BINARISED)


class Training(NamedTuple):
    """A model, knobs of it and of its training, and the shipped run that is its seed 0."""

    run: str
    model: str
    knobs: Mapping[str, Any]
    train: Mapping[str, Any]


class Setting(NamedTuple):
    """One data set: the shipped run that names classes, and what generates images: shipped runs, and trainings."""

    classifier: str
    models: Mapping[str, str | Training]


WIDE, FLAT = "8 and 16 filters, 14 dimensions", "16 and 16 filters, 2 dimensions"
SETTINGS: Mapping[str, Setting] = {
    "sketches": Setting(
        "sketches-cnn",
        {
            WIDE: Training("sketches-vae", "vae", SKETCHES, SKETCHES_TRAINING),
            FLAT: Training("sketches-vae-2d", "vae", SKETCHES_2D, SKETCHES_2D_TRAINING),
        },
    ),
    "mnist": Setting(
        "mnist-cnn",
        {
            "VAE, 20 dimensions": "mnist-vae-20d",
            "VAE, 2 dimensions": "mnist-vae-2d",
            "M2, given the class": "mnist-m2",
            "GAN": "mnist-gan",
            "PixelCNN": "mnist-pixelcnn",
        },
    ),
    "digits": Setting(
        "digits-cnn",
        {
            "VAE, 2 dimensions": "digits-vae",
            "M2, given the class": "digits-m2",
            "GAN": "digits-gan",
            "PixelCNN": "digits-pixelcnn",
        },
    ),
}


class Reported(NamedTuple):
    """A model of the source, and the share of its reconstructions from a draw that were recognised."""

    model: str
    share: float
    loss: str  # validation, in nats


REPORTED = (
    Reported(WIDE, 0.685, "161.90 (epoch 1), 147.53 (5), 134.82 (200)"),
    Reported("64 and 128 filters, 14 dimensions", 0.696, "158.79 (epoch 1), 135.36 (75)"),
    Reported("16 and 32 filters, 2 dimensions", 0.502, "about 173.5"),
    Reported(FLAT, 0.466, "182.54 (epoch 1), 174.17 (50)"),
)


@dataclass(frozen=True)
class GeneratedScore:
    """One kind of images of one model, changed in one way.

    Attributes:
        model: as the setting calls it.
        seed: of the training.
        images: which, as `latentlab.analysis.generated.images` names them.
        way: one of `WAYS`.
        n: images.
        recognised: share that is recognised; NaN where they have no true class.
        confidence: mean probability of the predicted class.
        entropy: of the predicted classes, in nats.
        loss: −ELBO of the test examples, in nats; NaN where the model has none.
        seconds: of processor time for the training; NaN of a run that ships.
    """

    dataset: str
    model: str
    seed: int
    images: str
    way: str
    n: int
    recognised: float
    confidence: float
    entropy: float
    loss: float = field(default=math.nan)
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    GeneratedScore, SHIPPED / "generated.csv", part=lambda score: score.dataset,
    order=lambda score: list(SETTINGS).index(score.dataset),
)  # fmt: skip


def run(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[GeneratedScore]:
    """Measure runs that ship, and trainings with every seed; yields each score when it is done.

    Args:
        dataset: one of `SETTINGS`.
        seeds: of trainings; of a run that ships there is one, which counts as the first.
        setting: in the place of the data set's own.
    """
    chosen, splits, shipped = setting or SETTINGS[dataset], load(dataset), SHIPPED_RUNS
    classifier, test = shipped.load(chosen.classifier), _labelled(splits.test)
    for name, of in chosen.models.items():
        for seed in seeds[:1] if isinstance(of, str) else seeds:
            ships = of if isinstance(of, str) else of.run
            if isinstance(of, Training) and seed != seeds[0]:
                model, seconds = timed_training(of.model, of.knobs, splits, TrainConfig(**of.train, seed=seed))
                loss = math.nan
            else:
                model, seconds = shipped.load(ships), math.nan
                loss = -shipped.read(ships).metrics.get("bound", math.nan)
            for found in measure(model, test, classifier):
                yield GeneratedScore(dataset, name, seed, **found, loss=loss, seconds=seconds)


def measure(model: Model, test: Dataset, classifier: Model) -> Iterator[dict[str, Any]]:
    """The numbers of a `GeneratedScore` that a model has, for each kind of images and each way to change them."""
    if not isinstance(classifier, Classifies):
        raise TypeError(f"{classifier.name} names no class.")
    x, y, *_ = test.batch()
    made = generated(model, x, y)
    for way, preprocessing in WAYS.items():
        for images, found in recognised(made.images, classifier.classify, preprocessing).items():
            share = found.share
            yield {
                "images": images,
                "way": way,
                "n": len(found.predicted),
                "recognised": math.nan if share is None else share.value,
                "confidence": found.confidence,
                "entropy": found.entropy,
            }


def _labelled(test: Dataset) -> Dataset:
    return test[(test.y != UNLABELLED).nonzero()[:N_MEASURED, 0]]


def table_rows(scores: Sequence[GeneratedScore]) -> list[dict[str, str]]:
    """A row for each data set, model and kind of images; of one training with Wilson's interval, of several ± std.

    The controls are the same for all models of a data set, but for how a model sees black and white.
    """
    rows = []
    for (dataset, model, images), own in grouped(
        scores, lambda score: (score.dataset, score.model, score.images)
    ).items():
        by_way = grouped(own, lambda score: score.way)
        plain = by_way.get(PLAIN, own)
        rows.append(
            {
                "data": dataset,
                "model": model,
                "images": f"{images} (control)" if images in CONTROLS else images,
                **{f"recognised {way}, %": _percent(by_way.get(way, [])) for way in WAYS},
                "sure, %": mean_std([one.confidence for one in plain], by=100),
                "class entropy, nats": mean_std([one.entropy for one in plain]),
                "n": str(own[0].n),
                "seeds": str(len({one.seed for one in own})),
            }
        )
    return rows


def reported_rows(scores: Sequence[GeneratedScore]) -> list[dict[str, str]]:
    """The source's models, and beside them ours of the same name, reconstructed from a draw, in each way."""
    rows = []
    for one in REPORTED:
        own = [score for score in scores if score.model == one.model and score.images == DRAW]
        by_way = grouped(own, lambda score: score.way)
        rows.append(
            {
                "model": one.model,
                "source, %": f"{100 * one.share:.1f}",
                **{f"ours {way}, %": _percent(by_way.get(way, [])) for way in WAYS},
                "source, validation −ELBO, nats": one.loss,
                "ours": _course(one.model),
            }
        )
    return rows


def _course(model: str) -> str:
    """The validation loss of the shipped run of a model, after the first epoch, the fifth and the last."""
    found = SETTINGS["sketches"].models.get(model)
    store = SHIPPED_RUNS
    if not isinstance(found, Training) or not (rows := store.history(found.run)):
        return MISSING
    loss = {int(row["epoch"]): -row["valid_bound"] for row in rows if "valid_bound" in row}
    said = [f"{loss[epoch]:.2f} ({epoch})" for epoch in sorted({1, 5, max(loss)} & set(loss))]
    return ", ".join(said)


def _percent(scores: Sequence[GeneratedScore]) -> str:
    shares = [one.recognised for one in scores]
    if not shares or any(map(math.isnan, shares)):
        return MISSING
    if len(shares) > 1:
        return mean_std(shares, by=100)
    found = wilson(shares[0], scores[0].n)
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"
