"""A drawing by hand as an example: the brush on an empty sheet, kept for the visit and in the address."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from torch import Tensor

from latentlab.analysis.handwriting import as_example, ink_side
from latentlab.data import Kind
from latentlab.subjects import Subject
from pages.components.brush import brush, pack, unpack
from pages.shared import cached, url_state
from pages.shared.remember import remember
from pages.shared.visit import Slot

FINE = 56  # pixels of the sheet along the longer side of an example, at least


def can_draw(run: Subject) -> bool:
    """Whether a run's examples are light ink on dark ground, as a drawing is."""
    return run.spec.kind is Kind.IMAGE and run.shape[0] == 1 and _ink(run) > 0


def drawing(run: Subject) -> Tensor | None:
    """Draw the sheet; returns what is drawn on it as an example (1, H, W) of the run's data, None while it is empty."""
    _, height, width = run.shape
    finer = math.ceil(FINE / max(height, width))
    rows, columns = finer * height, finer * width
    kept: Slot[str] = Slot(f"drawn-{rows}x{columns}")
    linked = url_state.read("drawn")
    mask = kept.get() or (linked if linked and unpack(linked, rows, columns) is not None else None)
    empty = pack(np.zeros((rows, columns), bool))
    mask = brush(f"draw-{rows}x{columns}", np.zeros((1, rows, columns), np.uint8), mask or empty, draws=True)
    kept.set(mask)
    url_state.write("drawn", mask if mask != empty and len(mask) <= url_state.LONGEST else None)
    ink = unpack(mask, rows, columns)
    found = as_example(ink, _ink(run), height, width) if ink is not None else None
    if found is None:
        st.caption("Draw with the mouse or a finger. It is scaled and centred as the examples are.")
    return found


@remember(32)
def _ink(run: Subject) -> int:
    """The size of the ink of the run's examples, in pixels; 0 if most of each is light, or all of it dark."""
    x = cached.examples(run).batch().x
    try:
        return ink_side(x) if float(x.mean()) < 0.5 else 0
    except ValueError:
        return 0
