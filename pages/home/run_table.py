"""Every run in a table: open, rename, compare or delete the selected ones."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import streamlit as st

from latentlab.figures.training_curves import compared_curves
from latentlab.jobs import queue
from latentlab.models import Classifies, Conditional, Decodes, abilities
from latentlab.runs.run import Run, labels
from latentlab.runs.store import Row, Store
from latentlab.serialization import RunError
from latentlab.settings import FOR_LOOKING, is_read_only
from pages.home.import_run import import_run
from pages.home.run_details import run_details, settings, text
from pages.navigation import ANALOGIES, FEW_LABELS, TRAIN, TRAVERSAL
from pages.shared import deletion, url_state
from pages.shared.deletion import Deletable, delete_button, deleted, undo
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.text import plain
from pages.shared.training_view import SHOWN
from pages.shared.visit import Slot

SELECTED: Slot[tuple[str, ...]] = Slot("selected-runs")  # ids, so that a row that moves stays the same run


def run_table(rows: list[Row]) -> None:
    """Draw the table of all rows of the store and, for selected rows, what can be done with them."""
    store = Store.default()
    undo()
    if is_read_only():
        st.caption(FOR_LOOKING)
    if rows:
        _table(store, rows)
    else:
        st.caption("No runs yet.")
    import_run(store, lambda run_id: SELECTED.set((run_id,)))
    deleted([(_deletable(store, each.name, run), each.when) for each, run in store.deleted()])


def _table(store: Store, rows: list[Row]) -> None:
    ids = [row.id for row in rows]
    if not SELECTED.is_set:
        SELECTED.set(tuple((url_state.read("selected") or "").split(",")))
    selected = [ids.index(run_id) for run_id in SELECTED.get(()) if run_id in ids]
    event = st.dataframe(
        [_cells(store, row) for row in rows],
        hide_index=True,
        placeholder="–",
        key=f"runs-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:16]}",  # a row is another run when they change
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": selected}},
        column_config={
            "parameters": st.column_config.NumberColumn(format="compact"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "bound": st.column_config.NumberColumn(
                "ELBO: log p(x) (nats)",
                format="%.1f",
                help="Lower bound on log p(x) of test examples; higher is better. Compare those of one likelihood: "
                "pixels drawn anew (bernoulli), drawn once (fixed-bernoulli, as in most papers), cut, or gray",
            ),
            "conditional bound": st.column_config.NumberColumn(
                "ELBO: log p(x|y) (nats)",
                format="%.1f",
                help="Lower bound on log p(x|y), of a model that is given the class: not to be compared with log p(x)",
            ),
            "error": st.column_config.NumberColumn("test error", format="percent"),
            "when": st.column_config.DatetimeColumn(format="distance"),
        },
        alt="Every run: model, data set, size, steps, bound, when and abilities",
    )
    chosen = [rows[i] for i in event.selection.rows]
    SELECTED.set(tuple(row.id for row in chosen))
    linked = ",".join(SELECTED.get(()))
    url_state.write("selected", linked if linked and len(linked) <= url_state.LONGEST else None)
    if not chosen:
        st.caption("Select one run to see what it is and to open it; select several to compare them.")
        return
    _actions(store, chosen)
    readable = [row.run for row in chosen if row.run is not None]
    if len(chosen) == len(readable) == 1:
        run_details(store, readable[0])
    if len(readable) > 1:
        _compare(store, readable)


def _cells(store: Store, row: Row) -> dict[str, Any]:
    run = row.run
    if run is None:
        return _unreadable(store, row)
    return {
        "title": run.title,
        "model": run.model,
        "data": run.dataset,
        "parameters": run.size,
        "steps": run.steps,
        "bound": run.metrics.get("bound"),
        "conditional bound": run.metrics.get("conditional bound"),
        "error": run.metrics.get("error"),
        "when": datetime.fromisoformat(run.created),
        "abilities": " · ".join(abilities(run.kind)),
    }


def _unreadable(store: Store, row: Row) -> dict[str, Any]:
    """What is known of a folder that is no run: of a training that isn't finished its title, and how it stands."""
    try:
        job, status = queue.read(store, row.id), queue.status(store, row.id)
    except RunError:
        return {"title": row.id, "abilities": f"⚠ {row.reason}"}
    if status.state not in SHOWN:  # it is finished, and damaged since
        return {"title": job.title, "abilities": f"⚠ {row.reason}"}
    stands = ": ".join(part for part in (f"training, {SHOWN[status.state][1]}", status.message) if part)
    return {"title": job.title, "model": job.model, "data": job.dataset, "abilities": f"⚠ {stands}"}


def _actions(store: Store, chosen: list[Row]) -> None:
    own = [row for row in chosen if not row.shipped]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if len(chosen) == 1 and chosen[0].run is not None:
            run = chosen[0].run
            page, label = (TRAVERSAL, "Traverse") if issubclass(run.kind, Decodes) else (TRAIN, "Open")
            page, label = (ANALOGIES, "Analogies") if issubclass(run.kind, Conditional) else (page, label)
            if issubclass(run.kind, Classifies) and run.shape == (2,):
                page, label = FEW_LABELS, "Few labels"
            page.link(label, icon="open_in_new", run=run.id)
            if own and not is_read_only():
                _rename(store, run)
        if own:
            things = [_deletable(store, row.id, row.run) for row in own]
            delete_button(things, after=SELECTED.forget)
        if len(own) < len(chosen) and not is_read_only():
            st.caption("Runs that ship with LatentLab can't be renamed or deleted.")


def _rename(store: Store, run: Run) -> None:
    with st.popover("Rename", icon=":material/edit:"), st.form("renaming", border=False):
        title = st.text_input("Title", run.title, max_chars=80, key=f"title-{run.id}")
        if st.form_submit_button("Rename it", type="primary", key="rename"):
            try:
                store.rename(run.id, title)
            except RunError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()


def _deletable(store: Store, run_id: str, run: Run | None) -> Deletable:
    return deletion.run(store, run_id, run.title if run else _unreadable(store, Row(run_id, None, False))["title"])


def _compare(store: Store, runs: list[Run]) -> None:
    """Where the runs differ: settings, numbers on the test split, and their curves."""
    names = list(labels(runs).values())
    facts = [settings(run) for run in runs]
    table = []
    for fact in dict.fromkeys(name for each in facts for name in each):
        values = [text(each.get(fact)) for each in facts]
        if len(set(values)) > 1:
            table.append({"": fact, **dict(zip(names, values, strict=True))})
    left, right = st.columns(2, gap="large")
    left.dataframe(table, hide_index=True, alt="Where the runs differ")
    histories = {name: store.history(run.id) for name, run in zip(names, runs, strict=True)}
    held_out = [{name for row in history for name in row} for history in histories.values()]
    terms = [term for term in runs[0].kind.units if all(f"valid_{term}" in known for known in held_out)]
    if terms:
        curves = compared_curves(histories, terms[0], runs[0].kind.units[terms[0]], look())
        figure(curves, f"Held-out {terms[0]} of the runs", place=right)
    else:
        right.caption("These models have no term in common, so there is no curve to compare.")
