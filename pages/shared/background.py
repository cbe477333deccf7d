"""What takes longer than a second: the background process does it, one widget waits, and no failure ends a page.

All visitors share the process and its answers, which nobody changes. Each owns what they requested: what one cancels is
still computed for another who requested the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from latentlab.jobs.background import Background
from latentlab.jobs.stepwise import Stepwise
from pages.shared.remember import remember
from pages.shared.visit import visitor

T = TypeVar("T")

EVERY = 1.0  # seconds between two looks at the background process


@remember(1)
def background() -> Background:
    """The background process of this server."""
    return Background()


@dataclass(frozen=True)
class Task(Generic[T]):
    """Something that was requested, as it stands: it has a result, an error, or neither while it is at work.

    Attributes:
        key: under which the background process knows it.
        pool: the background process.
        result: what came of it.
        error: why nothing came of it.
    """

    key: str
    pool: Background
    result: T | None = None
    error: BaseException | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is at work, or waits for its turn."""
        return self.result is None and self.error is None


@dataclass(frozen=True)
class Waiting:
    """What a page says and offers while tasks are at work.

    Attributes:
        text: what is done, without a full stop.
        after: a sentence about what is shown until then.
        on_cancel: what else a visitor's Cancel does; None where there is nothing to cancel.
        n_done: so many parts of the whole were done before these tasks.
        n: parts of the whole; 0: the tasks are all there is.
    """

    text: str
    after: str = ""
    on_cancel: Callable[[], None] | None = None
    n_done: int = 0
    n: int = 0


def run_task(key: str, call: Callable[[], T]) -> Task[T]:
    """Ask for the result of a call of the library's functions with arrays, once for each key."""
    pool = background()
    submitted = pool.submit(key, call, owner=visitor())
    if not submitted.done() or submitted.cancelled():  # what was dropped meanwhile is requested again
        return Task(key, pool)
    error = submitted.exception()
    return Task(key, pool, error=error) if error is not None else Task(key, pool, submitted.result())


def next_step(works: Stepwise[T], name: str, step: Callable[[T], T], first: T) -> Task[T]:
    """Ask for the next step of a work; what it brings is its last answer when the page runs again."""
    submitted = works.go_on(name, step, first, visitor())
    failed = submitted.done() and not submitted.cancelled()
    return Task(works.key(name), works.background, error=submitted.exception() if failed else None)


def show_tasks(tasks: Sequence[Task[Any]], waiting: Waiting, failed: str) -> None:
    """Draw, in place of results, how far their tasks are; the page runs again when one of them is done.

    Args:
        tasks: of one background process; those that are done are passed over.
        waiting: what is said meanwhile.
        failed: what is said, before the reason, of those that failed.
    """
    running = [task for task in tasks if task.is_running]
    for error in {reason(task.error): task.error for task in tasks if task.error is not None}.values():
        st.error(f"{failed}: {reason(error)}")
    if lost := [task for task in tasks if isinstance(task.error, BrokenProcessPool)]:
        st.button("Try again", key=f"again {lost[0].key}", on_click=_forget, args=(lost,))
    if running:
        n_done = waiting.n_done + len(tasks) - len(running)
        st.fragment(partial(_wait, running, waiting, n_done, waiting.n or len(tasks)), run_every=EVERY)()


def reason(error: BaseException) -> str:
    """Why something failed, in a line."""
    if isinstance(error, BrokenProcessPool):
        return "the process that was at it has ended, perhaps for want of memory."
    return str(error).partition("\n")[0] or type(error).__name__


def _wait(running: Sequence[Task[Any]], waiting: Waiting, n_done: int, n: int) -> None:
    pool = running[0].pool
    submitted = [pool.submitted(task.key, visitor()) for task in running]
    if any(one is None or one.done() for one in submitted):
        st.rerun()
        return
    passed = max(pool.seconds(task.key) for task in running)
    share = (n_done + sum(pool.progress(task.key) or 0.0 for task in running)) / n
    turn = "waits for its turn, " if all(pool.is_waiting(task.key) for task in running) else ""
    text = f"{waiting.text}: {turn}{passed:.0f} s so far" + (f", {n_done} of {n} done" if n > 1 else "") + "."
    text = f"{text} {waiting.after}".rstrip()
    with st.container(horizontal=True, vertical_alignment="center"):
        if share:
            st.progress(share, text)
        else:
            st.info(text, icon=":material/hourglass_top:")
        if waiting.on_cancel is not None:
            st.button("Cancel", key=f"cancel {running[0].key}", on_click=_cancel, args=(running, waiting.on_cancel))


def _cancel(running: Sequence[Task[Any]], on_cancel: Callable[[], None]) -> None:
    _forget(running)
    on_cancel()


def _forget(tasks: Sequence[Task[Any]]) -> None:
    for task in tasks:
        task.pool.forget(task.key, visitor())
