"""A small network that is trained while someone watches, with the buttons of a player: play, pause, step, reset.

The background process trains it in short pieces. Each visitor has trainings of their own, which nobody else sees or
stops; one that isn't watched pauses.
"""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from latentlab.jobs.stepwise import Stepwise
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.training.incremental import REPORT_EVERY, TrainingProgress, TrainingTask, advance
from pages.components import digest
from pages.shared.background import background, next_step, reason
from pages.shared.remember import remember
from pages.shared.visit import Slot, visitor

RUNNING: Slot[str] = Slot("live-running")  # the training that this visitor has going
UNTIL: Slot[float] = Slot("live-until")  # the step at which it pauses by itself
LAST: Slot[str] = Slot("live-last")  # the training that was shown last
AFRESH: Slot[str] = Slot("live-afresh")  # the training that began since settings or data changed
FRAME: Slot[int] = Slot("live-frame")  # the widget that looks back
SECONDS = 0.7  # of training between two pictures
EVERY = 0.5  # seconds between two looks at the background process
FIRST = TrainingProgress()


def name_of(task: TrainingTask) -> str:
    """What a visitor's training is known by: no other visitor and no other settings or points have it."""
    settings = (visitor(), task.model, sorted(task.config.items()), sorted(task.train.items()), task.x.shape)
    return digest(repr(settings).encode(), task.x)


def so_far(name: str) -> TrainingProgress:
    """How far a training is. If another was shown last and had begun, this one begins afresh, and goes on if it did."""
    before = LAST.get(name)
    LAST.set(name)
    if name != before and (running(before) or _trainings().last(before, FIRST).step):
        AFRESH.set(name)
        _trainings().start_again(name)
        if running(before):
            _trainings().stop(before, visitor())
            RUNNING.set(name)
    now = _trainings().last(name, FIRST)
    if running(name) and (now.done or now.step >= UNTIL.get(math.inf)):
        RUNNING.forget()
    return now


def running(name: str) -> bool:
    """Whether this browser has the training running."""
    return RUNNING.get() == name


def player(name: str, now: TrainingProgress, said: str = "loss {:.4g} σ²") -> int:
    """Draw the buttons, and return the step that is shown: the last one, or a frame that is looked back at.

    `said` is how the number that is reported is written.
    """
    none, goes = is_read_only(), running(name)
    why = FOR_LOOKING if none else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if goes:
            st.button("Pause", "live-stop", icon=":material/pause:", on_click=_end, args=(name,))
        else:
            st.button(
                "Play", "live-start", why, _start, (name,), type="primary", icon=":material/play_arrow:", disabled=none
            )
        some = f"{REPORT_EVERY} steps of training, or the rest of an epoch"
        st.button(
            "Step", "live-step", why or some, _start, (name, now.step + 1),
            icon=":material/skip_next:", disabled=none or goes,
        )  # fmt: skip
        st.button(
            "Reset", "live-reset", why or "Back to the initial parameters", _reset, (name,), icon=":material/replay:",
            disabled=none or not now.step,
        )  # fmt: skip
        progress(now, said)
    if AFRESH.get() == name:
        st.caption("Data or settings have changed, so training began again from the initial parameters.")
    steps = now.steps
    if goes or len(steps) < 2:
        return now.step
    FRAME.setdefault(now.step)
    FRAME.settle(steps, now.step, of=str(now.step))  # it gives way when the training has moved on
    return int(st.select_slider("Look back: after so many steps", steps, steps[-1], key=FRAME.name))


def watch(task: TrainingTask, name: str, drawn: TrainingProgress) -> None:
    """While it runs, ask for the next piece, and draw the page again when there is a later one than what is drawn."""
    if running(name):
        st.fragment(_watch, run_every=EVERY)(task, name, drawn)


def progress(now: TrainingProgress, said: str) -> None:
    """How far it is, in a line."""
    if not now.step:
        st.caption("Not trained yet: these are the initial parameters.")
        return
    loss = f"{said.format(now.losses[-1][1])} · " if now.losses else ""
    done = "done" if now.done else f"{now.step / max(now.n_steps, 1):.0%}"
    st.caption(f"{loss}{now.step:,} of {now.n_steps:,} steps · {now.seconds:.0f} s · {done}")


@remember(1)
def _trainings() -> Stepwise[TrainingProgress]:
    return Stepwise(background())


def _start(name: str, until: float = math.inf) -> None:
    if _trainings().last(name, FIRST).done:
        _trainings().start_again(name)
    UNTIL.set(until)
    RUNNING.set(name)


def _reset(name: str) -> None:
    _stop(name)
    AFRESH.forget()
    _trainings().start_again(name)


def _end(name: str) -> None:
    """Stop, and draw all of the page: of a fragment drawn alone the browser at times keeps the button that went."""
    _stop(name)
    st.rerun()


def _stop(name: str) -> None:
    RUNNING.forget()
    _trainings().stop(name, visitor())


def _watch(task: TrainingTask, name: str, drawn: TrainingProgress) -> None:
    if _trainings().last(name, FIRST).step != drawn.step:
        st.rerun()
    seconds = SECONDS if UNTIL.get(math.inf) == math.inf else 0.0
    requested = next_step(_trainings(), name, partial(advance, task, seconds=seconds), FIRST)
    if requested.error is not None:
        _stop(name)
        st.error(reason(requested.error))
    elif not drawn.step:
        st.caption("Starting the background process …")
