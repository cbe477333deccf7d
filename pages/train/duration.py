"""About how long a training takes, said before it is started; the background process tries a few steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from latentlab import data
from latentlab.jobs.job import seconds_of_epoch
from latentlab.models import MODELS, Fits
from pages.shared.background import EVERY, Task, run_task

UNMEASURED = {
    "epochs",
    "seed",
    "snapshots",
    "probes",
    "diverse_labels",
    "patience",
    "warmup",
    "schedule",
    "halve_every",
}


def say_duration(model: str, dataset: str, config: Mapping[str, Any], train: Mapping[str, Any]) -> None:
    """A caption; none of a model that is fitted instead, of data that aren't here, or of what can't be trained."""
    if issubclass(MODELS[model], Fits) or not data.is_local(dataset):
        return
    settings = {name: value for name, value in train.items() if name not in UNMEASURED}
    call = partial(seconds_of_epoch, model, dataset, dict(config), settings)
    key = f"duration {model} {dataset} {sorted(config.items())} {sorted(settings.items())}"
    task = run_task(key, call)
    if task.is_running:
        st.fragment(_wait, run_every=EVERY)(key, call)
    elif task.result is not None:
        st.caption(f":material/timer: Takes {about(train['epochs'] * task.result)} on this machine.")


def about(seconds: float) -> str:
    """A time to one significant digit or two, in words."""
    if seconds < 45:
        return "less than a minute"
    if seconds < 90 * 60:
        minutes = round(seconds / 60)
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {seconds / 3600:.2g} hours"


def _wait(key: str, call: partial[float]) -> None:
    task: Task[float] = run_task(key, call)
    if not task.is_running:
        st.rerun()
    st.caption(":material/timer: Measures how long it takes …")
