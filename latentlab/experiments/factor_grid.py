"""β against the size of a code: how well VAEs of the shapes take the factors apart.

`python -m latentlab reproduce factors-grid` trains them, seed after seed; `TABLE` has the scores of the last run.
That of β = 4 and ten dimensions is the code of the same name in `factors.py`. After Higgins et al., beta-VAE (2017),
Fig. 6, made smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.disentanglement.information import information
from latentlab.analysis.disentanglement.same_factor import beta_vae_score
from latentlab.data import Splits, load
from latentlab.experiments.factors import DATA, KNOBS, SEEDS, TRAINING, codes, held_out, usage
from latentlab.experiments.score_tables import ScoreTable, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

BETAS, SIZES = (0.5, 1.0, 4.0, 10.0, 30.0), (2, 5, 10)


@dataclass(frozen=True)
class GridScore:
    """One VAE of a β and a size of the code."""

    beta: float
    z_dim: int
    seed: int
    beta_vae: float
    mig: float
    active: float
    reconstruction: float


TABLE = ScoreTable(GridScore, SHIPPED / "factors-grid.csv")


def run(
    seeds: Sequence[int] = SEEDS,
    splits: Splits | None = None,
    betas: Sequence[float] = BETAS,
    sizes: Sequence[int] = SIZES,
    training: Mapping[str, Any] = TRAINING,
) -> Iterator[GridScore]:
    """Train a VAE with every β, size and seed; yields each score when it is done."""
    known = splits or load(DATA)
    data, levels = held_out(known)
    for seed in seeds:
        for beta in betas:
            for z_dim in sizes:
                knobs = {**KNOBS, "beta": beta, "z_dim": z_dim}
                model = timed_training("vae", knobs, known, TrainConfig(**training, seed=seed)).model
                z = codes(model, data)
                beta_vae = beta_vae_score(z, levels, np.random.default_rng(seed)).value
                yield GridScore(beta, z_dim, seed, beta_vae, information(z, levels).gap, *usage(model, data))


def on_grid(scores: Sequence[GridScore], of: Callable[[GridScore], float]) -> Doubles:
    """The mean over the seeds for each size (down) and β (across); NaN where nothing was trained."""
    cells = [[[of(one) for one in scores if (one.beta, one.z_dim) == (beta, size)] for beta in BETAS] for size in SIZES]
    return np.array([[np.mean(cell) if cell else np.nan for cell in row] for row in cells])


def table_rows(scores: Sequence[GridScore]) -> list[dict[str, str]]:
    """A row for each cell: means over the seeds."""
    rows = []
    for beta, z_dim in _cells(scores):
        own = [one for one in scores if (one.beta, one.z_dim) == (beta, z_dim)]
        rows.append(
            {
                "β": f"{beta:g}",
                "dimensions": str(z_dim),
                "β-VAE metric, %": mean_std([one.beta_vae for one in own], by=100),
                "MIG, %": mean_std([one.mig for one in own], by=100),
                "active": mean_std([one.active for one in own]),
                "-log p(x|z), nats": mean_std([one.reconstruction for one in own]),
                "seeds": str(len(own)),
            }
        )
    return rows


def note(scores: Sequence[GridScore]) -> str:
    """Over how many seeds, and how far these lie apart, in sentences."""
    n_seeds = len({one.seed for one in scores})
    groups = [[one.beta_vae for one in scores if (one.beta, one.z_dim) == cell] for cell in _cells(scores)]
    apart = max(max(group) - min(group) for group in groups)
    said = (
        f"Means over {n_seeds} seeds, which differ by up to {apart:.0%} in one cell"
        if n_seeds > 1
        else "One seed: cells differ by less than seeds of one cell may, as the standard deviations of all scores show"
    )
    return (
        f"{said}: `python -m latentlab reproduce factors-grid`. In Higgins et al. (2017), Fig. 6, a larger code needs "
        "a larger β."
    )


def _cells(scores: Sequence[GridScore]) -> list[tuple[float, int]]:
    return list(dict.fromkeys((one.beta, one.z_dim) for one in scores))
