"""The card of the page: how much of the classes a quick probe decodes from each layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.probes.tasks import CLASS
from latentlab.figures.sheets import png
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.probes.curves import Network, first_look
from pages.shared import cached
from pages.shared.images import SIDE
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS

FEATURES = 32  # of a layer that its probe is given
MOST = 600  # examples of data, half of which its probe is fitted to


def card(run: Subject) -> Card | None:
    """Of a run, or of data, whose examples have classes."""
    picture = known(run)
    return Card(picture, run) if picture is not None else None


@remember(32)
def known(run: Subject) -> bytes | None:
    """A bar for each layer, as high as the accuracy of a quick probe, of data for chance and for them; None without
    classes.
    """
    try:
        right = 1 - (first_look(run, Network(run), CLASS, FEATURES).means() if run.has() else _of_data(run))
    except ValueError:  # such as examples without labels
        return None
    height, width = ROWS * SIDE, COLUMNS * SIDE // len(right)
    bars = np.zeros((height, width * len(right)), np.uint8)
    for k, share in enumerate(right):
        bars[round(height * (1 - 0.9 * share)) :, k * width + width // 6 : (k + 1) * width - width // 6] = 255
    return png(bars)


def _of_data(data: Subject) -> NDArray[np.float64]:
    """(2,): the errors of the most frequent class, and of a quick probe of the examples themselves."""
    some = cached.splits(data.dataset).train[:MOST]
    fit, report = (some[start::2].batch() for start in (0, 1))
    x, test = fit.x.flatten(1).numpy(), (report.x.flatten(1).numpy(), report.y.numpy())
    found = linear_probe(x, fit.y.numpy(), test=test, n_classes=len(data.classes))
    return np.array([found.baseline, found.score.error])
