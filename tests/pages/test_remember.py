"""What pages remember: by what, how much, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import streamlit as st

from latentlab.subjects import StoredRun, stored_run
from pages.shared.remember import remember


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@dataclass(frozen=True, eq=False)
class Part:
    """Some of an array, known by a name."""

    key: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Whole:
    """All of an array, known by a name."""

    key: str


def test_an_answer_is_computed_once_for_each_argument() -> None:
    asked = []

    @remember(8)
    def square(n: int, sign: int = 1) -> int:
        asked.append((n, sign))
        return sign * n * n

    assert [square(3), square(4), square(3), square(n=3), square(3, 1), square(3, sign=1)] == [9, 16, 9, 9, 9, 9]
    assert asked == [(3, 1), (4, 1)]
    assert square(3, -1) == -9


def test_what_is_remembered_is_the_same_object_for_everyone() -> None:
    @remember(8)
    def ramp(n: int) -> np.ndarray:
        return np.arange(n)

    assert ramp(5) is ramp(5)


def test_a_run_is_known_by_its_id_and_when_it_was_created() -> None:
    subject = stored_run("digits-vae")
    asked: list[StoredRun] = []

    @remember(8)
    def title(subject: StoredRun) -> str:
        asked.append(subject)
        return subject.title

    assert title(StoredRun(replace(subject.run, title="Another title", metrics={}))) == "Another title"
    assert title(subject) == "Another title"  # renaming it changes nothing that is kept
    again = replace(subject.run, created="2031-01-01T00:00:00+00:00")  # another that took the id of a deleted one
    assert title(StoredRun(again)) == subject.title
    assert len(asked) == 2


def test_what_has_a_key_is_known_by_it_and_by_its_class() -> None:
    @remember(8)
    def total(part: Part | Whole) -> float:
        return float(part.values.sum()) if isinstance(part, Part) else -1.0

    assert total(Part("a", np.ones(3))) == 3
    assert total(Part("a", np.ones(5))) == 3
    assert total(Part("b", np.ones(5))) == 5
    assert total(Whole("a")) == -1


def test_what_begins_with_an_underscore_is_not_looked_at() -> None:
    @remember(8)
    def mean(name: str, _values: np.ndarray) -> tuple[str, float]:
        return name, float(_values.mean())

    assert mean("a", np.zeros(3)) == ("a", 0)
    assert mean("a", _values=np.ones(3)) == ("a", 0)
    assert mean("b", np.ones(3)) == ("b", 1)


def test_the_oldest_answers_go() -> None:
    asked = []

    @remember(2)
    def own(n: int) -> int:
        asked.append(n)
        return n

    for n in (1, 2, 3, 2, 1):
        own(n)
    assert asked == [1, 2, 3, 1]


def test_an_answer_that_depends_on_more_is_looked_for_again_when_that_changes() -> None:
    here = {"a": False}

    @remember(8, on=lambda part, *_, **__: here[part.key])
    def scaled(part: Part, by: int = 1) -> float:
        return float(part.values.sum() * by) if here[part.key] else 0.0

    assert scaled(Part("a", np.ones(3)), 2) == 0
    here["a"] = True
    assert scaled(Part("a", np.ones(3)), by=2) == 6
    here["a"] = False
    assert scaled(Part("a", np.ones(5)), 2) == 0  # as it was


def test_what_fails_is_asked_again() -> None:
    asked = []

    @remember(2)
    def half(n: int) -> int:
        asked.append(n)
        if len(asked) == 1:
            raise ValueError("not yet")
        return n // 2

    with pytest.raises(ValueError, match="not yet"):
        half(8)
    assert half(8) == 4


def test_two_functions_of_one_name_share_nothing() -> None:
    def made(sign: int) -> object:
        if sign > 0:

            @remember(2)
            def signed(n: int) -> int:
                return n
        else:

            @remember(2)
            def signed(n: int) -> int:
                return -n

        return signed(7)

    assert (made(1), made(-1)) == (7, -7)
