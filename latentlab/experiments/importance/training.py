"""SGD that draws examples by the length of their gradients against plain SGD: losses, errors and variances.

`python -m latentlab reproduce importance` trains both with three seeds and keeps the numbers. After Alain (2018),
chapter 7, Figures 7.2 to 7.4 and Table 7.1, whose network of 18.9 million parameters learns 570,000 house numbers on
several machines; here one of 280,000 learns 6,000 digits of MNIST, and the workers are simulated. `importance_bomb` has
what goes wrong with old weights and a small constant.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.importance.variance import Traces, traces
from latentlab.analysis.importance.weights import effective_share, probabilities, recall
from latentlab.analysis.stats import entropy
from latentlab.data import Batch, Dataset, Splits, load
from latentlab.models import Trains
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.evaluation import evaluate
from latentlab.training.importance.sampler import ImportanceSampler
from latentlab.training.importance.worker import gradient_norms
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

SEEDS = (0, 1, 2)
METHODS = ("ISSGD", "SGD")
MANY = 10_000  # epochs: the steps say when to stop
WRONG_SEED = 17


@dataclass(frozen=True)
class Setting:
    """What is trained, and how examples are drawn.

    Attributes:
        data: a name of labelled examples.
        rate: the step size.
        smoothing: the constant added to each weight.
        refresh: weights that each worker measures again a step.
        workers: how many.
        batch: examples in a step.
        n_train, n_test: the first so many are used; 0 for all.
        depth, hidden: of the fully connected classifier.
        steps, every: of the training, and between two measurements.
        methods: what is trained: SGD doesn't depend on the constant.
        wrong: share of the training examples whose label is replaced by another.
    """

    data: str = "digits"
    rate: float = 0.05
    smoothing: float = 1.0
    refresh: int = 128
    workers: int = 1
    batch: int = 64
    n_train: int = 0
    n_test: int = 0
    depth: int = 4
    hidden: int = 200
    steps: int = 2_000
    every: int = 100
    methods: tuple[str, ...] = METHODS
    wrong: float = 0.0


MNIST = Setting("mnist", n_train=6_000, n_test=2_000)
WRONG = Setting(hidden=256, steps=1_000, wrong=0.1)
SETTINGS = {
    "mnist η 0.05, c 1": MNIST,
    "mnist η 0.01, c 0.1": replace(MNIST, rate=0.01, smoothing=0.1),
    "wrong labels, c 0.1": replace(WRONG, smoothing=0.1, methods=("ISSGD",)),
    "wrong labels, c 1": WRONG,
    "wrong labels, c 10": replace(WRONG, smoothing=10.0, methods=("ISSGD",)),
}


@dataclass(frozen=True)
class ImportanceScore:
    """A training after some steps.

    Attributes:
        setting: a name in `SETTINGS`.
        method: ISSGD or SGD.
        loss, error: over all training examples, with the labels that it learns.
        test_loss, test_error: over the test examples.
        ideal, smoothed, stale, uniform: √Tr Σ of one example's estimate; without workers only the first and the last.
        norm: the mean length of a gradient.
        share, entropy: of the weights that it draws by: effective share, and nats.
        age: steps since a weight was measured, on average.
        factor: the largest weight of an example drawn since the last measurement.
        wrong: share of wrong labels among the examples drawn since then.
        recall: of the wrong labels, the share that is among as many examples with the longest gradients.
        seconds: of processor time, with the measurements.
    """

    setting: str
    method: str
    seed: int
    step: int
    loss: float
    error: float
    test_loss: float
    test_error: float
    ideal: float
    smoothed: float
    stale: float
    uniform: float
    norm: float
    share: float
    entropy: float
    age: float
    factor: float
    wrong: float
    recall: float
    seconds: float = field(default=math.nan, compare=False)


class Training:
    """One training of a setting, measured as it goes.

    Attributes:
        data: the training examples with the labels that it learns.
        wrong: (n,) rows of those whose label was replaced.
        drawn: (N,) how often each was drawn, by importance.
        norms: (N,) lengths of their gradients at the last measurement.
    """

    def __init__(self, name: str, setting: Setting, method: str, seed: int) -> None:
        self.name, self.setting, self.method, self.seed = name, setting, method, seed
        splits = load(setting.data)
        data, self.wrong = with_wrong_labels(splits.train[: setting.n_train or None], setting.wrong)
        self._config = TrainConfig(
            epochs=MANY, batch_size=setting.batch, learning_rate=setting.rate, schedule="constant", optimizer="sgd",
            seed=seed, importance=method == "ISSGD", smoothing=setting.smoothing, importance_workers=setting.workers,
            refresh=setting.refresh,
        )  # fmt: skip
        knobs = model_config("mlp", {"depth": setting.depth, "hidden": setting.hidden}, data, self._config)
        model = start("mlp", knobs, data.spec, self._config)
        assert isinstance(model, Trains)
        self.data, self._test = batches_for(model, data, self._config)[0], splits.test[: setting.n_test or None]
        self._state = TrainState(model, self._config)
        self.drawn: Labels = np.zeros(len(self.data), np.int64)
        self.norms: Doubles = np.zeros(len(self.data))
        self._factor, self._since = 1.0, self.drawn.copy()
        self._sampler = ImportanceSampler(self._state, self.data) if self._config.importance else None

    def scores(self) -> Iterator[ImportanceScore]:
        """Train, and measure before the first step and after every so many.

        Raises:
            TrainingError: the loss isn't finite.
        """
        began, setting = time.process_time(), self.setting
        yield self._measured(began)
        for metrics in self._steps(setting.every):
            if metrics % setting.every == 0:
                yield self._measured(began)
            if metrics >= setting.steps:
                return

    def losses(self, every: int) -> Iterator[tuple[int, float, float]]:
        """Train, and give (step, loss over all examples, largest weight so far) after every so many steps.

        Raises:
            TrainingError: the loss isn't finite.
        """
        for step in self._steps(every):
            if step % every == 0:
                yield step, evaluate(self._state.model, self.data)["loss"], self._factor
            if step >= self.setting.steps:
                return

    def _steps(self, every: int) -> Iterator[int]:
        nothing, sampler = self.data[:0], self._noted if self._sampler else None
        splits = Splits(self.data, nothing, nothing)
        for metrics in train(self._state.model, splits, self._config, self._state, sampler, every):
            yield metrics.step

    def _noted(self, data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
        assert self._sampler is not None
        for batch in self._sampler.batches(data, size, rng):
            np.add.at(self.drawn, self._sampler.rows.numpy(), 1)
            self._factor = max(self._factor, float(batch.weight.max()))
            yield batch

    def _measured(self, began: float) -> ImportanceScore:
        state = self._state
        model = state.model
        assert isinstance(model, Trains)
        train_now, test_now = evaluate(model, self.data), evaluate(model, self._test)
        self.norms = torch.cat(list(gradient_norms(model, self.data))).numpy()
        four, weights = self._traces(mean_gradient(model, self.data)), state.weights
        omega = probabilities(
            np.ones(len(self.data)) if weights is None else weights.norm.numpy(),
            0.0 if weights is None else self.setting.smoothing,
        )
        drawn = self.drawn - self._since
        wrong = float(drawn[self.wrong].sum() / drawn.sum()) if drawn.any() else len(self.wrong) / len(self.data)
        found = ImportanceScore(
            self.name, self.method, self.seed, state.step, train_now["loss"], train_now["error"], test_now["loss"],
            test_now["error"], four.ideal, four.smoothed, four.stale, four.uniform, float(self.norms.mean()),
            effective_share(omega), entropy(omega),
            math.nan if weights is None else float((state.step - weights.version.double()).mean()),
            self._factor, wrong, recall(self.norms, self.wrong) if len(self.wrong) else math.nan,
            time.process_time() - began,
        )  # fmt: skip
        self._factor, self._since = 1.0, self.drawn.copy()
        return found

    def _traces(self, mean_norm: float) -> Traces:
        weights = self._state.weights
        if weights is None:
            four = traces(self.norms, np.ones_like(self.norms), 0.0, mean_norm)
            return replace(four, smoothed=math.nan, stale=math.nan)
        return traces(self.norms, weights.norm.numpy(), self.setting.smoothing, mean_norm)


def mean_gradient(model: Trains, data: Dataset) -> float:
    """|g| of the mean loss over all examples, in evaluation mode; the model stays as it is."""
    own = copy.deepcopy(model).eval().requires_grad_(True)
    where = next(own.parameters()).device
    total: list[torch.Tensor] = []
    for rows in torch.arange(len(data)).split(1_000):
        (loss,) = own.losses(data.batch(rows.to(data.x.device)).to(where), device.generator(0, where))
        parts = torch.autograd.grad(loss.value.sum(), list(own.parameters()))
        flat = torch.cat([part.flatten() for part in parts]).double()
        total = [total[0] + flat] if total else [flat]
    return float(total[0].norm()) / len(data)


def with_wrong_labels(data: Dataset, share: float, seed: int = WRONG_SEED) -> tuple[Dataset, Labels]:
    """Replace the labels of a share of the examples by other classes at random; and the rows of these."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data))[: round(share * len(data))])
    labels, k = data.y.clone(), len(data.classes)
    other = torch.from_numpy(rng.integers(1, max(2, k), len(rows)))
    labels[torch.from_numpy(rows)] = (labels[torch.from_numpy(rows)] + other) % k
    return replace(data, y=labels), rows


def run(name: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[ImportanceScore]:
    """Train by both methods with every seed and measure as they go; yields each when it is there.

    Args:
        name: in `SETTINGS`.
        seeds: of the initial parameters and all draws.
        setting: in place of that of the name.
    """
    setting = setting or SETTINGS[name]
    for method in setting.methods:
        for seed in seeds:
            yield from Training(name, setting, method, seed).scores()
