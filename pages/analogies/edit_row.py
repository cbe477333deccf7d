"""Editing the style of one row: in the browser while a slider moves, or by plain sliders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.analysis.latent.traversal import reach
from latentlab.export.program import Program
from latentlab.subjects import Subject
from pages.analogies.rows import Rows
from pages.components import digest
from pages.components.explorer import weights
from pages.components.row import row
from pages.shared import cached, url_state
from pages.shared.conditional import class_program, style_dimensions
from pages.shared.dimensions import carries
from pages.shared.example_view import few_columns
from pages.shared.visit import Slot

IN_SIGHT = 3  # dimensions with a slider in sight


def live_toggle() -> bool:
    """Choose whether a row updates during a drag."""
    return st.toggle(
        "Decode in the browser", True, key="live", bind="query-params",
        help="While you drag; without it there are plain sliders, and the server decodes when one is released",
    )  # fmt: skip


def edit_row(run: Subject, rows: Rows, live: bool) -> Rows:
    """Let the visitor change the style of one row: its images update during a drag where the browser can decode."""
    start = tuple(map(float, rows.codes[rows.edited]))
    end = reach(torch.tensor([start]))
    linked = url_state.read_numbers("z", len(start), -end, end)
    owner, program = f"{run.id}-{digest(np.array(start))}", class_program(run)
    if live and isinstance(program, Program):
        code = _live(run, owner, program.id, start, tuple(linked or start), end)
    else:
        if live and isinstance(program, str):
            st.caption(program)
        code = _plain(run, owner, start, tuple(linked or start), end)
    moved = any(abs(a - b) > 0.006 for a, b in zip(code, start, strict=True))
    url_state.write_numbers("z", code if moved else [0.0])
    edited = code if moved else rows.codes[rows.edited]
    return replace(rows, codes=tuple(edited if i == rows.edited else known for i, known in enumerate(rows.codes)))


def send_class_decoder(run: Subject) -> None:
    """Send the run's decoder to the browser, if it can run there; outside of what reruns when a drag ends."""
    program = class_program(run)
    if isinstance(program, Program):
        weights(f"weights-{run.id}", program.to_bytes())


def _live(run: Subject, owner: str, program: str, start: cached.Code, at: cached.Code, end: float) -> cached.Code:
    where, key = style_dimensions(run), f"row-{owner}"
    dims = [
        {"axis": k, "name": dimension_name(k), "carries": carries(where, k), "active": bool(where.active[k])}
        for k in map(int, where.order)
    ]
    first = Slot[cached.Code](f"at-{owner}").setdefault(at)  # what is sent stays the same while it is edited
    data = {
        "nonce": f"{owner} {run.key}", "program": program, "drawn": few_columns(run).as_json(), "dims": dims,
        "limit": end,
        "n_classes": len(run.classes), "start": list(start), "z": list(first),
    }  # fmt: skip
    return row(key, data, first, end)


def _plain(run: Subject, owner: str, start: cached.Code, at: cached.Code, end: float) -> cached.Code:
    """Streamlit's own sliders, answered by the server when one is released."""
    where = style_dimensions(run)
    order = [int(axis) for axis in where.order]

    def slider(axis: int) -> float:
        shown: Slot[float] = Slot(f"bend-{owner}-{axis}")
        shown.setdefault(round(at[axis], 2))
        label = f"{dimension_name(axis)} · {carries(where, axis)}"
        value: float = st.slider(label, -end, end, step=0.05, key=shown.name, format="%.2f")
        return start[axis] if abs(value - round(start[axis], 2)) < 1e-6 else value

    columns = st.columns(IN_SIGHT)
    values = {}
    for column, axis in zip(columns, order, strict=False):
        with column:
            values[axis] = slider(axis)
    if order[IN_SIGHT:]:
        with st.popover(f"{len(order) - IN_SIGHT} more", width="stretch"):
            values |= {axis: slider(axis) for axis in order[IN_SIGHT:]}
    return tuple(values[axis] for axis in range(len(order)))
