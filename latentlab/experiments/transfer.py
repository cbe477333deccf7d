"""Transfer to the sketches: accuracy against the number of labels, for trunks that know more or less beforehand.

`python -m latentlab reproduce transfer` trains all and prints the table; `TABLE` has the scores of the last time.
After Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), §2.1, who put a head of one layer on three networks of
ImageNet; her Table 1 is in `transfer_source`. Her head has a sigmoid for each class and is trained by binary
cross-entropy, so what it calls accuracy is the share of all seven outputs on the right side of 1/2: 6/7 for a network
that says no to everything. Here each trunk is trained with both heads, and both accuracies are measured.

The small trunks are one architecture, that of the run `mnist-cnn-small`, with its parameters or with random ones; that
of ImageNet is Lite0, where its parameters are there (`latentlab trunk lite0`). Heads of frozen trunks read features
that are computed once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from latentlab.analysis.classification.metrics import all_negative
from latentlab.analysis.sweep import interval
from latentlab.data import Dataset, Splits, load
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped, mean_std
from latentlab.experiments.sketches_printed import real_drawings
from latentlab.experiments.transfer_source import N_CLASSES
from latentlab.models import HasTrunk, Model, Trains
from latentlab.runs import lite0_file
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED
from latentlab.runs.trunks import described, load_trunk
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train

DATA = "sketches"
SEEDS = (0, 1, 2)
MODEL = "transfer"
SMALL, IMAGENET = "mnist-cnn-small", "lite0"
LABELS = (70, 350, 1_400, 8_400)  # the last is all
EPOCHS = {70: 100, 350: 50, 1_400: 25, 8_400: 8}
BATCH = 64
RATES = {False: 3e-3, True: 1e-3}  # of a head alone, and of a trunk that is trained too
HEADS = ("softmax", "sigmoid")
TERMS = ("error", "binary error")
SCRATCH = "from scratch"
TRUNKS: Mapping[str, Mapping[str, Any]] = {  # knobs of `transfer`
    "random, frozen": {"trunk": SMALL, "weights": "random"},
    "MNIST, frozen": {"trunk": SMALL},
    "MNIST, fine-tuned": {"trunk": SMALL, "tune": True},
    SCRATCH: {"trunk": SMALL, "weights": "random", "tune": True},
    "Lite0 at 32 × 32": {"trunk": IMAGENET, "side": 32},
    "Lite0 at 96 × 96": {"trunk": IMAGENET, "side": 96},
}


@dataclass(frozen=True)
class TransferScore:
    """One training, measured on the test split and on drawings by people.

    Attributes:
        trunk: a key of `TRUNKS`.
        labels: training examples, as many of each class.
        head: "softmax" or "sigmoid".
        accuracy, binary: on the test split, categorical and over all outputs.
        real, real_binary: on `n_real` drawings by people; NaN where they aren't there.
        trainable: parameters that the training moves.
        frozen: numbers of the trunk that it doesn't.
        seconds: of processor time, without the features of a frozen trunk.
    """

    trunk: str
    labels: int
    head: str
    seed: int
    accuracy: float
    binary: float
    real: float
    real_binary: float
    n_test: int
    n_real: int
    trainable: int
    frozen: int
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    TransferScore, SHIPPED / "transfer.csv", part=lambda score: (score.trunk, score.seed),
    order=lambda score: (list(TRUNKS).index(score.trunk), score.seed),
)  # fmt: skip


def run(
    trunk: str, seeds: Sequence[int], labels: Sequence[int] = LABELS, splits: Splits | None = None
) -> Iterator[TransferScore]:
    """Train one of `TRUNKS` with every number of labels, both heads and every seed; yields each score when it is done.

    A seed draws the labels, the first parameters of what is random, and the order of the examples.

    Raises:
        RunError: the parameters of Lite0 aren't here.
    """
    splits = splits or load(DATA)
    real = real_drawings(splits.test.classes)
    known = described(SHIPPED_RUNS, MODEL, TRUNKS[trunk])
    read: Splits | None = None  # of a frozen trunk, what its head reads
    read_real: Dataset | None = None
    for seed in seeds:
        for head in HEADS:
            for n in labels:
                training = TrainConfig(
                    epochs=EPOCHS.get(n, 1), batch_size=BATCH, learning_rate=RATES[bool(known.get("tune"))],
                    labels=0 if n >= len(splits.train) else n, seed=seed,
                )  # fmt: skip
                config = model_config(MODEL, {**known, "head": head}, splits.train, training)
                model = start(MODEL, config, splits.train.spec, training)
                load_trunk(SHIPPED_RUNS, model)
                if read is None:
                    read = Splits(_once(model, splits.train), splits.valid[:0], _once(model, splits.test))
                    read_real = _once(model, real) if real else None
                yield _score(trunk, n, head, training, model, read, read_real)
        if known.get("weights") == "random":  # another seed, another trunk
            read = None


def _score(
    trunk: str, labels: int, head: str, training: TrainConfig, model: Model, splits: Splits, real: Dataset | None
) -> TransferScore:
    assert isinstance(model, HasTrunk)
    began = time.process_time()
    for _ in train(model, splits, training, report_every=1_000_000):
        pass
    seconds = time.process_time() - began
    test, of_real = evaluate(model, splits.test), evaluate(model, real) if real else {}
    right, binary = (tuple(1 - found.get(term, math.nan) for found in (test, of_real)) for term in TERMS)
    n_real = len(real) if real else 0
    return TransferScore(
        trunk, labels, head, training.seed, right[0], binary[0], right[1], binary[1],
        len(splits.test), n_real, model.size, model.n_frozen, seconds,
    )  # fmt: skip


def _once(model: Model, data: Dataset) -> Dataset:
    return model.once(data) if isinstance(model, Trains) else data


def is_here(trunk: str) -> bool:
    """Whether the parameters of a trunk are there."""
    return TRUNKS[trunk]["trunk"] != IMAGENET or lite0_file.path().is_file()


def _measured(score: TransferScore, head: str, real: bool) -> float:
    if head == "softmax":
        return score.real if real else score.accuracy
    return score.real_binary if real else score.binary


class Line(NamedTuple):
    """What one trunk reaches: means over the seeds for each number of labels, and the lowest and the highest."""

    trunk: str
    labels: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]


def lines(scores: Sequence[TransferScore], head: str = HEADS[0], real: bool = False) -> list[Line]:
    """A line for each trunk: of the head "softmax" categorical accuracies, of "sigmoid" binary ones."""
    found = []
    for trunk, own in grouped([score for score in scores if score.head == head], lambda one: one.trunk).items():
        by_labels = grouped(own, lambda one: one.labels)
        values = [[_measured(score, head, real) for score in each] for each in by_labels.values()]
        means = [sum(each) / len(each) for each in values]
        found.append(Line(trunk, list(by_labels), means, [min(each) for each in values], [max(e) for e in values]))
    return found


def verdict(scores: Sequence[TransferScore], head: str = HEADS[0], real: bool = False) -> str:
    """What the best trunk adds to the small network from scratch with each number of labels, paired by seed."""
    gains = []
    for labels, own in grouped([score for score in scores if score.head == head], lambda one: one.labels).items():
        by_trunk = {
            trunk: {one.seed: _measured(one, head, real) for one in each}
            for trunk, each in grouped(own, lambda one: one.trunk).items()
        }
        scratch = by_trunk.pop(SCRATCH, {})
        added = {
            trunk: interval([100 * (right[seed] - scratch[seed]) for seed in right if seed in scratch])
            for trunk, right in by_trunk.items()
            if scratch.keys() & right
        }
        if added:
            best = max(added, key=lambda trunk: added[trunk].mean)
            gains.append((labels, best, added[best]))
    if not gains:
        return "Not all trunks were trained yet."
    named = [
        f"{gain} with {labels:,}" + (f" ({best})" if k == 0 or best != gains[k - 1][1] else "")
        for k, (labels, best, gain) in enumerate(gains)
    ]
    falls = len(gains) > 1 and gains[0][2].low > 0 and all(gains[0][2].mean > gain.mean for *_, gain in gains[1:])
    end = " It pays most with few labels." if falls else ""
    return f"What the best trunk adds to the small network from scratch, in points: {', '.join(named)} labels.{end}"


def binary_verdict(scores: Sequence[TransferScore]) -> str:
    """What the source's accuracy makes of the same trainings, those with the fewest labels."""
    nothing = all_negative(N_CLASSES)
    own = [score for score in scores if score.head == "sigmoid"]
    fewest = min(score.labels for score in own)
    by_trunk = grouped([score for score in own if score.labels == fewest], lambda one: one.trunk)
    binary = {trunk: sum(one.binary for one in each) / len(each) for trunk, each in by_trunk.items()}
    right = {trunk: sum(one.accuracy for one in each) / len(each) for trunk, each in by_trunk.items()}
    below = [trunk for trunk in binary if binary[trunk] < nothing]
    lost = (
        f"{len(below)} of {len(binary)} trunks lie below it with {fewest} labels, though they name "
        f"{min(right[one] for one in below):.0%} to {max(right[one] for one in below):.0%} of the sketches rightly"
        if below
        else f"all {len(binary)} trunks lie above it with {fewest} labels"
    )
    orders = [sorted(values, key=values.__getitem__) for values in (binary, right)]
    changes = "in another order than" if orders[0] != orders[1] else "in the same order as"
    return (
        f"Binary accuracy counts {N_CLASSES} answers an example, {N_CLASSES - 1} of which are no: a network that says "
        f"no to every class has {nothing:.1%}. {lost[0].upper()}{lost[1:]}, and they come {changes} by the share of "
        "sketches that they name rightly."
    )


def table_rows(scores: Sequence[TransferScore]) -> list[dict[str, str]]:
    """A row for each trunk and number of labels: means in % and, over the seeds, standard deviations."""
    rows = []
    for (trunk, labels), own in grouped(scores, lambda score: (score.trunk, score.labels)).items():
        softmax, sigmoid = ([one for one in own if one.head == head] for head in HEADS)
        rows.append(
            {
                "trunk": trunk,
                "labels": f"{labels:,}",
                "accuracy, %": mean_std([one.accuracy for one in softmax], 100) if softmax else MISSING,
                "real drawings, %": mean_std([one.real for one in softmax], 100) if softmax else MISSING,
                "sigmoid head, %": mean_std([one.accuracy for one in sigmoid], 100) if sigmoid else MISSING,
                "its binary accuracy, %": mean_std([one.binary for one in sigmoid], 100) if sigmoid else MISSING,
                "trainable": f"{own[0].trainable:,}",
                "frozen": f"{own[0].frozen:,}",
                "seeds": str(len({one.seed for one in own})),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows
