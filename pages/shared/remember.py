"""The one cache of the pages: what a function answered, for all visitors, and never too many answers.

What is remembered is shared, so nobody may change it: models are frozen, and arrays are only read.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

import streamlit as st

from latentlab.remote.client import RemoteError
from pages.shared.text import plain

P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class Keyed(Protocol):
    """What a cache knows by a key instead of looking at its content."""

    @property
    def key(self) -> str:
        """No two different objects of a class have the same."""


def remember(
    most: int, spinner: str = "", seconds: float | None = None, on: Callable[..., object] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the answers of a function by its arguments; one that is there is given again, not computed.

    An object with a `key`, such as a subject, is known by that (renaming a run changes nothing), and everything else by
    its content. An argument whose name begins with an underscore isn't looked at: it has to follow
    from the others.

    Args:
        most: answers that are kept; beyond it the oldest goes.
        spinner: what the page says while an answer is computed; nothing if empty.
        seconds: for which an answer is kept; None for as long as the server runs.
        on: what an answer depends on besides, such as whether data are here: a function of the same arguments, of
            which the first has a `key`. It is called each time.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def compute(*args: Any, **kwargs: Any) -> T:
            return function(*map(_unwrapped, args), **{name: _unwrapped(value) for name, value in kwargs.items()})

        by_key: dict[str | type[Any], Callable[[Any], Any]] = {_Argument: operator.attrgetter("key")}
        cache = st.cache_resource(max_entries=most, ttl=seconds, show_spinner=spinner or False, hash_funcs=by_key)
        answer = cast("Callable[..., T]", cache(compute))

        @functools.wraps(function)
        def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            positional: list[Any] = [_wrapped(value) for value in given.args]
            if on is not None:
                first = positional[0]
                positional[0] = replace(first, key=(*first.key, repr(on(*given.args, **given.kwargs))))
            named = {name: _wrapped(value) for name, value in given.kwargs.items()}
            try:
                return answer(*positional, **named)
            except RemoteError as error:  # what is computed of a model of the user's own is computed by their code
                _say(error)
                st.stop()

        return remembered

    return decorate


@dataclass(frozen=True, eq=False)
class _Argument:
    """An argument on its way through the cache, with what the cache knows it by."""

    key: tuple[str, ...]
    value: Any


def _say(error: RemoteError) -> None:
    st.error(plain(str(error)), icon=":material/error:")
    if error.details:
        with st.expander("Details"):
            st.code(error.details, language=None)


def _wrapped(value: Any) -> Any:
    if isinstance(value, Keyed):
        return _Argument((type(value).__name__, value.key), value)
    return value


def _unwrapped(value: Any) -> Any:
    return value.value if isinstance(value, _Argument) else value
