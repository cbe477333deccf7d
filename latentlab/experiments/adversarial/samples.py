"""Samples of a GAN next to those of other families: classes, precision and recall, and the Parzen estimate, over seeds.

`python -m latentlab reproduce gan --data digits mnist` trains GANs and, of the 8×8 digits, a VAE, draws as many samples
of each and of runs that ship, and prints the table; `TABLE` has the scores of the last run. Training images take the
place of samples in a row of their own: no model can be expected to do better. After Goodfellow et al. (2014), Tab. 1,
whose Parzen estimates are of MNIST, 10,000 samples and another width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.activations import activations, layers
from latentlab.analysis.adversarial.precision_recall import precision_recall
from latentlab.analysis.sampling.parzen import parzen
from latentlab.data import Dataset, Splits, load
from latentlab.experiments.recipes.adversarial import DIGITS, DIGITS_TRAINING, MNIST, MNIST_TRAINING
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies, Discriminates, Model, Samples
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

SEEDS = (0, 1, 2)
REAL = "training images"
VAE: Mapping[str, Any] = {"z_dim": 16, "hidden": 128, "likelihood": "gray-bernoulli"}
UNSTEADY = {"beta1": 0.9, "r1": 0.0}  # Adam's usual value, and no penalty


class Training(NamedTuple):
    """A model, and knobs of it and of its training."""

    model: str
    knobs: Mapping[str, Any]
    train: Mapping[str, Any]


class Setting(NamedTuple):
    """One data set.

    Attributes:
        n_samples: of each, held against as many held-out examples.
        classifier: a shipped run that names classes.
        samplers: name -> what is trained with each seed, or a shipped run, of which only the samples differ.
    """

    n_samples: int
    classifier: str
    samplers: Mapping[str, Training | str]


SETTINGS = {
    "digits": Setting(
        540, "digits-cnn",
        {
            "GAN": Training("gan", DIGITS, DIGITS_TRAINING),
            "VAE": Training("vae", VAE, DIGITS_TRAINING),
            "PixelCNN": "digits-pixelcnn-classes",
        },
    ),
    "mnist": Setting(
        2_000, "mnist-cnn-small",
        {
            "GAN": Training("gan", MNIST, MNIST_TRAINING),
            "GAN, β₁ = 0.9, no R₁": Training("gan", {**MNIST, **UNSTEADY}, MNIST_TRAINING),
            "VAE": "mnist-vae-20d",
            "PixelCNN": "mnist-pixelcnn",
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class SampleScore:
    """Samples of one model and seed, held against as many held-out examples.

    Attributes:
        sampler: `REAL`, or one of the setting's.
        seed: of the training, and of the samples.
        entropy: of the classes that a classifier names, in nats; log 10 = 2.303 if all are as frequent.
        confidence: the mean probability that the classifier gives the class that it names.
        precision: share of the samples that are near examples, in pixels.
        recall: share of the examples that are near samples, in pixels.
        parzen: the Parzen estimate of these examples from the samples, in nats.
        of_data: the mean of D(x) over held-out examples; NaN where there is no discriminator.
        of_samples: that over the samples.
        seconds: of processor time for the training.
        precision_of_features: as `precision`, in what the last layer of the classifier is given.
        recall_of_features: as `recall`, in the same.
    """

    dataset: str
    sampler: str
    seed: int
    entropy: float
    confidence: float
    precision: float
    recall: float
    parzen: float
    of_data: float = field(default=math.nan, compare=False)
    of_samples: float = field(default=math.nan, compare=False)
    seconds: float = field(default=math.nan, compare=False)
    precision_of_features: float = math.nan
    recall_of_features: float = math.nan


TABLE = ScoreTable(
    SampleScore, SHIPPED / "adversarial-samples.csv", part=lambda score: score.dataset,
    order=lambda score: list(SETTINGS).index(score.dataset),
)  # fmt: skip


def run(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[SampleScore]:
    """Score every sampler with every seed; yields each when it is done."""
    chosen, splits, shipped = setting or SETTINGS[dataset], load(dataset), SHIPPED_RUNS
    classifier, held = shipped.load(chosen.classifier), _held_out(splits, chosen.n_samples)
    for seed in seeds:
        real = torch.randperm(len(splits.train), generator=device.generator(seed))[: chosen.n_samples]
        samples = splits.train[real].batch().x
        yield SampleScore(dataset, REAL, seed, **measure(samples, held, splits.valid, classifier))
        for sampler, of in chosen.samplers.items():
            if isinstance(of, str):
                model, seconds = shipped.load(of), math.nan
            else:
                model, seconds = timed_training(of.model, of.knobs, splits, TrainConfig(**of.train, seed=seed))
            samples = _samples(model, chosen.n_samples, device.generator(seed))
            found = measure(samples, held, splits.valid, classifier) | discrimination(model, held, samples)
            yield SampleScore(dataset, sampler, seed, **found, seconds=seconds)


@torch.no_grad()
def measure(samples: Tensor, held: Tensor, valid: Dataset, classifier: Model) -> dict[str, float]:
    """The numbers of a `SampleScore` that samples have.

    Args:
        samples: (N, *shape).
        held: (M, *shape) examples that no model was trained with.
        valid: those that choose the width of the Parzen estimate, as many of them.
        classifier: of these data.
    """
    if not isinstance(classifier, Classifies):
        raise TypeError(f"{classifier.name} names no class.")
    log_probs = classifier.classify(samples)
    shares = torch.bincount(log_probs.argmax(1), minlength=log_probs.shape[1]).double() / len(samples)
    near = precision_recall(held, samples)
    alike = precision_recall(features(classifier, held), features(classifier, samples))
    return {
        "entropy": float(torch.special.entr(shares).sum()),
        "confidence": float(log_probs.exp().amax(1).mean()),
        "precision": near.precision,
        "recall": near.recall,
        "precision_of_features": alike.precision,
        "recall_of_features": alike.recall,
        "parzen": parzen(samples, held, valid[: len(held)].batch().x).log_likelihood,
    }


def features(classifier: Classifies, x: Tensor) -> Tensor:
    """(N, *shape) -> (N, d): what the classifier's last layer is given."""
    before = layers(classifier, x, classifier.classify)[-2].name
    return torch.from_numpy(activations(classifier, x, [before], classifier.classify)[before])


@torch.no_grad()
def discrimination(model: Model, held: Tensor, samples: Tensor) -> dict[str, float]:
    """What a discriminator says of examples and of samples; nothing where there is none."""
    if not isinstance(model, Discriminates):
        return {}
    of_data, of_samples = (float(model.logits(x).sigmoid().mean()) for x in (held, samples))
    return {"of_data": of_data, "of_samples": of_samples}


def _held_out(splits: Splits, n: int) -> Tensor:
    """n examples: of the test, and of the validation where those are too few."""
    return torch.cat([splits.test.batch().x, splits.valid.batch().x])[:n]


@torch.no_grad()
def _samples(model: Model, n: int, rng: torch.Generator) -> Tensor:
    if not isinstance(model, Samples):
        raise TypeError(f"{model.name} draws no samples.")
    return model.sample(n, rng)


def table_rows(scores: Sequence[SampleScore]) -> list[dict[str, str]]:
    """A row for each data set and sampler: means and, over the seeds, standard deviations."""
    rows = []
    for (dataset, sampler), own in grouped(scores, lambda score: (score.dataset, score.sampler)).items():
        rows.append(
            {
                "data": dataset,
                "samples of": sampler,
                "class entropy, nats (at most 2.303)": mean_std([one.entropy for one in own]),
                "confidence, %": mean_std([one.confidence for one in own], by=100),
                "precision, %": mean_std([one.precision for one in own], by=100),
                "recall, %": mean_std([one.recall for one in own], by=100),
                "precision of features, %": mean_std([one.precision_of_features for one in own], by=100),
                "recall of features, %": mean_std([one.recall_of_features for one in own], by=100),
                "D of data": mean_std([one.of_data for one in own]),
                "D of samples": mean_std([one.of_samples for one in own]),
                "Parzen, nats": mean_std([one.parzen for one in own]),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
