"""What the source tuned on its drawings, on ours: batch, learning rate, depth and width, dropout, a plateau.

Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), §2.2 and Fig. 5, tries one knob after the other on the printed
network, each setting once. Here most are trained with several seeds, on fewer drawings and for fewer epochs, so their
accuracies lie lower than hers and only the differences are to be compared. Her numbers are those of her public
notebook, where the report prints a curve alone; she trained 15 or 20 epochs of 49,000 drawings, and with `best` is what
the best epoch had, chosen after the fact.

`python -m latentlab reproduce sketches` trains all and prints the tables; `TABLE` has the scores of the last time.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.sweep import Interval, compare, interval, verdict
from latentlab.data import Splits, load
from latentlab.experiments.score_tables import MISSING, ScoreTable, as_text, grouped, mean_std
from latentlab.jobs.sweep import said
from latentlab.jobs.sweep_results import Measure, Trained
from latentlab.knobs import Value, from_dict, knobs
from latentlab.models import MODELS, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train

MODEL, DATASET = "convnet", "sketches"
N, EPOCHS = 4_000, 6  # training examples and passes over them
BASE: dict[str, Value] = {"epochs": EPOCHS, "batch_size": 64, "learning_rate": 1e-3, "schedule": "constant"}
MEASURE = Measure("accuracy", "", True)
LONGER = 16  # epochs, of which a plateau may take some


class Row(NamedTuple):
    """A setting of a table: the knobs that differ from `BASE`, and the source's validation accuracies of it."""

    knobs: Mapping[str, Value]
    last: float = math.nan  # of the last epoch
    best: float = math.nan  # of the best one

    @property
    def key(self) -> str:
        """By which scores know it: "batch_size 8"."""
        return said(self.knobs) or "as printed"


def _batch_sizes() -> Iterator[Row]:
    last = (0.9578, 0.9646, 0.9616, 0.9552, 0.9572)
    best = (0.9623, 0.9691, 0.9665, 0.9637, 0.9624)
    for size, *found in zip((8, 16, 32, 64, 128), last, best, strict=True):
        yield Row({"batch_size": size} if size != BASE["batch_size"] else {}, *found)


def _learning_rates() -> Iterator[Row]:
    last = (0.9571, 0.9599, 0.9565, 0.9595, 0.9467, 0.9584, 0.9544, 0.9452, 0.9537, 0.9447)
    for k, found in enumerate(last):
        yield Row({"learning_rate": round(1e-4 + k * 1.1e-3, 4)}, found, 0.9659 if k == 3 else math.nan)


def _depths_and_widths() -> Iterator[Row]:
    best = (0.9607, 0.9631, 0.9603, 0.9561, 0.9612, 0.9648, 0.9548, 0.9608, 0.9644)
    for (convs, width), found in zip(itertools.product((2, 3, 4), (16, 32, 64)), best, strict=True):
        yield Row({"growth": 1.0, "convs": convs, "width": width}, best=found)


def _dropouts() -> Iterator[Row]:
    yield Row({}, 0.9552, 0.9637)
    for share, found in zip((0.1, 0.2, 0.3, 0.4, 0.5), (0.9616, 0.9635, 0.9655, 0.9642, 0.9639), strict=True):
        yield Row({"dropout": share}, best=found)


TABLES: dict[str, tuple[Row, ...]] = {
    "Batch size": tuple(_batch_sizes()),
    "Learning rate": tuple(_learning_rates()),
    "Convolutions and channels, flat": tuple(_depths_and_widths()),
    "Dropout": tuple(_dropouts()),
    "Learning rate on a plateau": (Row({"epochs": LONGER}), Row({"epochs": LONGER, "schedule": "plateau"})),
}
ONCE = ("Learning rate", "Convolutions and channels, flat", "Dropout")  # tables that are trained with one seed


@dataclass(frozen=True)
class SketchScore:
    """One training.

    Attributes:
        setting: the key of its row.
        accuracy, binary: of the validation split after each epoch; binary is the share of all outputs on the right
            side of ½.
        test, test_binary: of the test split; NaN of a setting that wasn't chosen, which nobody has looked at.
        seconds: of processor time.
    """

    setting: str
    seed: int
    accuracy: tuple[float, ...]
    binary: tuple[float, ...]
    test: float = math.nan
    test_binary: float = math.nan
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(SketchScore, SHIPPED / "sketches.csv")


def subset(splits: Splits, n: int = N) -> Splits:
    """The first n training examples of a random order that is always the same."""
    order = torch.randperm(len(splits.train), generator=device.generator(0))
    return splits._replace(train=splits.train[order[:n]])


def run(seeds: Sequence[int]) -> Iterator[SketchScore]:
    """Train each setting, those of the tables in `ONCE` alone with the first seed only, and test the best.

    That is the setting with the best mean on the validation split; it gets the seeds that it lacks. What is yielded
    last are its scores with those of the test split.
    """
    splits, models = subset(load(DATASET)), dict[tuple[str, int], Model]()
    scores = dict[str, list[SketchScore]]()

    def train_one(row: Row, seed: int) -> SketchScore:
        score, models[row.key, seed] = _train(row, seed, splits)
        scores.setdefault(row.key, []).append(score)
        return score

    repeated = {row.key for name, own in TABLES.items() if name not in ONCE for row in own}
    for seed, row in itertools.product(seeds, rows()):
        if seed == seeds[0] or row.key in repeated:
            yield train_one(row, seed)
    best = max(rows(), key=lambda row: np.mean([one.accuracy[-1] for one in scores[row.key]]))
    for seed in seeds:
        if (best.key, seed) not in models:
            yield train_one(best, seed)
    for score in scores[best.key]:
        found = evaluate(models[best.key, score.seed], splits.test)
        yield dataclasses.replace(score, test=1 - found["error"], test_binary=1 - found["binary error"])


def rows() -> list[Row]:
    """The settings of all tables, each once."""
    return list({row.key: row for row in itertools.chain(*TABLES.values())}.values())


def trained(config: Mapping[str, Value], training: TrainConfig, splits: Splits) -> tuple[Model, list[dict[str, float]]]:
    """A network of the family, and its validation terms after each epoch."""
    model = start(MODEL, from_dict(MODELS[MODEL].Config, config), splits.train.spec, training)
    reports = [dict(metrics.valid) for metrics in train(model, splits, training, report_every=1_000_000)]
    return model.eval(), reports


def _train(row: Row, seed: int, splits: Splits) -> tuple[SketchScore, Model]:
    of_model = {knob.name for knob in knobs(MODELS[MODEL].Config)}
    config = {name: value for name, value in row.knobs.items() if name in of_model}
    training = BASE | {name: value for name, value in row.knobs.items() if name not in of_model} | {"seed": seed}
    began = time.process_time()
    model, reports = trained(config, from_dict(TrainConfig, training), splits)
    accuracy, binary = (tuple(1 - one[term] for one in reports) for term in ("error", "binary error"))
    return SketchScore(row.key, seed, accuracy, binary, seconds=time.process_time() - began), model


def settings(table: str) -> list[dict[str, Value]]:
    """The settings of a table by the knobs that it varies."""
    names = list(dict.fromkeys(name for row in TABLES[table] for name in row.knobs))
    usual = {knob.name: knob.default for knob in knobs(MODELS[MODEL].Config)} | BASE
    full = [{name: row.knobs.get(name, usual[name]) for name in names} for row in TABLES[table]]
    varied = [name for name in names if len({one[name] for one in full}) > 1]
    return [{name: one[name] for name in varied} for one in full]


def of_table(scores: Sequence[SketchScore], table: str) -> Trained:
    """The trainings of a table as arrays, with the seeds of all its settings; compared are the last epochs."""
    own = [{one.seed for one in scores if one.setting == row.key} for row in TABLES[table]]
    seeds = sorted(set.intersection(*own))
    curves = {(one.setting, one.seed): one.accuracy for one in scores}
    found = np.array([curves[row.key, seed] for row in TABLES[table] for seed in seeds])
    shape = len(TABLES[table]), len(seeds)
    return Trained(MEASURE, settings(table), seeds, found[:, -1].reshape(shape), found.reshape(*shape, -1))


def chosen(scores: Sequence[SketchScore]) -> list[SketchScore]:
    """The scores of the setting that is best on the validation split, the only one that was tested."""
    return [one for one in scores if not math.isnan(one.test)]


def table_rows(scores: Sequence[SketchScore], table: str) -> list[dict[str, str]]:
    """A row for each setting, in the source's order: ours beside hers, as shares of the validation split."""
    found = of_table(scores, table)
    compared = compare(found.scores, MEASURE.higher_is_better)
    leads = {int(k): lead for k, lead in zip(compared.order, compared.leads, strict=True)}
    out = []
    for k, row in enumerate(TABLES[table]):
        own = [one for one in scores if one.setting == row.key and one.seed in found.seeds]
        out.append({
            "setting": said(found.settings[k]),
            "ours, last epoch": str(compared.settings[k]),
            "ours, best epoch": f"{interval([max(one.accuracy) for one in own]).mean:.4f}",
            "behind the best": MISSING if k == compared.best else str(leads[k]),
            "binary, last epoch": f"{interval([one.binary[-1] for one in own]).mean:.4f}",
            "source, last": MISSING if math.isnan(row.last) else f"{row.last:.4f}",
            "source, best": MISSING if math.isnan(row.best) else f"{row.best:.4f}",
            "CPU s": mean_std([one.seconds for one in own]),
        })  # fmt: skip
    return out


def table_verdict(scores: Sequence[SketchScore], table: str) -> str:
    """Whether a setting of a table is better than the next, in a sentence or two."""
    compared = compare(of_table(scores, table).scores, MEASURE.higher_is_better)
    return verdict(compared, [said(one) for one in settings(table)], MEASURE.unit)


def noise(scores: Sequence[SketchScore]) -> float:
    """The standard deviation between seeds of one setting, pooled over the settings; NaN of one seed."""
    own = [[one.accuracy[-1] for one in of] for of in grouped(scores, lambda one: one.setting).values()]
    free = sum(len(of) - 1 for of in own)
    return math.sqrt(sum(np.var(of) * len(of) for of in own) / free) if free else math.nan


def said_noise(scores: Sequence[SketchScore]) -> str:
    """By how much single trainings differ, in a sentence."""
    std = noise(scores)
    return (
        f"Seeds of one setting have a standard deviation of {std:.4f}, so in 5 % of all cases two single trainings of "
        f"the same setting differ by more than {1.96 * math.sqrt(2) * std:.3f}."
    )


def final(scores: Sequence[SketchScore]) -> str:
    """What the chosen setting has on the test split, in a sentence."""
    of = chosen(scores)
    found, binary = interval([one.test for one in of]), interval([one.test_binary for one in of])
    return (
        f"Chosen on the validation split, by the seeds that each setting has in its table: “{of[0].setting}”; test "
        f"accuracy {_share(found)} (binary {_share(binary)}, {found.n} seeds), the only setting that was tested."
    )


def text(scores: Sequence[SketchScore]) -> str:
    """All tables, with their verdicts."""
    parts = [f"{name}\n{as_text(table_rows(scores, name))}\n{table_verdict(scores, name)}\n" for name in TABLES]
    return "\n".join([*parts, said_noise(scores), final(scores)])


def _share(found: Interval) -> str:
    return f"{found.mean:.4f}" + ("" if math.isnan(found.half) else f" ± {found.half:.4f}")


def latest(scores: Sequence[SketchScore]) -> list[SketchScore]:
    """Of each setting and seed the last score."""
    return list({(one.setting, one.seed): one for one in scores}.values())
