"""The card of the page: examples and their scores."""

from __future__ import annotations

import torch

from latentlab.data import to_bytes
from latentlab.figures.score.images import with_scores
from latentlab.models import Denoises
from latentlab.subjects import Subject, stored
from pages.navigation import SCORE_FIELD, Card
from pages.shared import cached
from pages.shared.images import SIDE, scale
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS


def card(run: Subject) -> Card | None:  # noqa: ARG001 a field is of a denoiser, whichever run was chosen
    """A picture of a denoiser of images, which leads to the field in the plane."""
    denoisers = {one.id: one for one in stored(Denoises)}
    shown = next((one for one in denoisers.values() if len(one.shape) == 3), None)
    return Card(scores(shown), denoisers.get(SCORE_FIELD.first, shown)) if shown is not None else None


@remember(32)
def scores(run: Subject) -> bytes:
    """Examples, and beneath each its score."""
    model, x = cached.model(run), cached.examples(run).batch(slice(ROWS // 2 * COLUMNS)).x
    if not isinstance(model, Denoises):
        raise TypeError(f"{run.title} doesn't denoise.")
    with torch.no_grad():
        score = (model.denoise(x) - x).numpy()
    return with_scores(to_bytes(x), score, COLUMNS, scale(run.shape, SIDE))
