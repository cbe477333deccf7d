"""Does an auxiliary head lead the training, and does it help? The same classifier trained with it and without it.

`python -m latentlab reproduce auxiliary-head` trains both with each seed, probes every block and branch at some steps,
and prints the errors; `TABLE` has the scores of the last run. After Alain & Bengio, Understanding intermediate
layers using linear classifier probes (2017), §4.2, and Alain's thesis (2018), §9.4.2, Fig. 9.5 and 9.9, where the
auxiliary head of Inception v3 is slightly ahead of the main one, after the 308,230 minibatches of two weeks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.probes.features import INPUT, Reduction, read_features
from latentlab.analysis.probes.layer_probes import probe_features
from latentlab.analysis.sweep import interval
from latentlab.data import Batch, Dataset, Splits, load
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.models import MODELS, Loss, Trains
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

SEEDS = (0, 1, 2)
WEIGHTS = (0.3, 0.0)  # of the auxiliary head's loss: with it, and without
NETWORK = "branched"
DEPTH, AUX_AFTER = 5, 3  # blocks, and the one after which the auxiliary head stands
BRANCHES = ("point", "one", "two", "pooled")
BLOCKS = ("stem", *(f"blocks.{k + 1}" for k in range(DEPTH)))
PROBED = (*BLOCKS, "auxiliary", "logits", *(f"{block}.{name}" for block in BLOCKS[1:] for name in BRANCHES))
BATCH, RATE, MANY = 64, 1e-3, 10_000  # examples of a step, Adam's rate, and epochs: the number of steps ends it
L2 = 1e-3  # the penalty of a probe


class Setting(NamedTuple):
    """On which data: examples to train on, to fit probes to and to test on, and the steps that are looked at."""

    n_train: int
    n_fit: int
    n_test: int
    steps: tuple[int, ...]


SETTINGS: Mapping[str, Setting] = {
    "digits": Setting(2_000, 1_000, 360, (0, 100, 200, 300, 600, 1_000)),
    "mnist": Setting(4_000, 1_000, 1_000, (0, 100, 200, 300, 500)),
}


@dataclass(frozen=True)
class HeadScore:
    """A training after some steps.

    Attributes:
        data: which.
        weight: of the auxiliary head's loss.
        seed: of the first parameters and of the order of the examples.
        step: so many.
        main: share of the test examples that the main head classifies wrongly.
        auxiliary: that of the auxiliary head, which is untrained where its loss has no weight.
        probes: of each of `PROBED`, the test error of a linear probe of its channels' means over the positions, which
            is what the main head is given of the last block.
        seconds: of processor time since the step before, probes included.
    """

    data: str
    weight: float
    seed: int
    step: int
    main: float
    auxiliary: float
    probes: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)

    def probe(self, layer: str) -> float:
        """The error of the probe of one of `PROBED`."""
        return self.probes[PROBED.index(layer)]


TABLE = ScoreTable(HeadScore, SHIPPED / "auxiliary-head.csv", part=lambda score: score.data)


def run(data: str, seeds: Sequence[int] = SEEDS) -> Iterator[HeadScore]:
    """Train with each seed with the auxiliary head and without it; yields each score when it is there."""
    setting = SETTINGS[data]
    splits = load(data)
    held_out = splits.test[: setting.n_test]
    splits = Splits(splits.train[: setting.n_train], splits.valid[:0], held_out)
    for seed in seeds:
        for weight in WEIGHTS:
            yield from _training(data, setting, splits, weight, seed)


def _training(data: str, setting: Setting, splits: Splits, weight: float, seed: int) -> Iterator[HeadScore]:
    config = TrainConfig(epochs=MANY, batch_size=BATCH, learning_rate=RATE, schedule="constant", seed=seed)
    knobs = MODELS[NETWORK].Config(aux_weight=weight, blocks=DEPTH, aux_after=AUX_AFTER, init="default")
    model = start(NETWORK, knobs, splits.train.spec, config)
    if not isinstance(model, Trains):
        raise TypeError(f"{model.name} isn't trained by gradients.")
    state = TrainState(model, config)
    training = train(model, splits, config, state, report_every=1)
    for step in setting.steps:
        began = time.process_time()
        while state.step < step:
            next(training)
        errors = evaluate(model, splits.test)
        probes = _probes(model.eval(), splits.train[: setting.n_fit], splits.test)
        model.train()
        seconds = time.process_time() - began
        yield HeadScore(data, weight, seed, step, errors["error"], errors["auxiliary error"], probes, seconds)


def _probes(model: Trains, fit: Dataset, test: Dataset) -> tuple[float, ...]:
    x, y = (torch.cat([getattr(part, name) for part in (fit, test)]) for name in ("x", "y"))
    where = next(model.parameters()).device

    def both_heads(x: Tensor) -> list[Loss]:
        none = torch.zeros(len(x), device=where)
        return list(model.losses(Batch(x, none.long(), none), device.generator(0, where)))

    features = dict(read_features(model, x.to(where), PROBED, Reduction("mean"), forward=both_heads))
    del features[INPUT]  # one number an image, its mean
    found = probe_features(features, y.numpy(), (len(fit), 0, len(test)), l2=L2)
    return tuple(probe.score.error for probe in found)


def verdict(scores: Sequence[HeadScore]) -> str:
    """Whether the auxiliary head leads, and whether it helps the main one, of one data set in two sentences."""
    own, alone = ([one for one in scores if bool(one.weight) == trained] for trained in (True, False))
    lead = {step: np.mean([one.main - one.auxiliary for one in found]) for step, found in by_step(own).items()}
    step = max(lead, key=lambda one: lead[one])
    end = max(lead)
    there = [one for one in own if one.step == step]
    last = [one.main for one in own if one.step == end], [one.main for one in alone if one.step == end]
    gain = interval(100 * np.subtract(last[1], last[0]))  # with the same seed
    helps = "helps the main head" if gain.low > 0 else "is not shown to help the main head"
    return (
        f"The auxiliary head leads by up to {100 * lead[step]:.0f} percentage points: after {step} steps it is wrong "
        f"about {np.mean([one.auxiliary for one in there]):.0%}, the main head about "
        f"{np.mean([one.main for one in there]):.0%}. It {helps}: after {end:,} steps that is wrong about "
        f"{np.mean(last[0]):.0%} with it and {np.mean(last[1]):.0%} without it, {gain} percentage "
        f"points less (95 % interval over {gain.n} seeds)."
    )


def by_step(scores: Sequence[HeadScore]) -> dict[int, list[HeadScore]]:
    """Step -> the scores after it."""
    return grouped(scores, lambda one: one.step)


def probe_errors(scores: Sequence[HeadScore]) -> Doubles:
    """(blocks, steps) the errors of the probes of `BLOCKS` after each step, means over the seeds."""
    steps = by_step(scores).values()
    return np.array([[np.mean([one.probe(block) for one in own]) for own in steps] for block in BLOCKS])


def table_rows(scores: Sequence[HeadScore]) -> list[dict[str, str]]:
    """A row for each data set, weight and step: means and standard deviations over the seeds."""
    rows = []
    for (data, weight, step), own in grouped(scores, lambda one: (one.data, one.weight, one.step)).items():
        rows.append(
            {
                "data": data,
                "auxiliary head": f"weight {weight:g}" if weight else "not trained",
                "step": str(step),
                "main head, % wrong": mean_std([one.main for one in own], 100),
                "auxiliary head, % wrong": mean_std([one.auxiliary for one in own], 100) if weight else "–",
                "probes of blocks 1–5, % wrong": " ".join(
                    f"{100 * np.mean([one.probe(block) for one in own]):.0f}" for block in BLOCKS[1:]
                ),
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
