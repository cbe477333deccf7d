"""Work of more than a second in a process of its own: asked for once, shown when it comes, forgotten on request."""

from __future__ import annotations

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


class Background:
    """One helper process and the results that it is asked for; shared by all visitors."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._asked: dict[str, Future[Any]] = {}

    def ask(self, key: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """The result of a function of the library and of arrays, computed once for each key."""
        known = self._asked.get(key)
        if known is not None and not _lost(known):
            return known
        while len(self._asked) >= KEPT:
            self._asked.pop(next(iter(self._asked))).cancel()
        try:
            self._asked[key] = self._process().submit(function, *args, **kwargs)
        except BrokenProcessPool:  # the process was killed: start another
            self._pool = None
            self._asked[key] = self._process().submit(function, *args, **kwargs)
        return self._asked[key]

    def asked(self, key: str) -> Future[Any] | None:
        """What was asked for under a key; None if it was forgotten."""
        return self._asked.get(key)

    def forget(self, key: str) -> None:
        """Cancel what was asked for under a key; what already runs is ended with its process."""
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
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
        return self._pool


def _lost(asked: Future[Any]) -> bool:
    """Whether an answer won't come because another visitor had the process ended."""
    return asked.cancelled() or (asked.done() and isinstance(asked.exception(), BrokenProcessPool))


def _begin() -> None:
    """Prepare the helper process: few threads, and an end when the process that asks is gone, however it went."""
    limit_threads()
    if os.name == "posix":
        os.nice(5)  # whoever looks at a page comes first
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(0)
