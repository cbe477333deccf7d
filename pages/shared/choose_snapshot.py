"""When in a training a model is looked at: at the end, or at one of its snapshots."""

from __future__ import annotations

import streamlit as st

from latentlab.subjects import Subject
from pages.shared.visit import Slot

SNAPSHOT: Slot[str] = Slot("moment")  # the widget that chooses
END = "end"


def choose_snapshot(run: Subject) -> tuple[str, int | None]:
    """Choose a snapshot, where there are some; returns its name and its epoch, None at the end of training."""
    epochs = run.snapshots
    if not epochs:
        return END, None
    names = {"untrained" if epoch == 0 else f"epoch {epoch}": epoch for epoch in epochs}
    options = [*names, END]
    SNAPSHOT.settle(options, END)
    name = str(st.select_slider("Snapshot", options, END, key=SNAPSHOT.name, bind="query-params"))
    if len(options) == 2:
        st.caption("Train with “snapshots” switched on to save snapshots in between.")
    return name, names.get(name)
