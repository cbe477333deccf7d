"""The training that runs, on every page: its share and the time left, as a link to it."""

from __future__ import annotations

import streamlit as st

from latentlab.jobs import queue
from latentlab.runs.store import Store
from pages.navigation import TRAIN

EVERY = 2.0  # seconds between two looks
ABOUT = "All who use this app share its trainings, which run one after the other"


def running_training() -> None:
    """Draw the link if a training runs or waits; it follows the training to its end."""
    store = Store.default()
    live = [job.id for job in queue.jobs(store) if queue.status(store, job.id).is_live]
    if live:
        with st.container(width="content"):
            st.fragment(_link, run_every=EVERY)(store, live)


def time_left(status: queue.Status) -> str:
    """How long it goes on at its pace; empty before it has one."""
    if status.state != "running" or not status.step:
        return ""
    minutes, seconds = divmod(round(status.seconds_left), 60)
    return f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left"


def _link(store: Store, live: list[str]) -> None:
    states = {job_id: queue.status(store, job_id) for job_id in live}
    job_id = next((one for one in live if states[one].state in ("running", "loading")), live[0])
    status = states[job_id]
    if status.state == "done":
        TRAIN.link("Training done: open", ABOUT, "check", run=job_id)
    elif status.state == "running":
        TRAIN.link(f"Training {status.fraction:.0%}, {time_left(status)}".removesuffix(", "), ABOUT, job=job_id)
    else:
        TRAIN.link(f"Training {status.state}", ABOUT, job=job_id)
