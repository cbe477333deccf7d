"""Work of more than a second in a process of its own: asked for once, shown when it comes, forgotten on request."""

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

_told: Any = None  # in the helper process: what it is at, the number of a question plus the share of it that is done


def report(share: float) -> None:
    """Say from within the helper process how much of the question is done, from 0 to 1; elsewhere nobody listens.

    A function of this module, so that it can be handed to the helper: `ask(key, project, z, "umap", progress=report)`.
    """
    if _told is not None:
        _told.value = math.floor(_told.value) + min(max(0.0, share), ALMOST)


class Background:
    """One helper process and the results that it is asked for; shared by all visitors, each in a thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # for all that follows
        self._pool: ProcessPoolExecutor | None = None
        self._asked: dict[str, Future[Any]] = {}  # the one asked for longest ago first
        self._since: dict[str, float] = {}  # when each was asked for first, by the clock that only goes forward
        self._ended: set[str] = set()  # what was at work or waiting when the process was ended on purpose
        self._numbers = itertools.count(1)
        self._number: dict[str, int] = {}
        self._told: Any = None  # one double: it is written and read whole, so no lock can be left by a killed process

    def ask(self, key: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """The result of a function of the library and of arrays, computed once for each key.

        What goes wrong is in the future that comes back, even that the function or its arguments can't be sent, or that
        no process can be started. An answer that was lost because somebody ended the process is asked for again; one
        that ended the process itself is not.
        """
        with self._lock:
            known = self._asked.pop(key, None)
            if known is not None and not self._is_lost(key, known):
                self._asked[key] = known
                return known
            while len(self._asked) >= KEPT:
                self.forget(next(iter(self._asked)), end=False)
            self._ended.discard(key)
            self._since.setdefault(key, time.monotonic())
            number = self._number[key] = next(self._numbers)
            asked = self._asked[key] = self._submit(_answer, number, function, *args, **kwargs)
            return asked

    def asked(self, key: str) -> Future[Any] | None:
        """What was asked for under a key; None if it was forgotten."""
        return self._asked.get(key)

    def progress(self, key: str) -> float | None:
        """The share of a question that is done, from 0 to 1, as `report` has it; None if it isn't the one at work."""
        with self._lock:
            asked, number = self._asked.get(key), self._number.get(key)
            if asked is None or asked.done() or number is None or self._told is None:
                return None
            share = float(self._told.value) - number
            return share if 0 <= share < 1 else None

    def seconds(self, key: str) -> float:
        """For how long a question has been at work or waiting; 0 if it isn't known."""
        now = time.monotonic()
        return now - self._since.get(key, now)

    def forget(self, key: str, end: bool = True) -> None:
        """Cancel what was asked for under a key.

        Args:
            key: of the question.
            end: its process too, if it already runs; else it runs on for nobody.
        """
        with self._lock:
            for known in (self._number, self._since):
                known.pop(key, None)
            self._ended.discard(key)
            asked = self._asked.pop(key, None)
            if asked is not None and not asked.cancel() and not asked.done() and end:
                self.close()

    def close(self) -> None:
        """End the process, whatever it is doing; the next question starts another."""
        with self._lock:
            self._ended |= {key for key, asked in self._asked.items() if not asked.done()}
            if self._pool is not None:
                for process in list((self._pool._processes or {}).values()):  # the pool has no word for ending one
                    process.terminate()
                self._pool.shutdown(cancel_futures=True)
                self._pool = None

    def _is_lost(self, key: str, asked: Future[Any]) -> bool:
        """Whether an answer won't come because another visitor had the process ended."""
        if asked.cancelled():
            return True
        return key in self._ended and asked.done() and isinstance(asked.exception(), BrokenProcessPool)

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
            self._told = context.Value("d", 0.0, lock=False)
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._told,))
        return self._pool


def _answer(number: int, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """In the helper process: say which question it is at, and answer it."""
    _told.value = number
    return function(*args, **kwargs)


def _begin(told: Any) -> None:
    """Prepare the helper process: few threads, and an end when the process that asks is gone, however it went."""
    global _told
    _told = told
    limit_threads()
    if os.name == "posix":
        os.nice(5)  # whoever looks at a page comes first
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(0)
