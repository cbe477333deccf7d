"""What a model is worth on examples: means of its objective and its terms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from latentlab import device
from latentlab.data import Batch, Dataset, labelled_part
from latentlab.models import Loss, Model, Weighs

EVAL_CHUNK = 1_000  # examples evaluated at once
EVAL_SEED = 1


def evaluate(model: Model, data: Dataset, seed: int = EVAL_SEED) -> dict[str, float]:
    """Means over a data set of the objective ("loss", at progress 1) and its terms, with fixed randomness.

    A model that needs labels is judged on the examples that have one. What no example has, is left out.
    """
    data = labelled_part(data) if model.labels == "needed" else data
    if not len(data):
        return {}
    was_training = model.training
    model.eval()
    where = next(model.parameters()).device
    rng, seen = device.generator(seed, where), []
    with torch.no_grad():
        for index in torch.arange(len(data), device=data.x.device).split(EVAL_CHUNK):
            batch = Batch(*(t.to(where) for t in data.batch(index)))
            seen.append(list(model.losses(batch, rng)))
    model.train(was_training)
    return {name: value for name, value in means(model, seen).items() if name == "loss" or not math.isnan(value)}


def final_metrics(model: Model, test: Dataset, n_images: int = 0, n_samples: int = 200) -> dict[str, float]:
    """What a run's card states: the objective's terms on the test split, and the importance-weighted bound.

    Args:
        model: trained.
        test: the split that no choice was made on.
        n_images: the first so many are given the n-sample bound ("bound_200", nats); 0 leaves it out.
        n_samples: samples for each image.
    """
    metrics = evaluate(model, test)
    if n_images and isinstance(model, Weighs):
        where = next(model.parameters()).device
        x = test[:n_images].to(where).batch().x
        metrics[f"bound_{n_samples}"] = model.log_prob(x, n_samples, device.generator(EVAL_SEED, where)).mean().item()
    return metrics


def means(model: Model, batches: Sequence[Sequence[Loss]]) -> dict[str, float]:
    """Means of the players' losses together ("loss"), and of every term over the examples that have it; waits once."""
    values = [torch.stack([loss.value.detach() for loss in losses]).sum(0) for losses in batches]
    terms = [[term.detach() for loss in losses for term in loss.terms.values()] for losses in batches]
    columns = [values, *zip(*terms, strict=True)]
    whole = [torch.cat(list(column)) for column in columns]
    averages = torch.stack([whole[0].mean(), *(column.nanmean() for column in whole[1:])])
    return dict(zip(("loss", *model.units), averages.tolist(), strict=True))
