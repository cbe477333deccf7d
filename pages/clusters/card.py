"""The card of the page: examples where their codes lie, or their numbers where there is no model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.latent.pca import pca
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


def card(run: Subject) -> Card | None:
    """Of a run that encodes, or of data."""
    return Card(thumbnail(run, codes_sheet(run)), run) if run.has(Encodes) or not run.has() else None


@remember(32)
def codes_sheet(run: Subject) -> NDArray[np.float32]:
    """Examples at the rank of their codes along the two principal components."""
    x = cached.examples(run).batch().x.numpy()
    codes = cached.standard_codes(run).numpy() if run.has(Encodes) else x.reshape(len(x), -1)
    scores = pca(codes, min(2, codes.shape[1])).project(codes)[:, [0, -1]]
    share = (scores.argsort(0).argsort(0) + 0.5) / len(scores)  # their ranks, in 0 ... 1
    y, across = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    cells = np.stack([(across + 0.5) / COLUMNS, 1 - (y + 0.5) / ROWS], -1).reshape(-1, 1, 2)
    nearest: NDArray[np.float32] = x[np.square(cells - share).sum(-1).argmin(1)]
    return nearest
