"""What the settings of the games that are trained live on a page lead to, over seeds: modes, widths, and V.

`python -m latentlab reproduce presets` trains each of `PRESETS` on data on a line and in the plane, to the end of what
the page shows, and prints the table; `TABLE` has the scores of the last run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from latentlab import device
from latentlab.analysis.adversarial.best_discriminator import value
from latentlab.analysis.adversarial.modes import mode_coverage
from latentlab.analysis.arrays import doubles, floats
from latentlab.analysis.sampling.distances import wasserstein
from latentlab.data import DENSITIES, Dataset, load
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Discriminates, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

MODEL = "gan"
SEEDS = (0, 1, 2)
N_TRAINED, N_MEASURED = 4_000, 10_000  # training examples, and samples


class Game(NamedTuple):
    """What all presets have in common on one data set: knobs of the model, and of the training."""

    config: Mapping[str, Any]
    train: Mapping[str, Any]


class Preset(NamedTuple):
    """Knobs that differ from the game's, and what they change."""

    config: Mapping[str, Any]
    train: Mapping[str, Any]
    about: str


ON_A_LINE = Game({"z_dim": 1, "hidden": 32}, {"epochs": 80, "batch_size": 256, "learning_rate": 2e-3})
IN_THE_PLANE = Game({"z_dim": 2, "hidden": 64}, {"epochs": 60, "batch_size": 256, "learning_rate": 3e-3})
GAMES = {"gaussian": ON_A_LINE, "bumps": ON_A_LINE, "gaussian-ring": IN_THE_PLANE}
PRESETS = {
    "steady": Preset({}, {}, "A penalty R₁ on the discriminator's slope at the data, small steps, and β₁ = 0.5."),
    "no penalty": Preset({"r1": 0.0}, {"learning_rate": 5e-3}, "No R₁, and larger steps."),
    "small networks": Preset({"hidden": 8, "layers": 1}, {}, "Eight units in one layer of both networks."),
    "saturating": Preset(
        {"objective": "saturating", "r1": 0.0}, {},
        "The generator minimises log(1 − D(G(z))), whose gradient fades where the discriminator is sure. No R₁.",
    ),
    "mode collapse": Preset(
        {"r1": 0.0, "beta1": 0.9}, {"learning_rate": 2e-2},
        "No R₁, very large steps, and β₁ = 0.9: both players go on for long in the direction of their last steps.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class PresetScore:
    """One training, measured on `N_MEASURED` samples.

    Attributes:
        value: V, in nats, over the test examples and the samples.
        width: the standard deviation of the samples, as a share of that of the data; the mean over dimensions.
        apart: Wasserstein-1 distance of samples and test examples in standard deviations of the data, the same.
        reached: modes that the samples reach.
        modes: how many there are.
        near: share of the samples that lie at a mode.
        seconds: of processor time for the training.
    """

    dataset: str
    preset: str
    seed: int
    value: float
    width: float
    apart: float
    reached: int
    modes: int
    near: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(PresetScore, SHIPPED / "adversarial-presets.csv")


def run(
    dataset: str, seeds: Sequence[int] = SEEDS, presets: Mapping[str, Preset] = PRESETS, epochs: int = 0
) -> Iterator[PresetScore]:
    """Train every preset with every seed; yields each score when it is done.

    Args:
        dataset: one of `GAMES`.
        seeds: of the trainings.
        presets: by name.
        epochs: of each; 0: as the page.
    """
    splits = load(dataset)
    splits = splits._replace(train=splits.train[:N_TRAINED], valid=splits.valid[:0])
    for name in presets:
        config, knobs = settings(dataset, presets[name])
        for seed in seeds:
            few = {"epochs": epochs} if epochs else {}
            model, seconds = timed_training(MODEL, config, splits, TrainConfig(**{**knobs, **few, "seed": seed}))
            yield PresetScore(dataset, name, seed, **measure(model, splits.test), seconds=seconds)


def settings(dataset: str, preset: Preset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Knobs of the model, and of the training."""
    game = GAMES[dataset]
    return {**game.config, **preset.config}, {**game.train, **preset.train}


@torch.no_grad()
def measure(model: Model, test: Dataset) -> dict[str, Any]:
    """The numbers of a `PresetScore` that a trained model has."""
    if not isinstance(model, Discriminates):
        raise TypeError(f"{model.name} has no discriminator.")
    x, samples = test.batch().x, model.sample(N_MEASURED, device.generator(0))
    density = DENSITIES[test.name]
    found = mode_coverage(
        floats(samples), *(doubles(t) for t in (density.means, density.stds, density.log_weights.exp()))
    )
    return {
        "value": value(doubles(model.logits(x)), doubles(model.logits(samples))),
        "width": float((samples.std(0) / x.std(0)).mean()),
        "apart": float((wasserstein(floats(x), floats(samples)) / x.std(0).numpy()).mean()),
        "reached": int(found.reached.sum()),
        "modes": len(found.due),
        "near": found.near,
    }


def summary(scores: Sequence[PresetScore]) -> str:
    """What a preset led to on one data set, in one sentence; nothing where it wasn't measured."""
    if not scores:
        return ""
    reached, width, near = ([getattr(one, name) for one in scores] for name in ("reached", "width", "near"))
    of = f" of {scores[0].modes} modes" if scores[0].modes > 1 else ""
    modes = f"{_range(reached)}{of} reached, " if of else ""
    return (
        f"Over {len(scores)} seeds: {modes}{_range([round(100 * one) for one in near])} % of the samples at a mode, "
        f"samples {_range([round(100 * one) for one in width])} % as wide as the data, V from "
        f"{min(one.value for one in scores):.2f} to {max(one.value for one in scores):.2f}."
    ).replace(" -", " −")


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def table_rows(scores: Sequence[PresetScore]) -> list[dict[str, str]]:
    """A row for each data set and preset: means and, over the seeds, standard deviations."""
    rows = []
    for (dataset, preset), own in grouped(scores, lambda score: (score.dataset, score.preset)).items():
        rows.append(
            {
                "data": dataset,
                "preset": preset,
                "modes reached": f"{mean_std([one.reached for one in own])} of {own[0].modes}",
                "samples at a mode, %": mean_std([one.near for one in own], by=100),
                "standard deviation, % of the data's": mean_std([one.width for one in own], by=100),
                "W₁, standard deviations": mean_std([one.apart for one in own]),
                "V, nats": mean_std([one.value for one in own]),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
