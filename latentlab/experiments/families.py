"""Families of variational posteriors on the potential of two modes: which of them cover both, and by which bounds.

`python -m latentlab reproduce families` fits all of them and prints the table; `TABLE` has the scores of the last
run, and `shipped` what was fitted. After Rezende & Mohamed (2015), §6.1, and Maaløe et al. (2016), §4.1.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles, Floats, floats
from latentlab.data import Dataset, Kind, Splits
from latentlab.data.builtin.two_modes import log_partition, potential
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_std
from latentlab.models.variational import AuxiliaryFamily, Family, FlowFamily
from latentlab.nn.initialise import initialise
from latentlab.runs.store import SHIPPED
from latentlab.serialization import read_tensors, write_tensors
from latentlab.training.config import TrainConfig
from latentlab.training.loop import train

FITS = SHIPPED / "families.safetensors"
N_MEASURED = 100_000  # draws that bounds are measured with
CHUNK = 20_000  # draws at once
PER_EPOCH = 100  # steps between two reports of progress
BOTH = 0.35  # share of the draws in the smaller of two modes that are both covered, at least
MOST_MAPS = 32
GAUSSIAN, ANNEALED_GAUSSIAN, AUXILIARY = "Gaussian", "Gaussian, annealed", "auxiliary variable"
ANNEALED = {"learning_rate": 5e-3, "batch_size": 256, "warmup": 0.5}
AT_ONCE = {"learning_rate": 5e-3, "batch_size": 256, "clip": 20.0}
Report = Callable[[float], None]  # is given the share that is done


@dataclass(frozen=True)
class Setting:
    """How a family is fitted.

    Attributes:
        kind: with its knobs, but for the restarts.
        config: those knobs.
        training: knobs of training.
        n_steps: of the optimiser.
        restarts: that the experiment makes.
    """

    kind: type[FlowFamily] | type[AuxiliaryFamily]
    config: Mapping[str, int]
    training: Mapping[str, Any]
    n_steps: int
    restarts: int

    def build(self, restarts: int) -> Family:
        """So many of the family, without parameters yet."""
        config: Any = self.kind.Config(**self.config, restarts=restarts)
        return self.kind(config, _nothing(1).spec, _log_density)


def setting_of(name: str) -> Setting:
    """How a family of that name is fitted, one of `SETTINGS` or a flow of any number of maps."""
    return SETTINGS.get(name) or flow(int(name.rpartition(" ")[2]))


def flow(n_maps: int) -> Setting:
    """How a planar flow is fitted."""
    return Setting(FlowFamily, {"n_steps": n_maps}, ANNEALED, 6_000, 4)


def flow_name(n_maps: int) -> str:
    """What a planar flow is called."""
    return f"planar flow, K = {n_maps}"


SETTINGS = {
    GAUSSIAN: Setting(FlowFamily, {"n_steps": 0}, AT_ONCE, 3_000, 4),
    ANNEALED_GAUSSIAN: flow(0),
    flow_name(4): flow(4),
    flow_name(16): flow(16),
    AUXILIARY: Setting(AuxiliaryFamily, {}, AT_ONCE, 6_000, 12),
}  # what the experiment fits


@dataclass(frozen=True, eq=False)
class Fitted:
    """Restarts of one family after their fit.

    Attributes:
        name: of the family.
        parameters: of all restarts.
        bounds: (R,) nats: E_q[log f - log q].
        weighted: (R,) nats: the importance-weighted bound of `N_MEASURED` draws.
        upper: (R,) share of the draws that are nearer to the upper mode.
        seconds: of processor time for all restarts.
    """

    name: str
    parameters: Mapping[str, Floats]
    bounds: Doubles
    weighted: Doubles
    upper: Doubles
    seconds: float = math.nan

    @property
    def key(self) -> str:
        """No two different fits have the same."""
        return f"{self.name} {self.bounds.tobytes().hex()} {self.upper.tobytes().hex()}"

    @property
    def best(self) -> int:
        """The restart with the highest bound."""
        return int(self.bounds.argmax())

    @property
    def covers_both(self) -> NDArray[np.bool_]:
        """(R,) whether a restart has both modes."""
        return (self.upper >= BOTH) & (self.upper <= 1 - BOTH)

    @property
    def n_both(self) -> int:
        """How many restarts have both modes."""
        return int(self.covers_both.sum())

    def family(self, setting: Setting) -> Family:
        """The family with these parameters."""
        family = setting.build(len(self.bounds))
        family.load_state_dict({name: torch.from_numpy(value) for name, value in self.parameters.items()})
        return family.eval()


@dataclass(frozen=True)
class FamilyScore:
    """One restart of one family.

    Attributes:
        bound, weighted: nats.
        upper: share of its draws that are nearer to the upper mode.
        seconds: of processor time, all restarts together.
    """

    family: str
    restart: int
    bound: float
    weighted: float
    upper: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    FamilyScore, SHIPPED / "families.csv", part=lambda score: score.family,
    order=lambda score: list(SETTINGS).index(score.family),
)  # fmt: skip


def fit(name: str, setting: Setting, restarts: int, seed: int = 0, report: Report | None = None) -> Fitted:
    """Fit restarts of a family, all at once; each starts elsewhere.

    Raises:
        TrainingError: a bound is no finite number any more.
    """
    family, size = setting.build(restarts), setting.training["batch_size"]
    initialise(family, device.generator(seed))
    epochs = math.ceil(setting.n_steps / PER_EPOCH)
    config = TrainConfig(**setting.training, epochs=epochs, seed=seed)
    began, per_epoch = time.process_time(), min(PER_EPOCH, setting.n_steps)
    splits = Splits(_nothing(size * per_epoch), _nothing(size), _nothing(size))
    for metrics in train(family, splits, config, report_every=1_000_000):
        if report is not None:
            report(metrics.step / metrics.n_steps)
    return measured(name, family, time.process_time() - began)


@torch.no_grad()
def measured(name: str, family: Family, seconds: float = math.nan) -> Fitted:
    """A family with what its draws say of it."""
    rng = device.generator(1)
    parts = [family.draws(CHUNK, rng) for _ in range(N_MEASURED // CHUNK)]
    log_w = torch.cat([(_log_density(z) - log_q).double() for z, log_q in parts], 1)
    upper = torch.cat([z[..., 1] > 0 for z, _ in parts], 1).double().mean(1)
    weighted = log_w.logsumexp(1) - math.log(log_w.shape[1])
    parameters = {key: floats(value) for key, value in family.state_dict().items()}
    return Fitted(name, parameters, log_w.mean(1).numpy(), weighted.numpy(), upper.numpy(), seconds)


@torch.no_grad()
def drawn(fitted: Fitted, setting: Setting, n: int, seed: int = 2) -> Floats:
    """(n, 2): draws of the best restart."""
    rng, family = device.generator(seed), fitted.family(setting)
    return floats(torch.cat([family.draws(CHUNK, rng).z[fitted.best] for _ in range(math.ceil(n / CHUNK))])[:n])


def joined(one: Fitted, more: Sequence[Fitted]) -> Fitted:
    """Restarts of one family, and further ones of the same."""
    every = [one, *more]
    parameters = {name: np.concatenate([each.parameters[name] for each in every]) for name in one.parameters}
    bounds, weighted, upper = (
        np.concatenate([getattr(each, name) for each in every]) for name in ("bounds", "weighted", "upper")
    )
    return Fitted(one.name, parameters, bounds, weighted, upper)


def run(names: Sequence[str] = tuple(SETTINGS), seed: int = 0) -> Iterator[Fitted]:
    """Fit the families; yields each when it is done."""
    for name in names:
        yield fit(name, SETTINGS[name], SETTINGS[name].restarts, seed)


def scores_of(fitted: Fitted) -> list[FamilyScore]:
    """A score for each restart."""
    rows = zip(fitted.bounds.tolist(), fitted.weighted.tolist(), fitted.upper.tolist(), strict=True)
    return [FamilyScore(fitted.name, k, *row, fitted.seconds) for k, row in enumerate(rows)]


def table_rows(scores: Sequence[FamilyScore]) -> list[dict[str, str]]:
    """A row for each family: means and standard deviations over its restarts, and how many cover both modes."""
    rows = []
    for name, own in grouped(scores, lambda score: score.family).items():
        both = sum(BOTH <= score.upper <= 1 - BOTH for score in own)
        rows.append(
            {
                "family": name,
                "bound, nats": mean_std([score.bound for score in own]),
                "best": f"{max(score.bound for score in own):.3f}",
                "importance-weighted": mean_std([score.weighted for score in own]),
                "both modes": f"{both} of {len(own)}",
                "log Z": f"{log_partition():.4f}",
                "CPU s": mean_std([own[0].seconds]),
            }
        )
    return rows


def save(found: Sequence[Fitted], results: Path | None = None, fits: Path | None = None) -> None:
    """Write scores as CSV and parameters, in the place of those of the same families; others keep theirs."""
    results, fits = results or TABLE.path, fits or FITS
    new = {one.name for one in found}
    fitted = [score for one in found for score in scores_of(one)]
    TABLE.at(results).save(fitted)
    tensors = {key: value for key, value in _tensors(fits).items() if key.partition("/")[0] not in new}
    tensors |= {f"{one.name}/{key}": torch.from_numpy(value) for one in found for key, value in one.parameters.items()}
    write_tensors(fits, tensors)


def shipped(results: Path | None = None, fits: Path | None = None) -> dict[str, Fitted]:
    """Name -> what `save` wrote of a family; none if there is none.

    Raises:
        RunError: the file of the parameters is damaged.
    """
    scores, tensors, found = TABLE.at(results or TABLE.path).read(), _tensors(fits or FITS), {}
    for name, own in grouped(scores, lambda score: score.family).items():
        parameters = {
            key.partition("/")[2]: floats(value) for key, value in tensors.items() if key.startswith(f"{name}/")
        }
        bounds, weighted, upper = np.array([(one.bound, one.weighted, one.upper) for one in own], np.float64).T
        found[name] = Fitted(name, parameters, bounds, weighted, upper, own[0].seconds)
    return found


def _tensors(path: Path) -> dict[str, Tensor]:
    return read_tensors(path) if path.is_file() else {}


def _log_density(z: Tensor) -> Tensor:
    return -potential(z)


def _nothing(n: int) -> Dataset:
    """Examples that only count: how many draws there are in a step."""
    return Dataset("two-mode potential", torch.zeros(n, 2), torch.zeros(n, dtype=torch.int64), ("any",), Kind.PLANE)
