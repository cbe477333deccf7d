"""Every run in a table: open, rename, compare or delete the selected ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from latentlab.figures.training_curves import compared_curves
from latentlab.jobs import queue
from latentlab.models import Conditional, Decodes, abilities
from latentlab.runs.run import Run, labels
from latentlab.runs.store import Row, Store
from latentlab.serialization import RunError
from pages.navigation import ANALOGIES, TRAIN, TRAVERSAL
from pages.shared.header import look
from pages.shared.images import figure


def run_table() -> None:
    """Draw the table and, for selected rows, what can be done with them."""
    store = Store.default()
    rows = store.rows()
    if not rows:
        st.caption("No runs yet.")
        return
    event = st.dataframe(
        [_cells(row) for row in rows],
        hide_index=True,
        placeholder="–",
        key="runs",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "parameters": st.column_config.NumberColumn(format="compact"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "bound": st.column_config.NumberColumn("ELBO (nats)", format="%.1f", help="Test ELBO; higher is better"),
            "error": st.column_config.NumberColumn("test error", format="percent"),
            "when": st.column_config.DatetimeColumn(format="distance"),
        },
        alt="Every run: model, data set, size, steps, bound, when and abilities",
    )
    chosen = [rows[i] for i in event.selection.rows if i < len(rows)]
    if not chosen:
        st.caption("Select one run to open, rename or delete it; select several to compare them.")
        return
    _actions(store, chosen)
    readable = [row.run for row in chosen if row.run is not None]
    if len(readable) > 1:
        _compare(store, readable)


def _cells(row: Row) -> dict[str, Any]:
    run = row.run
    if run is None:
        return {"title": row.id, "abilities": f"⚠ {row.reason}"}
    return {
        "title": run.title,
        "model": run.model,
        "data": run.dataset,
        "parameters": run.size,
        "steps": run.steps,
        "bound": run.metrics.get("bound"),
        "error": run.metrics.get("error"),
        "when": datetime.fromisoformat(run.created),
        "abilities": " · ".join(abilities(run.kind)),
    }


def _actions(store: Store, chosen: list[Row]) -> None:
    own = [row for row in chosen if not row.shipped]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if len(chosen) == 1 and chosen[0].run is not None:
            run = chosen[0].run
            page, label = (TRAVERSAL, "Traverse") if issubclass(run.kind, Decodes) else (TRAIN, "Open")
            page, label = (ANALOGIES, "Analogies") if issubclass(run.kind, Conditional) else (page, label)
            page.link(label, icon="open_in_new", run=run.id)
            if own:
                _rename(store, run)
        if own:
            _delete(store, own)
        if len(own) < len(chosen):
            st.caption("Runs that ship with LatentLab can't be renamed or deleted.")


def _rename(store: Store, run: Run) -> None:
    with st.popover("Rename", icon=":material/edit:"):
        title = st.text_input("Title", run.title, max_chars=80, key=f"title-{run.id}")
        if st.button("Rename it", type="primary", key="rename"):
            try:
                store.rename(run.id, title)
            except RunError as error:
                st.error(str(error))
            else:
                st.rerun()


def _delete(store: Store, rows: list[Row]) -> None:
    names = ", ".join(f"“{row.run.title if row.run else row.id}”" for row in rows)
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"{names}: all files are removed; this can't be undone.")
        if st.button("Delete for good", type="primary", key="delete"):
            try:
                for row in rows:
                    queue.remove(store, row.id)
            except RunError as error:
                st.error(str(error))
            else:
                st.rerun()


def _compare(store: Store, runs: list[Run]) -> None:
    """Where the runs differ: settings, numbers on the test split, and their curves."""
    names = list(labels(runs).values())
    facts = [_facts(run) for run in runs]
    table = []
    for fact in dict.fromkeys(name for each in facts for name in each):
        values = [_text(each.get(fact)) for each in facts]
        if len(set(values)) > 1:
            table.append({"": fact, **dict(zip(names, values, strict=True))})
    left, right = st.columns(2, gap="large")
    left.dataframe(table, hide_index=True, alt="Where the runs differ")
    terms = [term for term in runs[0].kind.units if all(term in run.kind.units for run in runs)]
    if terms:
        histories = {name: store.history(run.id) for name, run in zip(names, runs, strict=True)}
        curves = compared_curves(histories, terms[0], runs[0].kind.units[terms[0]], look())
        figure(curves, f"Held-out {terms[0]} of the runs", place=right)
    else:
        right.caption("These models have no term in common, so there is no curve to compare.")


def _facts(run: Run) -> dict[str, object]:
    test = {f"test {name}": value for name, value in run.metrics.items()}
    return {"model": run.model, "data": run.dataset, "parameters": run.size, **run.config, **run.train, **test}


def _text(value: object) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
