"""The classifier that labels what other models generate."""

from __future__ import annotations

import torch
from torch import Tensor

from latentlab.analysis.latent.support import Classify
from latentlab.models import Classifies, Conditional, Decodes
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from pages.shared import cached


def judge(run: Run, own: bool = True) -> Run | None:
    """Who names the class of a run's pictures: its own model if it can, else another classifier of the same data.

    Args:
        run: what is judged.
        own: False for an independent judge, one that generates nothing itself: the one with the lowest test error.
    """
    if own and issubclass(run.kind, Classifies):
        return run
    known = [r for r in Store.default().runs(Classifies) if r.dataset == run.dataset and r.shape == run.shape]
    found = [r for r in known if not issubclass(r.kind, Decodes | Conditional)]
    return min(found, key=lambda r: r.metrics.get("error", 1.0), default=None)


def classifier(run: Run, own: bool = True) -> Classify | None:
    """(B, *shape) -> (B, K) log-probabilities of the run's `judge`, without gradients; None where there is none."""
    found = judge(run, own)
    model = cached.model(found) if found is not None else None
    if not isinstance(model, Classifies):
        return None

    def classify(x: Tensor) -> Tensor:
        with torch.no_grad():
            return model.classify(x)

    return classify
