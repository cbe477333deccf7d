"""How far a sweep of the store is, and what can be done with it: pause it, or let it go on."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from latentlab.jobs import sweep as sweeps
from latentlab.jobs.sweep import Progress, Sweep
from latentlab.knobs import KnobError
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import is_read_only
from pages.shared.text import plain
from pages.shared.training_view import start_worker

EVERY = 1.0  # seconds between two looks


def draw_progress(store: Store, sweep: Sweep) -> None:
    """A bar and buttons while it isn't done; the page is drawn again whenever a training ends."""
    now = sweeps.progress(sweeps.statuses(store, sweep))
    if now.done < now.n:
        st.fragment(_progress, run_every=EVERY if now.is_live else None)(store, sweep, now)


def _progress(store: Store, sweep: Sweep, before: Progress) -> None:
    found = sweeps.statuses(store, sweep)
    now = sweeps.progress(found)
    if (now.done, now.is_live) != (before.done, before.is_live):
        st.rerun()
    st.progress(now.fraction, text=_said(now))
    if now.is_live:
        start_worker(store)
        if not is_read_only() and st.button("Pause", key="pause-sweep", icon=":material/pause:"):
            try:
                sweeps.pause(store, sweep)
            except RunError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()
        return
    stopped = Counter(status.state if status else "deleted" for status in found.values())
    stopped.pop("done", None)
    st.caption(", ".join(f"{n} {state}" for state, n in stopped.items()) + ".")
    for why in sorted({status.message for status in found.values() if status and status.state == "failed"}):
        st.caption(f":material/error: {plain(why)}")
    if not is_read_only() and st.button("Go on", key="go-on-sweep", icon=":material/play_arrow:", type="primary"):
        try:
            sweeps.go_on(store, sweep)
        except (RunError, KnobError) as error:
            st.error(plain(str(error)))
        else:
            start_worker(store)
            st.rerun()


def _said(now: Progress) -> str:
    parts = [f"{now.done} of {now.n} trained"]
    parts += [f"{now.running} running"] * bool(now.running) + [f"{now.waiting} waiting"] * bool(now.waiting)
    return ", ".join(parts)
