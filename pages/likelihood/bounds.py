"""The bounds of a run and of a second one, computed in the background, the cheap ones first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.bounds import REPEATED, Bound, bound
from latentlab.models import LogLikelihood
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember

SEED = 0
AT_ONCE = 25_000  # draws that are decoded before the page is shown


def model_of(run: Subject) -> LogLikelihood:
    """The run's model."""
    model = cached.model(run)
    if not isinstance(model, LogLikelihood):
        raise TypeError(f"{run.title} has no likelihood.")
    return model


def at_once(run: Subject, of: Subject, n: int, draws: Sequence[int]) -> list[Bound]:
    """Those of a run's bounds that need no waiting, on the first n test examples that are saved with `of`."""
    return [_bound(run, of, n, k) for k in _wanted(run, draws) if n * max(k, REPEATED) <= AT_ONCE]


def tasks(run: Subject, of: Subject, n: int, draws: Sequence[int]) -> list[Task[Bound]]:
    """The others, of few draws first."""
    model = model_of(run)
    x, key = as_modelled(model, cached.examples(of)[:n].batch().x), f"bound {run.key} {of.key} {n}"
    wanted = [k for k in _wanted(run, draws) if n * max(k, REPEATED) > AT_ONCE]
    return [run_task(f"{key} {k}", partial(bound, model.log_prob, x, k, SEED)) for k in wanted]


def _wanted(run: Subject, draws: Sequence[int]) -> Sequence[int]:
    return (0,) if model_of(run).exact else draws


@remember(64)
def _bound(run: Subject, of: Subject, n: int, k: int) -> Bound:
    model = model_of(run)
    return bound(model.log_prob, as_modelled(model, cached.examples(of)[:n].batch().x), k, SEED)


def as_modelled(model: LogLikelihood, x: Tensor) -> Tensor:
    """Examples as the likelihood takes them: gray levels drawn once, so that all bounds are of the same images."""
    return model.binarise(x, device.generator(SEED))


def least_probable(found: Bound, n: int) -> Tensor:
    """(n,) the examples of the lowest bounds, the lowest first."""
    return torch.from_numpy(found.values.argsort()[:n].copy())
