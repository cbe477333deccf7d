"""The bounds of a run and of a second one, computed in the background, the cheap ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.bounds import REPEATED, Bound, bound
from latentlab.analysis.latent.integrated import can_integrate, integrated
from latentlab.models import LogLikelihood
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember

SEED = 0
AT_ONCE = 5_000  # draws that each bound but the first may decode before the page is shown


def model_of(run: Subject) -> LogLikelihood:
    """The run's model."""
    model = cached.model(run)
    if not isinstance(model, LogLikelihood):
        raise TypeError(f"{run.title} has no likelihood.")
    return model


def at_once(run: Subject, of: Subject, n: int, draws: Sequence[int]) -> list[Bound]:
    """Those of a run's bounds that need no waiting, on the first n test examples that are saved with `of`."""
    wanted = _wanted(run, draws)
    return [_bound(run, of, n, k) for k in wanted if k == wanted[0] or _is_quick(n, k)]


def tasks(run: Subject, of: Subject, n: int, draws: Sequence[int]) -> list[Task[Bound]]:
    """The others, of few draws first; then log p(x) itself where all codes can be summed over."""
    key, waiting = f"bound {run.key} {of.key} {n}", [k for k in _wanted(run, draws)[1:] if not _is_quick(n, k)]
    found = [run_task(f"{key} {k}", _call(run, of, n, k)) for k in waiting]
    model = model_of(run)
    if can_integrate(model):
        found.append(run_task(f"{key} integrated", partial(integrated, model, _examples(run, of, n))))
    return found


def _wanted(run: Subject, draws: Sequence[int]) -> Sequence[int]:
    return (0,) if model_of(run).exact else draws


def _is_quick(n: int, k: int) -> bool:
    return n * max(k, REPEATED) <= AT_ONCE


@remember(64)
def _bound(run: Subject, of: Subject, n: int, k: int) -> Bound:
    return _call(run, of, n, k)()


def _call(run: Subject, of: Subject, n: int, k: int) -> Callable[[], Bound]:
    """What computes a bound."""
    return partial(bound, model_of(run).log_prob, _examples(run, of, n), k, SEED)


def _examples(run: Subject, of: Subject, n: int) -> Tensor:
    """(n, *shape): gray levels are drawn once, so that all bounds are of the same images."""
    return model_of(run).binarise(cached.examples(of)[:n].batch().x, device.generator(SEED))


def least_probable(found: Bound, n: int) -> Tensor:
    """(n,) the examples of the lowest bounds, the lowest first."""
    return torch.from_numpy(found.values.argsort()[:n].copy())
