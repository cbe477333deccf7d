"""Drift over weeks, below the map: whether a season changes the readings, or a sensor."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from latentlab.analysis.monitoring.drift import of_drift
from latentlab.analysis.monitoring.windows import window
from latentlab.experiments.monitoring.streams import TableRows
from latentlab.experiments.monitoring.weeks import PlantWeeks, TableParts, Weeks, find_drift, parts_of
from latentlab.figures.monitoring.drift import drift_figure
from latentlab.jobs.background import report
from latentlab.subjects import StoredRun, Subject
from pages.monitoring.watched import Chosen, Own, Watched, can_map, names, source
from pages.shared.background import Waiting, run_task, show_tasks
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.text import plain
from pages.shared.visit import Slot

CHANGE: Slot[str] = Slot("change")
USUAL = 2  # of the changes


def draw_drift(run: Subject, chosen: Chosen, found: Watched) -> None:
    """How far the codes of each week, and each sensor, are from normal weeks."""
    st.markdown("**Over weeks**")
    if not isinstance(run, StoredRun) or not can_map(run):
        st.caption("Drift is measured by the codes of runs that are stored here.")
        return
    weeks, own, key, change = _weeks(run), None, "", ""
    if isinstance(chosen, Own):
        own, step = parts_of(found.stream.readings, found.stream.times)
        key = chosen.key
        if isinstance(weeks, PlantWeeks):
            if step not in ("week", "day"):
                st.caption("To compare days with normal ones it takes readings of three days, with their times.")
                return
            weeks = replace(weeks, step=step)
    else:
        changes = list(weeks.changes)
        usual = min(USUAL, len(changes) - 1)
        CHANGE.settle(changes, changes[usual], of=run.dataset)
        change = st.selectbox("Slow change", changes, usual, key=CHANGE.name, bind="query-params")
        step = weeks.step
        st.caption(plain(f"Each {step}: {weeks.changes[change]}."))
    task = run_task(
        f"drift {run.key} {change} {key}",
        partial(find_drift, run.store.root, run.store.shipped, run.id, weeks, change, own, progress=report),
    )
    if task.result is None:
        show_tasks([task], Waiting(f"Comparing {step}s"), "They can't be compared")
        return
    st.info(plain(of_drift(task.result, names(run), step)), icon=":material/lightbulb:")
    figure(drift_figure(task.result, names(run), step, look()), f"The drift of each {step}")
    st.caption(
        f"Each {step} against {len(task.result.normal_distance)} normal ones, by the Fréchet distance of the codes and "
        "by what the sensors read less what the model expects. What makes one sensor disagree with the others while "
        "the codes stay where they were is no season; far from normal codes what the model expects is a guess."
    )


def _weeks(run: Subject) -> Weeks:
    table = source(run)
    return (
        TableParts(table.readings, table.names) if isinstance(table, TableRows) else PlantWeeks(window=window(run.spec))
    )
