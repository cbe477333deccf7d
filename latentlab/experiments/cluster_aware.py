"""What few labels add to a cluster-aware generative model: bounds, both classifiers, and clusters, over seeds.

`python -m latentlab reproduce cagem` trains with 0, 20, 50 and 100 labels and prints the table; `TABLE` has the
scores of the last run. After Maaløe, Fraccaro & Winther (2017), Tab. 1 and 2 and Fig. 4, made smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from latentlab import device
from latentlab.analysis.conditional.cluster_use import cluster_use
from latentlab.analysis.latent.layer_usage import layer_usage
from latentlab.data import UNLABELLED, Dataset, Splits, load
from latentlab.experiments.recipes.cluster_aware import DIGITS, MNIST, MNIST_TRAINING, TRAINING
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import InfersClusters, LogLikelihood, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate

SEEDS = (0, 1, 2)
WITH_LABELS, WITHOUT = "cagem", "cagem_unsupervised"
N_MEASURED, N_DRAWS = 1_000, 100  # test examples that get the bounds and KLs, and draws of the tighter bound
# of MNIST, ten clusters, networks of 1,024 and 512 units: the bound of 5,000 draws in nats, and the test error of
# p(y|x) in per cent; Maaløe et al. 2017, Tab. 1 and 2
REPORTED = {0: (-81.60, math.nan), 20: (-81.47, 15.86), 50: (-80.49, 2.42), 100: (-79.38, 1.16)}


@dataclass(frozen=True)
class Setting:
    """One data set, and what all trainings have in common.

    Attributes:
        config: knobs of the model.
        train: knobs of the training.
        variants: labels, and whether the class term is warmed up, too, of each row of the table.
        n_train: training examples; 0: all.
    """

    config: Mapping[str, Any]
    train: Mapping[str, Any]
    variants: tuple[tuple[int, bool], ...]
    n_train: int = 0


SETTINGS = {
    "digits": Setting(DIGITS, TRAINING, ((0, False), (20, False), (50, False), (100, False), (100, True))),
    "mnist": Setting(MNIST, MNIST_TRAINING, ((0, False), (100, False)), 10_000),
}


@dataclass(frozen=True)
class ClusterScore:
    """One training, measured on test examples; NaN where without labels nothing names the clusters.

    Attributes:
        labels: training examples with one.
        tempered: 1 where the class term was warmed up, too.
        error: share of wrong classes by q(y|z1, x).
        error_top: share of wrong classes by p(y|x).
        kl_z1: what z1 carries given z2 and y, in nats.
        kl_z2: what z2 carries, in nats.
        information: normalised mutual information of the most probable cluster by q(y|z1, x) and the class.
        used: clusters with at least 1 % of the test examples.
        bound: U(x), in nats.
        weighted: the importance-weighted bound with `N_DRAWS` draws, in nats.
        seconds: of processor time for the training.
    """

    dataset: str
    labels: int
    tempered: int
    seed: int
    error: float
    error_top: float
    kl_z1: float
    kl_z2: float
    information: float
    used: int
    bound: float
    weighted: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    ClusterScore, SHIPPED / "cluster-aware.csv", part=lambda score: (score.dataset, score.seed),
    order=lambda s: (list(SETTINGS).index(s.dataset), s.seed, s.labels, s.tempered),
)  # fmt: skip


def run(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[ClusterScore]:
    """Train every variant with every seed; yields each score when it is done."""
    chosen, splits = setting or SETTINGS[dataset], load(dataset)
    splits = splits._replace(train=splits.train[: chosen.n_train or len(splits.train)])
    for seed in seeds:
        for labels, tempered in chosen.variants:
            yield _score(chosen, splits, labels, tempered, seed)


def _score(setting: Setting, splits: Splits, labels: int, tempered: bool, seed: int) -> ClusterScore:
    config = TrainConfig(**setting.train, labels=labels, seed=seed)
    name = WITH_LABELS if labels else WITHOUT
    model, seconds = timed_training(name, {**setting.config, "temper_class": tempered}, splits, config)
    found = measure(model, splits.test, bool(labels))
    return ClusterScore(splits.train.name, labels, int(tempered), seed, seconds=seconds, **found)


@torch.no_grad()
def measure(model: Model, test: Dataset, is_named: bool) -> dict[str, Any]:
    """The numbers of a `ClusterScore` that a trained model has.

    Args:
        model: with clusters and a likelihood.
        test: examples with classes.
        is_named: whether the clusters are the classes.
    """
    if not (isinstance(model, InfersClusters) and isinstance(model, LogLikelihood)):
        raise TypeError(f"{model.name} has no clusters or no likelihood.")
    known = test[(test.y != UNLABELLED).nonzero()[:, 0]]
    both = [model.predictions(part.batch().x) for part in _parts(known)]
    guesses = [torch.cat(each).argmax(1) for each in zip(*both, strict=True)]
    errors = [float((guess != known.y).float().mean()) if is_named else math.nan for guess in guesses]
    use = cluster_use(guesses[0], known.y, model.n_clusters, len(test.classes))
    few, rng = replace(test[:N_MEASURED], y=torch.full_like(test.y[:N_MEASURED], UNLABELLED)), device.generator(0)
    x = few.batch().x
    z1, z2 = layer_usage(partial(model.unit_kl, rng=rng), x, n_draws=5)
    return {
        "error": errors[0],
        "error_top": errors[1],
        "kl_z1": z1.total,
        "kl_z2": z2.total,
        "information": use.information,
        "used": use.n_used,
        "bound": evaluate(model, few)["bound"],
        "weighted": float(model.log_prob(x, N_DRAWS, rng).mean()),
    }


def table_rows(scores: Sequence[ClusterScore]) -> list[dict[str, str]]:
    """A row for each data set and variant: means and, over the seeds, standard deviations."""
    rows = []
    variants = grouped(scores, lambda score: (score.dataset, score.labels, score.tempered))
    for (dataset, labels, tempered), own in variants.items():
        known = REPORTED.get(labels) if dataset == "mnist" else None
        rows.append(
            {
                "data": dataset,
                "labels": f"{labels}, class term warmed up" if tempered else str(labels),
                "error of q(y|x), %": mean_std([score.error for score in own], 100),
                "error of p(y|x), %": mean_std([score.error_top for score in own], 100),
                "KL of z2, nats": mean_std([score.kl_z2 for score in own]),
                "KL of z1, nats": mean_std([score.kl_z1 for score in own]),
                "NMI": mean_std([score.information for score in own]),
                "clusters used": mean_std([score.used for score in own]),
                "ELBO, nats": mean_std([score.bound for score in own]),
                f"bound of {N_DRAWS} draws": mean_std([score.weighted for score in own]),
                "reported": f"{known[0]:.2f}" if known else MISSING,
                "seeds": str(len(own)),
                "CPU s": mean_std([score.seconds for score in own]),
            }
        )
    return rows


def _parts(data: Dataset, size: int = 1_000) -> list[Dataset]:
    return [data[start : start + size] for start in range(0, len(data), size)]
