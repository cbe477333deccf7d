"""What an InfoGAN's codes are of images: whether the category is the class, and what the uniform codes change.

`python -m latentlab reproduce infogan --data digits mnist` trains with λ = 1 and with λ = 0 and prints the table;
`TABLE` has the scores of the last run. After Chen et al., InfoGAN (2016), §7.1 and Fig. 2: ten categories and two
uniform codes of MNIST, where L_I rises to log 10, the category is the digit, and the others are its slant and width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from latentlab import device
from latentlab.analysis.arrays import Doubles, Floats, Labels, floats
from latentlab.analysis.conditional.cluster_use import ClusterUse, cluster_use
from latentlab.analysis.image_attributes import measured
from latentlab.analysis.latent.followed_attributes import correlations_within
from latentlab.data import UNLABELLED, Dataset, load
from latentlab.experiments.recipes.adversarial import INFO_DIGITS, INFO_DIGITS_TRAINING, INFO_MNIST, INFO_MNIST_TRAINING
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies, CodeKind, Decodes, Encodes, HasPrior, Model, category_of, code_parts
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate

SEEDS = (0, 1, 2)
WEIGHTS = (1.0, 0.0)  # what the weights of the knobs are multiplied with: λ = 0 is the control
N_MEASURED = 2_000  # samples
ATTRIBUTES = ("slant", "stroke thickness", "width")  # of images, which a uniform code may change


class Setting(NamedTuple):
    """One data set: knobs of the model and of the training, and the shipped run that names the class of a sample."""

    knobs: Mapping[str, Any]
    train: Mapping[str, Any]
    classifier: str


SETTINGS = {
    "digits": Setting(INFO_DIGITS, INFO_DIGITS_TRAINING, "digits-cnn"),
    "mnist": Setting(INFO_MNIST, INFO_MNIST_TRAINING, "mnist-cnn-small"),
}


@dataclass(frozen=True)
class ImageScore:
    """One training, measured on test examples and on `N_MEASURED` samples.

    Attributes:
        weight: λ, as one of `WEIGHTS`.
        bound: L_I of the category, in nats; at most the logarithm of the categories' number.
        uniform_bound: L_I of the uniform codes, in nats.
        information: normalised mutual information of the category that Q reads of a test example, and its class.
        matched: share of the test examples whose category is that of their class, by the best pairs of both.
        matched_samples: the same of samples: the category of their code, and the class that a classifier names.
        entropy: of those classes, in nats.
        slant, thickness, width: the largest size of a correlation of a uniform code with it, among samples of the
            same category.
        seconds: of processor time for the training.
    """

    dataset: str
    weight: float
    seed: int
    bound: float
    uniform_bound: float
    information: float
    matched: float
    matched_samples: float
    entropy: float
    slant: float
    thickness: float
    width: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    ImageScore, SHIPPED / "infogan-images.csv", part=lambda score: score.dataset,
    order=lambda score: list(SETTINGS).index(score.dataset),
)  # fmt: skip


def run(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[ImageScore]:
    """Train with λ = 1 and λ = 0 and every seed; yields each score when it is done."""
    chosen, splits = setting or SETTINGS[dataset], load(dataset)
    classifier = SHIPPED_RUNS.load(chosen.classifier)
    for seed in seeds:
        for weight in WEIGHTS:
            knobs = dict(chosen.knobs) if weight else {**chosen.knobs, "information": 0.0, "uniform_information": 0.0}
            model, seconds = timed_training("infogan", knobs, splits, TrainConfig(**chosen.train, seed=seed))
            found = measure(model, splits.test, classifier)
            yield ImageScore(dataset, weight, seed, **found, seconds=seconds)


@torch.no_grad()
def measure(model: Model, test: Dataset, classifier: Model) -> dict[str, float]:
    """The numbers of an `ImageScore` that a trained model has.

    Args:
        model: with a category and an encoder.
        test: examples with classes.
        classifier: of these data.
    """
    if not isinstance(classifier, Classifies):
        raise TypeError(f"{classifier.name} names no class.")
    codes, categories, x = sampled(model, N_MEASURED)
    of_examples = category_use(model, test)
    named = classifier.classify(torch.from_numpy(x)).argmax(1)
    of_samples = cluster_use(categories, named, *of_examples.counts.shape)
    shares = torch.from_numpy(of_samples.counts.sum(0) / len(x))
    changed = {name: float(abs(r).max(initial=0)) for name, r in changes(codes, categories, x).items()}
    found = evaluate(model, test)
    return {
        "bound": found["category information"],
        "uniform_bound": found["uniform information"],
        "information": of_examples.information,
        "matched": of_examples.matched,
        "matched_samples": of_samples.matched,
        "entropy": float(torch.special.entr(shares).sum()),
        "slant": changed["slant"],
        "thickness": changed["stroke thickness"],
        "width": changed["width"],
    }


def sampled(model: Model, n: int) -> tuple[Floats, Labels, Floats]:
    """(n, D) the uniform codes of samples, (n,) their categories, and (n, *shape) the samples.

    Raises:
        TypeError: the code has no category, or can't be decoded.
    """
    place = category_of(model.prior) if isinstance(model, HasPrior) else None
    if place is None or not (isinstance(model, HasPrior) and isinstance(model, Decodes)):
        raise TypeError(f"{model.name} has no category that it decodes.")
    code = model.prior.sample(n, device.generator(0))
    dims = [(kind, axis) for kind, dim in code_parts(model.prior) for axis in range(dim)]
    is_uniform = torch.tensor([kind is CodeKind.UNIFORM for kind, _ in dims])
    with torch.no_grad():
        return floats(code[:, is_uniform]), code[:, place].argmax(1).numpy(), floats(model.decode(code))


def category_use(model: Model, test: Dataset) -> ClusterUse:
    """Which category the model reads of each test example, and its class.

    Raises:
        TypeError: the model has no category, or doesn't encode.
    """
    place = category_of(model.prior) if isinstance(model, HasPrior) else None
    if place is None or not isinstance(model, Encodes):
        raise TypeError(f"{model.name} reads no category of an example.")
    known = test[(test.y != UNLABELLED).nonzero()[:, 0]]
    with torch.no_grad():
        said = model.encode(known.batch().x)[:, place].argmax(1)
    return cluster_use(said, known.y, place.stop - place.start, len(test.classes))


def changes(codes: Floats, categories: Labels, x: Floats) -> dict[str, Doubles]:
    """Attribute -> (D,) how each uniform code correlates with it among samples of the same category.

    Args:
        codes: (N, D) uniform codes.
        categories: (N,) of the same codes.
        x: (N, C, H, W) their samples.
    """
    return {name: correlations_within(codes, measured(x, name), categories) for name in ATTRIBUTES}


def table_rows(scores: Sequence[ImageScore]) -> list[dict[str, str]]:
    """A row for each data set and weight: means and, over the seeds, standard deviations."""
    rows = []
    for (dataset, weight), own in grouped(scores, lambda score: (score.dataset, score.weight)).items():
        rows.append(
            {
                "data": dataset,
                "λ": f"{weight:g}",
                "L_I of the category, nats (at most 2.303)": mean_std([one.bound for one in own]),
                "of the uniform codes, nats": mean_std([one.uniform_bound for one in own]),
                "NMI(category; class), %": mean_std([one.information for one in own], by=100),
                "test images matched, %": mean_std([one.matched for one in own], by=100),
                "samples matched, %": mean_std([one.matched_samples for one in own], by=100),
                "class entropy, nats": mean_std([one.entropy for one in own]),
                "slant, |r|": mean_std([one.slant for one in own]),
                "stroke thickness, |r|": mean_std([one.thickness for one in own]),
                "width, |r|": mean_std([one.width for one in own]),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
