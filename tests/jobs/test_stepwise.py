"""Work step by step goes on from its last answer, once for everybody, and can be stopped and begun anew."""

from __future__ import annotations

import operator
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from latentlab.jobs.background import Background
from latentlab.jobs.stepwise import KEPT, Stepwise

DOUBLE = partial(operator.mul, 2)


@pytest.fixture
def helper() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def test_each_step_begins_where_the_one_before_ended(helper: Background) -> None:
    works = Stepwise[int](helper)
    assert works.last("a", 3) == 3
    for answer in (6, 12, 24):
        assert works.go_on("a", DOUBLE, 3).result(60) == answer
        assert works.last("a", 3) == answer
    assert works.go_on("b", DOUBLE, 5).result(60) == 10
    assert (works.last("a", 3), works.last("b", 5)) == (24, 10)


class ByHand(Background):
    """A background in this process whose answers a test gives."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def _submit(self, function: Any, *args: Any, **_: Any) -> Future[Any]:  # noqa: ARG002
        self.calls.append(args[1:])
        asked: Future[Any] = Future()
        asked.set_running_or_notify_cancel()
        return asked


def answer(helper: Background, works: Stepwise[int], name: str, value: int) -> None:
    asked = helper.submitted(works.key(name))
    assert asked is not None
    asked.set_result(value)


def test_a_step_is_asked_for_once_and_only_the_last_answer_is_kept() -> None:
    helper = ByHand()
    works = Stepwise[int](helper)
    first = works.go_on("a", DOUBLE, 1)
    assert works.go_on("a", DOUBLE, 1) is first
    assert works.last("a", 1) == 1
    key = works.key("a")
    answer(helper, works, "a", 7)
    second = works.go_on("a", DOUBLE, 1)
    assert second is not first
    assert helper.calls == [(DOUBLE, 1), (DOUBLE, 7)]
    assert helper.submitted(key) is None


def test_a_stopped_work_stays_where_it_is_and_goes_on_from_there() -> None:
    helper = ByHand()
    works = Stepwise[int](helper)
    works.go_on("a", DOUBLE, 1)
    answer(helper, works, "a", 7)
    works.go_on("a", DOUBLE, 1)
    works.stop("a")
    assert helper.submitted(works.key("a")) is None
    assert works.last("a", 1) == 7
    works.go_on("a", DOUBLE, 1)
    assert helper.calls[-1] == (DOUBLE, 7)


def test_an_answer_that_came_before_the_stop_is_not_lost() -> None:
    helper = ByHand()
    works = Stepwise[int](helper)
    works.go_on("a", DOUBLE, 1)
    answer(helper, works, "a", 7)
    works.stop("a")
    assert works.last("a", 1) == 7


def test_a_work_can_be_begun_anew() -> None:
    helper = ByHand()
    works = Stepwise[int](helper)
    works.go_on("a", DOUBLE, 1)
    answer(helper, works, "a", 7)
    works.start_again("a")
    assert works.last("a", 1) == 1
    works.go_on("a", DOUBLE, 1)
    assert helper.calls[-1] == (DOUBLE, 1)


def test_a_step_that_fails_leaves_the_work_where_it_was(helper: Background) -> None:
    works = Stepwise[float](helper)
    assert works.go_on("a", partial(operator.truediv, 6), 2).result(60) == 3
    works.last("a", 2)
    assert isinstance(works.go_on("a", partial(operator.pow, "x"), 2).exception(60), TypeError)
    assert works.last("a", 2) == 3
    works.stop("a")
    assert works.go_on("a", partial(operator.truediv, 6), 2).result(60) == 2


def test_the_works_asked_for_longest_ago_are_let_go() -> None:
    helper = ByHand()
    works = Stepwise[int](helper)
    for n in range(KEPT + 2):
        works.go_on(str(n), DOUBLE, 1)
        answer(helper, works, str(n), 100 + n)
        assert works.last(str(n), 1) == 100 + n
    assert (works.last("0", 1), works.last("1", 1)) == (1, 1)
    assert works.last("2", 1) == 102


def test_stopping_ends_what_is_at_work(helper: Background) -> None:
    works = Stepwise[None](helper)
    works.go_on("a", partial(_sleep, 600), None)
    works.stop("a")
    assert helper.submit("b", pow, 2, 3).result(60) == 8


def _sleep(seconds: float, _: None) -> None:
    time.sleep(seconds)
