"""Samples of a run's model, small: for the cards of the first page."""

from __future__ import annotations

import torch

from latentlab import device
from latentlab.data import to_bytes
from latentlab.models import Samples
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


@remember(32)
def drawn(run: Subject) -> bytes:
    """Samples, or reconstructions where there is no prior to draw from."""
    model, n = cached.model(run), ROWS * COLUMNS
    with torch.no_grad():
        if isinstance(model, Samples):
            return thumbnail(to_bytes(model.sample(n, device.generator(0))))
    return thumbnail(to_bytes(cached.decoder(run)(cached.standard_codes(run)[:n])))
