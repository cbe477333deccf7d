"""The card of the page: styles in classes, or a path from class to class."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.models import Conditional, Decodes, Encodes
from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared import cached
from pages.shared.conditional import decoder_as, styles
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


def card(run: Subject) -> Card | None:
    """Of a class-conditional run, or of one that encodes and decodes and has classes."""
    if run.has(Conditional):
        return Card(thumbnail(run, styles_in_classes(run)), run)
    if run.has(Encodes) and run.has(Decodes) and run.classes:
        return Card(thumbnail(run, from_class_to_class(run)), run)
    return None


@remember(32)
def styles_in_classes(run: Subject) -> NDArray[np.float32]:
    """Styles in rows, classes in columns."""
    z = styles(run)[:ROWS]
    y = torch.arange(COLUMNS) % len(run.classes)
    return decoder_as(run)(z.repeat_interleave(COLUMNS, 0), y.repeat(len(z))).numpy()


@remember(32)
def from_class_to_class(run: Subject) -> NDArray[np.float32]:
    """Examples on their way from the first class to the last."""
    codes, y = cached.standard_codes(run), cached.examples(run).y
    first, last = codes[y == y.min()], codes[y == y.max()]
    amounts = torch.linspace(0, 1.25, COLUMNS)[:, None] * (last.mean(0) - first.mean(0))
    return cached.decoder(run)((first[:ROWS, None] + amounts).flatten(0, 1)).numpy()
