"""What a visit remembers between reruns: typed slots of Streamlit's session state, which only this module touches."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar, cast, overload

import streamlit as st

T = TypeVar("T")


@dataclass(frozen=True)
class Slot(Generic[T]):
    """A place for one value, the visitor's own; of the widget with that key it is what the widget shows.

    A widget's slot can be written before the widget is drawn, and in callbacks.

    >>> LAST: Slot[tuple[str, float]] = Slot("last")
    """

    name: str

    @property
    def is_set(self) -> bool:
        """Whether it has a value."""
        return self.name in st.session_state

    @overload
    def get(self) -> T | None: ...
    @overload
    def get(self, default: T) -> T: ...
    def get(self, default: T | None = None) -> T | None:
        """Its value, or the default where it has none."""
        return cast("T | None", st.session_state.get(self.name, default))

    def set(self, value: T) -> None:
        """Give it a value."""
        st.session_state[self.name] = value

    def setdefault(self, value: T) -> T:
        """Its value; the given one from now on, where it has none."""
        return cast(T, st.session_state.setdefault(self.name, value))

    def pop(self) -> T | None:
        """Its value, which is forgotten."""
        return cast("T | None", st.session_state.pop(self.name, None))

    def forget(self) -> None:
        """Let it have no value."""
        self.pop()

    def forget_unless_in(self, options: Collection[T]) -> None:
        """Forget a value that isn't among the options: it was chosen where there were others."""
        if self.is_set and st.session_state[self.name] not in options:
            self.forget()


_VISITOR: Slot[str] = Slot("visitor")


def visitor() -> str:
    """A name of this visit: it says whose something is that all visitors share the memory of."""
    return _VISITOR.setdefault(secrets.token_hex(8))
