"""Samples of a run's model, small: for the cards of the first page."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.models import Samples
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS


@remember(32)
def drawn(run: Subject) -> NDArray[np.float32]:
    """(ROWS · COLUMNS, *shape) samples, or reconstructions where there is no prior to draw from."""
    model, n = cached.model(run), ROWS * COLUMNS
    with torch.no_grad():
        if isinstance(model, Samples):
            return model.sample(n, device.generator(0)).numpy()
    return cached.decoder(run)(cached.standard_codes(run)[:n]).numpy()
