"""The card of the page: the plane in the colours of the classes that a model finds there."""

from __future__ import annotations

import numpy as np

from latentlab.figures.sheets import png
from latentlab.figures.theme import LIGHT
from latentlab.models import Classifies
from latentlab.subjects import Subject, stored
from pages.few_labels.classifier import decision_of, is_plane
from pages.navigation import FEW_LABELS, Card
from pages.shared.images import SIDE
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS


def card(run: Subject) -> Card | None:  # noqa: ARG001 the plane is of a classifier of it, whichever run was chosen
    """A picture of a classifier of the plane."""
    found = {one.id: one for one in stored(Classifies) if is_plane(one)}
    shown = found.get(FEW_LABELS.first, next(iter(found.values()), None))
    return Card(surface(shown), shown) if shown is not None else None


@remember(8)
def surface(run: Subject) -> bytes:
    """The colours of the classes, mixed by their probabilities."""
    found = decision_of(run)
    probs = found.probs[::-1]  # the first row of a picture is its highest
    colours = np.array([[int(LIGHT.colour(k)[i : i + 2], 16) for i in (1, 3, 5)] for k in range(probs.shape[2])])
    mixed = np.rint(probs @ colours).astype(np.uint8)
    rows = np.linspace(0, len(mixed) - 1, ROWS * SIDE).round().astype(int)
    columns = np.linspace(0, len(mixed) - 1, COLUMNS * SIDE).round().astype(int)
    return png(mixed[rows][:, columns])
