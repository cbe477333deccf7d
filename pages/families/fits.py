"""The fits of the page: those that ship, and restarts that the visitor requests, in the background process."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from latentlab.analysis.arrays import Floats
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.plane import shade
from latentlab.data.builtin.two_modes import log_prob
from latentlab.experiments import families
from latentlab.experiments.families import Fitted, setting_of
from latentlab.jobs.background import report
from pages.shared.background import Task, run_task
from pages.shared.remember import remember
from pages.shared.visit import Slot

BOX = Box(-3.6, 3.6, -3.6, 3.6)
SIDE = 60  # cells along a side of a picture
N_DRAWN = 100_000
FIRST_SEED = 1_000  # of restarts on the page; the experiment has the smaller ones
MOST_MORE = 12  # restarts that a visitor may request of one family
MORE: Slot[dict[str, int]] = Slot("family-restarts")  # family -> restarts beyond those that ship


@remember(1)
def shipped() -> dict[str, Fitted]:
    """Name -> the fits that ship."""
    return families.shipped()


def request(name: str) -> None:
    """One restart more of a family."""
    more = MORE.get({})
    MORE.set(more | {name: min(MOST_MORE, more.get(name, 0) + 1)})


def withdraw(name: str) -> None:
    """One restart less, of those that were requested."""
    more = MORE.get({})
    MORE.set(more | {name: max(0, more.get(name, 0) - 1)})


def tasks(name: str) -> list[Task[Fitted]]:
    """The restarts of a family that were requested, as they stand."""
    return [
        run_task(
            f"family {name} {k}",
            partial(families.fit, name, setting_of(name), 1, FIRST_SEED + k, report),
        )
        for k in range(MORE.get({}).get(name, 0))
    ]


def fitted(name: str, done: list[Task[Fitted]]) -> Fitted | None:
    """All restarts of a family that are done; None if there are none."""
    found = [task.result for task in done if task.result is not None]
    first = shipped().get(name)
    every = [*([first] if first is not None else []), *found]
    return families.joined(every[0], every[1:]) if every else None


@remember(32)
def density(found: Fitted) -> Floats:
    """(n, n): the density of the draws of its best restart, in cells of the box, row 0 the lowest z2."""
    z = families.drawn(found, setting_of(found.name), N_DRAWN)
    edges = [np.linspace(low, high, SIDE + 1) for low, high in (BOX.y, BOX.x)]
    counts, _, _ = np.histogram2d(z[:, 1], z[:, 0], edges)
    area = float((edges[0][1] - edges[0][0]) * (edges[1][1] - edges[1][0]))
    return np.asarray(counts / (len(z) * area), np.float32)


@remember(1)
def truth() -> Floats:
    """(n, n): the density of the potential in the same cells."""
    values = shade(log_prob, BOX, torch.float64, SIDE)
    area = (BOX.x[1] - BOX.x[0]) * (BOX.y[1] - BOX.y[0]) / SIDE**2
    return np.asarray(values / (values.sum() * area), np.float32)
