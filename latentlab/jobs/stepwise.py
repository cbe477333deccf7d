"""Work that goes on step by step in a background process, so that what each step brings can be shown when it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from latentlab.jobs.background import LOOKING, Background

T = TypeVar("T")

MOST = 16  # works that go on at once
KEPT = 2 * MOST  # works whose last answer is kept


class BusyError(RuntimeError):
    """As many works go on as there may be; the message is one sentence for the user."""


class Stepwise(Generic[T]):
    """Works that go on from their own last answer; whoever knows the name of one reads its answers, and never changes
    them.

    A work goes on while somebody asks for its next step, and stays where it is when nobody does. Of its answers only
    the last one is kept, so an answer has to hold whatever is to be shown of those before it. Of works that nobody has
    looked at for long, none is kept.
    """

    def __init__(self, background: Background) -> None:
        self.background = background
        self._lock = threading.RLock()
        self._last: dict[str, tuple[int, T]] = {}  # name -> how many steps are done, and the last answer
        self._went_on: dict[str, float] = {}  # name -> when its next step was last requested

    def last(self, name: str, first: T) -> T:
        """The last answer of a work; what its first step begins with, before there is one."""
        with self._lock:
            self._collect(name)
            if name not in self._last:
                return first
            found = self._last[name] = self._last.pop(name)  # the one looked at last comes last
            return found[1]

    def go_on(self, name: str, step: Callable[[T], T], first: T, owner: str | None = None) -> Future[T]:
        """Ask for the next step of a work, once; the answer is a `BusyError` if too many others go on.

        Args:
            name: of the work.
            step: from the last answer to the next; of the library and of arrays, so that it can be sent.
            first: what the first step begins with.
            owner: who asks, as the background process knows them.
        """
        with self._lock:
            now = time.monotonic()
            self._went_on = {other: at for other, at in self._went_on.items() if now - at < LOOKING}
            if name not in self._went_on and len(self._went_on) >= MOST:
                busy: Future[T] = Future()
                busy.set_exception(BusyError(f"{MOST} go on already. Try again when one of them has ended."))
                return busy
            self._went_on[name] = now
            return self.background.submit(self.key(name), step, self.last(name, first), owner=owner)

    def key(self, name: str) -> str:
        """Under which the background process knows the next step of a work."""
        with self._lock:
            self._collect(name)
            return self._key(name)

    def stop(self, name: str, owner: str | None = None) -> None:
        """End the step that is at work, unless others requested it too; what the steps before it brought stays."""
        with self._lock:
            self.background.forget(self.key(name), owner)
            if self.background.submitted(self.key(name)) is None:
                self._went_on.pop(name, None)

    def start_again(self, name: str) -> None:
        """Forget all that a work has brought."""
        with self._lock:
            self.stop(name)
            self._last.pop(name, None)

    def _key(self, name: str) -> str:
        return f"{name} {self._last[name][0] if name in self._last else 0}"

    def _collect(self, name: str) -> None:
        """Take over the answer of the step that was requested, if it has come."""
        key = self._key(name)
        submitted = self.background.submitted(key)
        if submitted is None or not submitted.done() or submitted.cancelled() or submitted.exception() is not None:
            return
        n = self._last.pop(name)[0] if name in self._last else 0
        self._last[name] = n + 1, submitted.result()
        while len(self._last) > KEPT:
            self._last.pop(next(iter(self._last)))
        self.background.forget(key)  # it may be large, and is kept here
