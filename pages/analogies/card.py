"""The card of the page: styles in classes, or a path from class to class."""

from __future__ import annotations

import torch

from latentlab.data import to_bytes
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
        return Card(styles_in_classes(run), run)
    if run.has(Encodes) and run.has(Decodes) and run.classes:
        return Card(from_class_to_class(run), run)
    return None


@remember(32)
def styles_in_classes(run: Subject) -> bytes:
    """Styles in rows, classes in columns."""
    z = styles(run)[:ROWS]
    y = torch.arange(COLUMNS) % len(run.classes)
    return thumbnail(to_bytes(decoder_as(run)(z.repeat_interleave(COLUMNS, 0), y.repeat(len(z)))))


@remember(32)
def from_class_to_class(run: Subject) -> bytes:
    """Examples on their way from the first class to the last."""
    codes, y = cached.standard_codes(run), cached.examples(run).y
    first, last = codes[y == y.min()], codes[y == y.max()]
    amounts = torch.linspace(0, 1.25, COLUMNS)[:, None] * (last.mean(0) - first.mean(0))
    return thumbnail(to_bytes(cached.decoder(run)((first[:ROWS, None] + amounts).flatten(0, 1))))
