"""Work of more than a second in a process of its own: asked for once, shown when it comes, forgotten on request."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import threading
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
    """One helper process and the results that it is asked for; shared by all visitors."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._asked: dict[str, Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._number: dict[str, int] = {}
        self._told: Any = None  # one double: it is written and read whole, so no lock can be left by a killed process

    def ask(self, key: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """The result of a function of the library and of arrays, computed once for each key."""
        known = self._asked.get(key)
        if known is not None and not _lost(known):
            return known
        while len(self._asked) >= KEPT:
            oldest = next(iter(self._asked))
            self._number.pop(oldest)
            self._asked.pop(oldest).cancel()
        number = self._number[key] = next(self._numbers)
        try:
            self._asked[key] = self._process().submit(_answer, number, function, *args, **kwargs)
        except BrokenProcessPool:  # the process was killed: start another
            self._pool = None
            self._asked[key] = self._process().submit(_answer, number, function, *args, **kwargs)
        return self._asked[key]

    def asked(self, key: str) -> Future[Any] | None:
        """What was asked for under a key; None if it was forgotten."""
        return self._asked.get(key)

    def progress(self, key: str) -> float | None:
        """The share of a question that is done, from 0 to 1, as `report` has it; None if it isn't the one at work."""
        asked, number = self._asked.get(key), self._number.get(key)
        if asked is None or asked.done() or number is None or self._told is None:
            return None
        share = float(self._told.value) - number
        return share if 0 <= share < 1 else None

    def forget(self, key: str) -> None:
        """Cancel what was asked for under a key; what already runs is ended with its process."""
        self._number.pop(key, None)
        asked = self._asked.pop(key, None)
        if asked is not None and not asked.cancel() and not asked.done():
            self.close()

    def close(self) -> None:
        """End the process, whatever it is doing; the next question starts another."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):  # the pool has no word for ending one
                process.terminate()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._told = context.Value("d", 0.0, lock=False)
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._told,))
        return self._pool


def _lost(asked: Future[Any]) -> bool:
    """Whether an answer won't come because another visitor had the process ended."""
    return asked.cancelled() or (asked.done() and isinstance(asked.exception(), BrokenProcessPool))


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
