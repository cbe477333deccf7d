"""What a visit remembers between reruns: typed slots of Streamlit's session state, which only this module touches."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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
        """Give it a value, whatever the one before belonged to."""
        st.session_state[self.name] = value
        st.session_state.pop(self._of, None)

    def setdefault(self, value: T) -> T:
        """Its value; the given one from now on, where it has none."""
        return cast(T, st.session_state.setdefault(self.name, value))

    def pop(self) -> T | None:
        """Its value, which is forgotten."""
        return cast("T | None", st.session_state.pop(self.name, None))

    def forget(self) -> None:
        """Let it have no value."""
        self.pop()

    def settle(self, options: Sequence[T], default: T | None = None, of: str = "") -> None:
        """Let a widget, drawn next, show what it returns, whatever was offered when its value was chosen.

        The browser and the server may take a value for another one where the options or the default of a widget change;
        one that is written here is shown by both.

        Args:
            options: what the widget offers now.
            default: shown instead of a value that isn't among them; the first of them if None.
            of: what the value belongs to: with something else it gives way to the default.
        """
        if self.is_set:
            kept = st.session_state.get(self._of, of) == of and self.get() in options
            self.set(cast("T", self.get()) if kept else options[0] if default is None else default)
        st.session_state[self._of] = of

    @property
    def _of(self) -> str:
        return f"{self.name} of"


_VISITOR: Slot[str] = Slot("visitor")


def visitor() -> str:
    """A name of this visit: it says whose something is that all visitors share the memory of."""
    return _VISITOR.setdefault(secrets.token_hex(8))
