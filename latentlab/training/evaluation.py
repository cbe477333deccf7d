"""Evaluation of a model on examples: means of its objective and its terms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Dataset, LabelUse, labelled_part
from latentlab.models import LOSS, Fits, LogLikelihood, Loss, Model, Trains

EVAL_CHUNK = 1_000  # examples evaluated at once
EVAL_SEED = 1


def evaluate(model: Model, data: Dataset, seed: int = EVAL_SEED) -> dict[str, float]:
    """Means over a data set of the objective (at progress 1) and its terms, and what the model measures of a set.

    With fixed randomness. A model that needs labels is evaluated on the examples that have one. What no example has, is
    left out. The objective is "loss"; of a model of several players "<player> loss" for each, and never their sum.
    """
    data = labelled_part(data) if model.labels is LabelUse.NEEDED else data
    if not len(data):
        return {}
    was_training = model.training
    model.eval()
    where = next(model.parameters()).device
    rng = device.generator(seed, where)
    with torch.no_grad():
        batches = (
            data.batch(index).to(where) for index in torch.arange(len(data), device=data.x.device).split(EVAL_CHUNK)
        )
        found = means([_losses(model, batch, rng) for batch in batches]) | model.set_metrics(data, rng)
    model.train(was_training)
    return {name: value for name, value in found.items() if name == LOSS or not math.isnan(value)}


def _losses(model: Model, batch: Batch, rng: torch.Generator) -> list[Loss]:
    """What the players' losses are; of a model that is fitted its terms alone."""
    if isinstance(model, Trains):
        return list(model.losses(batch, rng))
    if isinstance(model, Fits):
        return [Loss(torch.empty(0), model.terms(batch))]
    raise TypeError(f"{model.name} says neither how it trains nor how it is fitted.")


def final_metrics(model: Model, test: Dataset, n_images: int = 0, n_samples: int = 200) -> dict[str, float]:
    """What a run's card states: the objective's terms on the test split, and the importance-weighted bound.

    Args:
        model: trained.
        test: the split that no choice was made on.
        n_images: the first so many are given the n-sample bound ("bound_200", nats); 0 leaves it out.
        n_samples: samples for each image.
    """
    metrics = evaluate(model, test)
    if n_images and isinstance(model, LogLikelihood) and not model.exact:  # an exact one is among the terms
        where = next(model.parameters()).device
        x = test[:n_images].to(where).batch().x
        metrics[f"bound_{n_samples}"] = model.log_prob(x, n_samples, device.generator(EVAL_SEED, where)).mean().item()
    return metrics


def objectives(losses: Sequence[Loss]) -> list[str]:
    """What the losses of a step are called: "loss", of several players "<player> loss" for each; none of a fit."""
    if len(losses) == 1:
        return [LOSS] if len(losses[0].value) else []
    return [f"{loss.player} {LOSS}" for loss in losses]


def means(batches: Sequence[Sequence[Loss]]) -> dict[str, float]:
    """Means of each player's loss, and of every term over the examples that have it; waits for the device once."""
    names = objectives(batches[0])
    columns: dict[str, list[Tensor]] = {name: [] for name in names}
    for losses in batches:
        for name, loss in zip(names, losses, strict=False):
            columns[name].append(loss.value.detach())
        for loss in losses:
            for name, term in loss.terms.items():
                columns.setdefault(name, []).append(term.detach())
    whole = {name: torch.cat(column) for name, column in columns.items()}
    averages = torch.stack([x.mean() if name in names else x.nanmean() for name, x in whole.items()])
    return dict(zip(whole, averages.tolist(), strict=True))
