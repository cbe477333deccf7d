"""Work step by step goes on from its last answer, once for everybody, and can be stopped and begun anew."""

from __future__ import annotations

import operator
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from latentlab.jobs import stepwise
from latentlab.jobs.background import Background
from latentlab.jobs.stepwise import KEPT, MOST, BusyError, Stepwise

DOUBLE = partial(operator.mul, 2)


@pytest.fixture
def helper() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.mark.slow
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

    def submit(self, key: str, function: Any, *args: Any, **kwargs: Any) -> Future[Any]:
        known = self.submitted(key)
        asked = super().submit(key, function, *args, **kwargs)
        if asked is not known:
            self.calls.append((function, *args))
        return asked

    def _start(self) -> None:
        """Nothing computes an answer."""


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


@pytest.mark.slow
def test_a_step_that_fails_leaves_the_work_where_it_was(helper: Background) -> None:
    works = Stepwise[float](helper)
    assert works.go_on("a", partial(operator.truediv, 6), 2).result(60) == 3
    works.last("a", 2)
    assert isinstance(works.go_on("a", partial(operator.pow, "x"), 2).exception(60), TypeError)
    assert works.last("a", 2) == 3
    works.stop("a")
    assert works.go_on("a", partial(operator.truediv, 6), 2).result(60) == 2


def test_as_many_works_go_on_together_as_are_allowed_and_the_next_begins_when_one_is_stopped() -> None:
    helper = ByHand()
    works, names = Stepwise[int](helper), [str(n) for n in range(MOST)]
    for value in (10, 20, 30):
        for name in names:
            works.go_on(name, DOUBLE, 1, f"visitor {name}")
            answer(helper, works, name, value)
    assert {works.last(name, 1) for name in names} == {30}
    assert isinstance(works.go_on("more", DOUBLE, 1, "late").exception(0), BusyError)
    works.go_on("0", DOUBLE, 1, "visitor 0")
    works.stop("0", "visitor 0")
    assert not works.go_on("more", DOUBLE, 1, "late").done()


@pytest.mark.slow
def test_nine_trainings_at_once_all_get_ahead(helper: Background) -> None:
    works, names = Stepwise[int](helper), [str(n) for n in range(9)]
    for _ in range(600):
        for name in names:
            works.go_on(name, partial(operator.add, 1), 0, f"visitor {name}")
        if min(works.last(name, 0) for name in names) >= 3:
            break
        time.sleep(0.05)
    steps = [works.last(name, 0) for name in names]
    assert min(steps) >= 3
    assert max(steps) - min(steps) <= 1  # each in its turn


@pytest.mark.slow
def test_who_stops_a_shared_work_leaves_it_to_the_others(helper: Background) -> None:
    works = Stepwise[int](helper)
    step = works.go_on("a", partial(_slow_double, 1.5), 4, "first")
    assert works.go_on("a", partial(_slow_double, 1.5), 4, "second") is step
    works.stop("a", "first")
    assert step.result(60) == 8


def _slow_double(seconds: float, number: int) -> int:
    time.sleep(seconds)
    return 2 * number


def test_the_works_asked_for_longest_ago_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepwise, "MOST", 2 * KEPT)
    helper = ByHand()
    works = Stepwise[int](helper)
    for n in range(KEPT + 2):
        works.go_on(str(n), DOUBLE, 1)
        answer(helper, works, str(n), 100 + n)
        assert works.last(str(n), 1) == 100 + n
    assert (works.last("0", 1), works.last("1", 1)) == (1, 1)
    assert works.last("2", 1) == 102


@pytest.mark.slow
def test_stopping_ends_what_is_at_work(helper: Background) -> None:
    works = Stepwise[None](helper)
    works.go_on("a", partial(_sleep, 600), None)
    works.stop("a")
    assert helper.submit("b", pow, 2, 3).result(60) == 8


def _sleep(seconds: float, _: None) -> None:
    time.sleep(seconds)
