"""Samples of a GAN next to those of other families: classes, precision and recall, and the Parzen estimate, over seeds.

`python -m latentlab reproduce gan` trains a GAN and a VAE of the 8×8 digits, draws as many samples of each and of the
autoregressive model that ships, and prints the table; `read` returns the scores of the last run. Training images take
the place of samples in a row of their own: no model can be expected to do better. After Goodfellow et al. (2014),
Tab. 1, whose Parzen estimates are of MNIST and can't be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.adversarial.precision_recall import precision_recall
from latentlab.analysis.sampling.parzen import parzen
from latentlab.data import Splits, load
from latentlab.experiments import score_tables
from latentlab.experiments.recipes.adversarial import DIGITS, DIGITS_TRAINING
from latentlab.experiments.score_tables import as_text, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies, Model, Samples
from latentlab.runs.store import SHIPPED, Store
from latentlab.training.config import TrainConfig

RESULTS = SHIPPED / "adversarial-digits.csv"
DATA = "digits"
SEEDS = (0, 1, 2)
N_SAMPLES = 540  # of each, as many as there are held-out examples
CLASSIFIER, AUTOREGRESSIVE = "digits-cnn", "digits-pixelcnn-classes"  # runs that ship
VAE: Mapping[str, Any] = {"z_dim": 16, "hidden": 128, "likelihood": "gray-bernoulli"}
TRAINED: Mapping[str, tuple[str, Mapping[str, Any]]] = {"GAN": ("gan", DIGITS), "VAE": ("vae", VAE)}
SAMPLERS = ("training images", *TRAINED, "PixelCNN")


@dataclass(frozen=True)
class SampleScore:
    """`N_SAMPLES` samples of one model and seed, held against as many held-out examples.

    Attributes:
        sampler: one of `SAMPLERS`.
        seed: of the training, and of the samples.
        entropy: of the classes that a classifier names, in nats; log 10 = 2.303 if all are as frequent.
        confidence: the mean probability that the classifier gives the class that it names.
        precision: share of the samples that are near examples.
        recall: share of the examples that are near samples.
        parzen: the Parzen estimate of the test examples from these samples, in nats.
        seconds: of processor time for the training.
    """

    sampler: str
    seed: int
    entropy: float
    confidence: float
    precision: float
    recall: float
    parzen: float
    seconds: float = field(default=math.nan, compare=False)


def run(seeds: Sequence[int] = SEEDS, training: Mapping[str, Any] = DIGITS_TRAINING) -> Iterator[SampleScore]:
    """Score every sampler with every seed; yields each when it is done."""
    splits, shipped = load(DATA), Store(SHIPPED, shipped=SHIPPED / ".none")
    classifier = shipped.load(CLASSIFIER)
    for seed in seeds:
        for sampler in SAMPLERS:
            rng, seconds = device.generator(seed), math.nan
            if sampler in TRAINED:
                name, knobs = TRAINED[sampler]
                model, seconds = timed_training(name, knobs, splits, TrainConfig(**training, seed=seed))
                samples = _samples(model, rng)
            elif sampler == "PixelCNN":
                samples = _samples(shipped.load(AUTOREGRESSIVE), rng)
            else:
                chosen = torch.randperm(len(splits.train), generator=rng)[:N_SAMPLES]
                samples = splits.train[chosen].batch().x
            yield SampleScore(sampler, seed, **measure(samples, splits, classifier), seconds=seconds)


@torch.no_grad()
def measure(samples: Tensor, splits: Splits, classifier: Model) -> dict[str, float]:
    """The numbers of a `SampleScore` that samples have.

    Args:
        samples: (N, *shape).
        splits: the data; samples are held against the validation and test examples.
        classifier: of these data.
    """
    if not isinstance(classifier, Classifies):
        raise TypeError(f"{classifier.name} names no class.")
    log_probs = classifier.classify(samples)
    shares = torch.bincount(log_probs.argmax(1), minlength=log_probs.shape[1]).double() / len(samples)
    valid, test = splits.valid.batch().x, splits.test.batch().x
    near = precision_recall(torch.cat([valid, test]), samples)
    return {
        "entropy": float(torch.special.entr(shares).sum()),
        "confidence": float(log_probs.exp().amax(1).mean()),
        "precision": near.precision,
        "recall": near.recall,
        "parzen": parzen(samples, test, valid).log_likelihood,
    }


@torch.no_grad()
def _samples(model: Model, rng: torch.Generator) -> Tensor:
    if not isinstance(model, Samples):
        raise TypeError(f"{model.name} draws no samples.")
    return model.sample(N_SAMPLES, rng)


def table(scores: Sequence[SampleScore]) -> str:
    """A line for each sampler, as text."""
    return as_text(table_rows(scores))


def table_rows(scores: Sequence[SampleScore]) -> list[dict[str, str]]:
    """A row for each sampler: means and, over the seeds, standard deviations."""
    rows = []
    for sampler, own in grouped(scores, lambda score: score.sampler).items():
        rows.append(
            {
                "samples of": sampler,
                "class entropy, nats (at most 2.303)": mean_std([one.entropy for one in own]),
                "confidence, %": mean_std([one.confidence for one in own], by=100),
                "precision, %": mean_std([one.precision for one in own], by=100),
                "recall, %": mean_std([one.recall for one in own], by=100),
                "Parzen, nats": mean_std([one.parzen for one in own]),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows


def save(scores: Sequence[SampleScore], path: Path | None = None) -> None:
    """Write scores as CSV."""
    score_tables.save(scores, path or RESULTS)


def read(path: Path | None = None) -> list[SampleScore]:
    """The scores of a file that `save` wrote; none if there is none."""
    return score_tables.read(SampleScore, path or RESULTS)
