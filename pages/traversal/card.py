"""The card of the page: the plane of a latent space."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.models import Decodes
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


def card(run: Subject) -> Card | None:
    """Of a run that decodes."""
    return Card(thumbnail(run, plane(run)), run) if run.has(Decodes) else None


@remember(32)
def plane(run: Subject) -> NDArray[np.float32]:
    """The plane of the two dimensions that carry most."""
    where, decode = cached.dimensions(run), cached.decoder(run)
    y, x = torch.meshgrid(torch.linspace(1.2, -1.2, ROWS), torch.linspace(-2.4, 2.4, COLUMNS), indexing="ij")
    z = torch.zeros(ROWS * COLUMNS, len(where.order))
    z[:, int(where.order[0])] = x.reshape(-1)
    if len(where.order) > 1:
        z[:, int(where.order[1])] = y.reshape(-1)
    return decode(z).numpy()
