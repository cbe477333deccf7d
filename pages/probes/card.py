"""The card of the page: how much of the classes a quick probe decodes from each layer."""

from __future__ import annotations

import numpy as np

from latentlab.figures.sheets import png
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.probes.curves import CLASS, first_look
from pages.shared.images import SIDE
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS

FEATURES = 32  # of a layer that its probe is given


def card(run: Subject) -> Card | None:
    """Of a run whose examples have classes."""
    picture = known(run)
    return Card(picture, run) if picture is not None else None


@remember(32)
def known(run: Subject) -> bytes | None:
    """A bar for each layer, as high as the accuracy of a quick probe; None without classes."""
    try:
        right = 1 - first_look(run, None, CLASS, FEATURES).means()
    except ValueError:  # such as examples without labels
        return None
    height, width = ROWS * SIDE, COLUMNS * SIDE // len(right)
    bars = np.zeros((height, width * len(right)), np.uint8)
    for k, share in enumerate(right):
        bars[round(height * (1 - 0.9 * share)) :, k * width + width // 6 : (k + 1) * width - width // 6] = 255
    return png(bars)
