"""A ladder VAE of five layers that was trained for long: its bounds, next to the paper's, and what its layers carry.

`python -m latentlab reproduce mnist-five-layers-lvae` trains and measures it; with `--measure` it is measured alone.
`TABLE` has the scores of the last time. After Sønderby et al., Ladder Variational Autoencoders (2016), Tab. 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from latentlab import device
from latentlab.analysis.latent.bounds import Bound, bound
from latentlab.data import load
from latentlab.experiments.hierarchies import REPORTED, measure_layers
from latentlab.experiments.score_tables import MISSING, ScoreTable, mean_of_each
from latentlab.models import Layered, LogLikelihood
from latentlab.runs.store import SHIPPED, Store

RUNS = ("mnist-five-layers-lvae",)
MODEL = "ladder VAE"  # as it is called among the reported numbers
N_MEASURED, N_DRAWS = 1_000, 5_000  # test examples that get the bounds, and draws of the tighter one
STEP = 100  # examples after which the score so far is given


@dataclass(frozen=True)
class LongScore:
    """A run, measured on the first `n` test examples; ± is the standard error over them.

    Attributes:
        run: its id.
        epochs: of its training.
        planned: those that it was to have; fewer were made where it was stopped.
        n_train: images in an epoch.
        n: test examples.
        bound: the ELBO in nats.
        bound_error: ± of it.
        draws: of the importance-weighted bound.
        weighted: that bound, in nats.
        weighted_error: ± of it.
        kl: what each layer carries, from z1 up, in nats.
        active: active units of each layer.
        probe: test accuracy of a linear probe of a draw of each layer.
    """

    run: str
    dataset: str
    epochs: int
    planned: int
    n_train: int
    n: int
    bound: float
    bound_error: float
    draws: int
    weighted: float
    weighted_error: float
    kl: tuple[float, ...]
    active: tuple[float, ...]
    probe: tuple[float, ...]


TABLE = ScoreTable(
    LongScore, SHIPPED / "long-training.csv", part=lambda score: score.run, order=lambda score: score.run
)


def measure(store: Store, run_id: str, n: int = N_MEASURED, draws: int = N_DRAWS) -> Iterator[LongScore]:
    """Measure a run; yields its score on the first `STEP` test examples, on the first two times as many, and so on.

    Args:
        store: where it is.
        run_id: which one.
        n: test examples.
        draws: of the tighter bound.
    """
    run, model = store.read(run_id), store.load(run_id)
    if not (isinstance(model, Layered) and isinstance(model, LogLikelihood)):
        raise TypeError(f"{model.name} has no layers or no likelihood.")
    splits = load(run.dataset)
    taken = model.binarise(splits.test[:n].batch().x, device.generator(0))
    epochs = round(run.steps / math.ceil(len(splits.train) / run.train["batch_size"]))
    layers, ones, many = measure_layers(model, splits), list[Bound](), list[Bound]()
    for seed, part in enumerate(taken.split(STEP)):
        ones.append(bound(model.log_prob, part, 1, seed))
        many.append(bound(model.log_prob, part, draws, seed))
        one, tight = _joined(ones), _joined(many)
        yield LongScore(
            run_id, run.dataset, epochs, run.train["epochs"], len(splits.train), len(one.values), one.mean,
            one.std_error, draws, tight.mean, tight.std_error, **layers,
        )  # fmt: skip


def _joined(parts: Sequence[Bound]) -> Bound:
    return Bound(parts[0].n, np.concatenate([part.values for part in parts]))


def table_rows(scores: Sequence[LongScore]) -> list[dict[str, str]]:
    """A row for each run; layers from z1 up."""
    rows = []
    for score in scores:
        known = REPORTED.get(score.dataset, {}).get(MODEL)
        rows.append(
            {
                "data": score.dataset,
                "run": score.run,
                "epochs": f"{score.epochs} of {score.planned}" if score.epochs < score.planned else str(score.epochs),
                "images an epoch": f"{score.n_train:,}",
                "ELBO, nats": f"{score.bound:.2f} ± {score.bound_error:.2f}",
                f"bound of {score.draws:,} draws": f"{score.weighted:.2f} ± {score.weighted_error:.2f}",
                "reported": "{:.2f}, {:.2f}".format(*known) if known else MISSING,
                "KL, nats": mean_of_each([score.kl], ".2f"),
                "active units": mean_of_each([score.active], ".0f"),
                "probe, %": mean_of_each([[100 * p for p in score.probe]], ".0f"),
                "test images": f"{score.n:,}",
            }
        )
    return rows
