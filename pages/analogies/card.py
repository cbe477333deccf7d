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
    """Of a class-conditional run, of one that encodes and decodes and has classes, or of data with classes."""
    if run.has(Conditional):
        return Card(thumbnail(run, styles_in_classes(run)), run)
    if run.has(Encodes) and run.has(Decodes) and run.classes:
        return Card(thumbnail(run, from_class_to_class(run)), run)
    if not run.has() and len(run.classes) > 1:
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
    some = cached.examples(run)
    y, is_model = some.y, run.has()
    codes = cached.standard_codes(run) if is_model else some.batch().x
    first, last = codes[y == y.min()], codes[y == y.max()]
    moved = torch.stack(
        [first[:ROWS] + a * (last.mean(0) - first.mean(0)) for a in torch.linspace(0, 1.25, COLUMNS)], 1
    )
    return (cached.decoder(run)(moved.flatten(0, 1)) if is_model else moved.flatten(0, 1)).numpy()
