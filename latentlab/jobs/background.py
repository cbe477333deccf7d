"""Work of more than a second in a process of its own: requested once, shown when it is done, forgotten on request."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from latentlab.device import limit_threads

T = TypeVar("T")

KEPT = 32  # results
ALMOST = 1 - 1e-6  # the largest share: what is done has an answer

_position: Any = None  # in the background process: the number of its task plus the share that is done


def report(share: float) -> None:
    """Report from within the background process how much of the task is done, from 0 to 1; elsewhere it does nothing.

    A function of this module, so that it can be sent to the process: `submit(key, project, z, "umap",
    progress=report)`.
    """
    if _position is not None:
        _position.value = math.floor(_position.value) + min(max(0.0, share), ALMOST)


class Background:
    """One background process and the results that it is requested; shared by all visitors, each in a thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # for all that follows
        self._pool: ProcessPoolExecutor | None = None
        self._futures: dict[str, Future[Any]] = {}  # the one requested longest ago first
        self._since: dict[str, float] = {}  # when each was requested first, by the clock that only goes forward
        self._ended: set[str] = set()  # what was at work or waiting when the process was ended on purpose
        self._numbers = itertools.count(1)
        self._number: dict[str, int] = {}
        self._position: Any = None  # one double, written and read whole, so a killed process leaves no lock

    def submit(self, key: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """The result of a function of the library and of arrays, computed once for each key.

        What goes wrong is in the future that comes back, even that the function or its arguments can't be sent, or that
        no process can be started. An answer that was lost because somebody ended the process is requested again; one
        that ended the process itself is not.
        """
        with self._lock:
            known = self._futures.pop(key, None)
            if known is not None and not self._is_lost(key, known):
                self._futures[key] = known
                return known
            while len(self._futures) >= KEPT:
                self.forget(next(iter(self._futures)), end=False)
            self._ended.discard(key)
            self._since.setdefault(key, time.monotonic())
            number = self._number[key] = next(self._numbers)
            future = self._futures[key] = self._submit(_answer, number, function, *args, **kwargs)
            return future

    def submitted(self, key: str) -> Future[Any] | None:
        """The task that was submitted under a key; None if it was forgotten."""
        return self._futures.get(key)

    def progress(self, key: str) -> float | None:
        """The share of a task that is done, from 0 to 1, by `report`; None if it isn't running."""
        with self._lock:
            future, number = self._futures.get(key), self._number.get(key)
            if future is None or future.done() or number is None or self._position is None:
                return None
            share = float(self._position.value) - number
            return share if 0 <= share < 1 else None

    def seconds(self, key: str) -> float:
        """For how long a question has been at work or waiting; 0 if it isn't known."""
        now = time.monotonic()
        return now - self._since.get(key, now)

    def forget(self, key: str, end: bool = True) -> None:
        """Cancel what was requested under a key.

        Args:
            key: of the question.
            end: its process too, if it already runs; else it runs on for nobody.
        """
        with self._lock:
            for known in (self._number, self._since):
                known.pop(key, None)
            self._ended.discard(key)
            future = self._futures.pop(key, None)
            if future is not None and not future.cancel() and not future.done() and end:
                self.close()

    def close(self) -> None:
        """End the process, whatever it is doing; the next task starts another."""
        with self._lock:
            self._ended |= {key for key, future in self._futures.items() if not future.done()}
            if self._pool is not None:
                for process in list((self._pool._processes or {}).values()):  # the pool has no word for ending one
                    process.terminate()
                self._pool.shutdown(cancel_futures=True)
                self._pool = None

    def _is_lost(self, key: str, future: Future[Any]) -> bool:
        """Whether a result won't come because another visitor ended the process."""
        if future.cancelled():
            return True
        return key in self._ended and future.done() and isinstance(future.exception(), BrokenProcessPool)

    def _submit(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        try:
            try:
                return self._process().submit(function, *args, **kwargs)
            except BrokenProcessPool:  # the process was killed: start another
                self._pool = None
                return self._process().submit(function, *args, **kwargs)
        except OSError as error:  # no process can be started
            failed: Future[T] = Future()
            failed.set_exception(error)
            self._pool = None
            return failed

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._position = context.Value("d", 0.0, lock=False)
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._position,))
        return self._pool


def _answer(number: int, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """In the background process: note which task it runs, and run it."""
    _position.value = number
    return function(*args, **kwargs)


def _begin(position: Any) -> None:
    """Prepare the background process: few threads, and an end when its parent process has ended."""
    global _position
    _position = position
    limit_threads()
    if os.name == "posix":
        os.nice(5)  # whoever looks at a page comes first
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(0)
