"""Work of more than a second in a process of its own, which all visitors share: one question is answered at a time.

Whoever requests a question owns it, and goes on owning it while they look at it (`submit`, `submitted`). A question
that two visitors requested is computed once, and cancelled when the last of its owners forgets it. Those that wait are
started in this order: what its owner looks at now, of the owner whose turn was longest ago, first come first served.

A question's future has a result, an error, or is cancelled. It is cancelled if its last owner forgot it, if nobody has
looked at it for `LOOKING` seconds and it wasn't answered, if more than `MOST` questions wait and it is the last of
them, or if the process is closed. What was cancelled is computed when it is submitted again.
"""

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
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from latentlab.device import limit_threads
from latentlab.jobs.sent import own_tensors

T = TypeVar("T")

KEPT = 32  # answers
MOST = 64  # questions that wait
LOOKING = 30.0  # seconds for which a question has an owner who doesn't look again
SHOWN = 3.0  # seconds: a question is on the page its owner looks at, if they haven't looked at another one for longer
GRACE = 1.0  # seconds that a cancelled question may still take before its process is ended: a new one takes longer
ALMOST = 1 - 1e-6  # the largest share: what is done has an answer

_position: Any = None  # in the background process: the number of its task plus the share that is done


def report(share: float) -> None:
    """Report from within the background process how much of the task is done, from 0 to 1; elsewhere it does nothing.

    A function of this module, so that it can be sent to the process: `submit(key, project, z, "umap",
    progress=report)`.
    """
    if _position is not None:
        _position.value = math.floor(_position.value) + min(max(0.0, share), ALMOST)


@dataclass(eq=False)
class _Question:
    """What was requested under a key.

    Attributes:
        key: of the question.
        call: what computes the answer.
        number: how many were submitted before it.
        future: its answer; changed only by who holds the lock.
        since: when it was submitted, in seconds of the clock that only goes forward.
        looks: owner -> when they last looked at it; None is the app itself, which always looks.
    """

    key: str
    call: Callable[[], Any]
    number: int
    since: float
    future: Future[Any] = field(default_factory=Future)
    looks: dict[str | None, float] = field(default_factory=dict)

    def has_owner(self, now: float) -> bool:
        """Whether anybody still waits for it."""
        return any(owner is None or now - at < LOOKING for owner, at in self.looks.items())


class Background:
    """One background process and the questions that it was given; shared by all visitors, each in a thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # for all that follows
        self._questions: dict[str, _Question] = {}  # the one requested longest ago first
        self._running: _Question | None = None
        self._works = False  # whether a thread gives the process its questions
        self._pool: ProcessPoolExecutor | None = None
        self._position: Any = None  # one double, written and read whole, so a killed process leaves no lock
        self._numbers = itertools.count(1)
        self._looked: dict[str | None, float] = {}  # owner -> when they last looked at any question
        self._served: dict[str | None, int] = {}  # owner -> the number of the last question started for them
        self._turns = itertools.count(1)

    def submit(
        self, key: str, function: Callable[..., T], *args: Any, owner: str | None = None, **kwargs: Any
    ) -> Future[T]:
        """The result of a function of the library and of arrays, computed once for each key.

        What goes wrong is in the future that comes back, even that the function or its arguments can't be sent, or that
        no process can be started. What was cancelled is requested again; what ended the process is not.

        Args:
            key: of the question.
            function: what is called in the process, with the arguments that follow.
            owner: who requests it; None for the app itself, whose questions come last and are never dropped.
        """
        with self._lock:
            question = self._questions.pop(key, None)
            if question is None or question.future.cancelled():
                call = own_tensors(partial(function, *args, **kwargs))
                question = _Question(key, call, next(self._numbers), time.monotonic())
            self._questions[key] = question
            self._look(question, owner)
            self._tidy(question)
            self._start()
            return question.future

    def submitted(self, key: str, owner: str | None = None) -> Future[Any] | None:
        """The task that was submitted under a key; None if it was forgotten. An owner who looks still wants it."""
        with self._lock:
            question = self._questions.get(key)
            if question is None:
                return None
            if owner in question.looks:
                self._look(question, owner)
                self._tidy(question)
            return question.future

    def progress(self, key: str) -> float | None:
        """The share of a task that is done, from 0 to 1, by `report`; None if it isn't running."""
        with self._lock:
            question = self._questions.get(key)
            if question is None or question is not self._running or self._position is None:
                return None
            share = float(self._position.value) - question.number
            return share if 0 <= share < 1 else None

    def is_waiting(self, key: str) -> bool:
        """Whether a question waits for others to be answered."""
        with self._lock:
            question = self._questions.get(key)
            return question is not None and question is not self._running and not question.future.done()

    def seconds(self, key: str) -> float:
        """For how long a question has been at work or waiting; 0 if it isn't known."""
        with self._lock:
            question = self._questions.get(key)
            return time.monotonic() - question.since if question is not None else 0.0

    def forget(self, key: str, owner: str | None = None) -> None:
        """Give up what was requested under a key; it is cancelled, or its answer freed, if nobody else waits for it.

        Args:
            key: of the question.
            owner: who gives it up; None for all of them.
        """
        with self._lock:
            question = self._questions.get(key)
            if question is None:
                return
            question.looks.pop(owner, None)
            others = owner is not None and question.has_owner(time.monotonic())
            failed = question.future.done() and not question.future.cancelled() and question.future.exception()
            if not others or failed:  # a failure is requested again for all
                self._drop(question)

    def close(self) -> None:
        """End the process, whatever it is doing; the next task starts another. What wasn't answered is cancelled."""
        with self._lock:
            for question in list(self._questions.values()):
                if not question.future.done():
                    question.future.cancel()
                    del self._questions[question.key]
            self._end()

    def _look(self, question: _Question, owner: str | None) -> None:
        question.looks[owner] = self._looked[owner] = time.monotonic()

    def _tidy(self, wanted: _Question) -> None:
        """Drop what nobody waits for any more, and what is too much."""
        now = time.monotonic()
        open_ones = [question for question in self._questions.values() if not question.future.done()]
        for question in open_ones:
            if not question.has_owner(now):
                self._drop(question)
        waiting = [one for one in open_ones if one is not self._running and not one.future.done()]
        for question in sorted(waiting, key=self._rank)[MOST:]:
            self._drop(question)
        answered = [one for one in self._questions.values() if one.future.done() and one is not wanted]
        for question in answered[: max(0, len(answered) - KEPT)]:
            self._drop(question)
        for owner in [owner for owner, at in self._looked.items() if now - at > LOOKING]:
            del self._looked[owner]
            self._served.pop(owner, None)

    def _drop(self, question: _Question) -> None:
        if self._questions.get(question.key) is question:
            del self._questions[question.key]
        if question.future.cancel() and question is self._running:
            timer = threading.Timer(GRACE, self._end_if_running, (question,))
            timer.daemon = True
            timer.start()

    def _rank(self, question: _Question) -> tuple[bool, int, int]:
        """The smallest is started first."""
        owners = [owner for owner in question.looks if owner is not None]
        shown = any(self._looked.get(owner, 0.0) - question.looks[owner] < SHOWN for owner in owners)
        turn = min((self._served.get(owner, 0) for owner in owners), default=0)
        return not shown, turn, question.number

    def _start(self) -> None:
        if not self._works:
            self._works = True
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        """In a thread: give the process one question after another, until none waits."""
        while True:
            with self._lock:
                now = time.monotonic()
                open_ones = [one for one in self._questions.values() if not one.future.done() and one.has_owner(now)]
                if not open_ones:
                    self._works = False
                    return
                question = self._running = min(open_ones, key=self._rank)
                turn = next(self._turns)
                self._served |= dict.fromkeys(question.looks, turn)
                answer = self._send(question)
            error = answer.exception()
            with self._lock:
                self._running = None
                if isinstance(error, BrokenProcessPool):
                    self._pool = None
                if question.future.cancelled():
                    continue
                if error is not None:
                    question.future.set_exception(error)
                else:
                    question.future.set_result(answer.result())

    def _send(self, question: _Question) -> Future[Any]:
        try:
            try:
                return self._process().submit(_answer, question.number, question.call)
            except BrokenProcessPool:  # the process was killed while it had nothing to do: start another
                self._pool = None
                return self._process().submit(_answer, question.number, question.call)
        except (OSError, RuntimeError) as error:  # no process or no thread can be started
            failed: Future[Any] = Future()
            failed.set_exception(error)
            self._pool = None
            return failed

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._position = context.Value("d", 0.0, lock=False)
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._position,))
        return self._pool

    def _end_if_running(self, question: _Question) -> None:
        with self._lock:
            if question is self._running:
                self._end()

    def _end(self) -> None:
        """End the process. What it is at fails, and the next question is given to another."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # the pool has no word for ending one
                process.kill()
            pool.shutdown(wait=False)


def _answer(number: int, call: Callable[[], T]) -> T:
    """In the background process: note which task it runs, and run it."""
    _position.value = number
    return call()


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
