"""The card of the page: a random walk through the prior, decoded."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.models import Decodes
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


def card(run: Subject) -> Card | None:
    """Of a run that decodes."""
    return Card(thumbnail(run, random_walk_sheet(run)), run) if run.has(Decodes) else None


@remember(32)
def random_walk_sheet(run: Subject) -> NDArray[np.float32]:
    """A random walk through the prior, decoded: each image a small step from the last."""
    n, decode = ROWS * COLUMNS, cached.decoder(run)
    step = torch.randn((n, len(cached.dimensions(run).order)), generator=device.generator(5))
    z = step[:1].clone().repeat(n, 1)
    for k in range(1, n):  # an autoregression whose law is the prior
        z[k] = 0.94 * z[k - 1] + 0.34 * step[k]
    return decode(z).numpy()
