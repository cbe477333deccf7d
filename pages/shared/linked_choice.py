"""A choice of one among few, side by side, that the address keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import streamlit as st

from pages.shared import url_state
from pages.shared.visit import Slot

Option = TypeVar("Option", bound=str)


def linked_choice(
    label: str,
    options: Sequence[Option],
    default: Option,
    key: str,
    former: Mapping[str, Option] = MappingProxyType({}),
    **how: Any,
) -> Option:
    """One of some options; the default, with a sentence on the page, if the address requests anything else.

    Args:
        label: of the control.
        options: what is offered.
        default: what is chosen at first.
        key: of the widget, and of the parameter in the address.
        former: what older links call an option.
        how: what else the widget takes.
    """
    if url_state.read(key) == "":  # which the control would take for no choice at all
        url_state.drop(key)
    link_renamed(key, {old: new for old, new in former.items() if new in options})
    url_state.read_choice(key, options, default)
    chosen: Option = st.segmented_control(
        label, options, default=default, required=True, key=key, bind="query-params", wrap=True, **how
    )
    return chosen


def link_renamed(key: str, former: Mapping[str, str]) -> None:
    """Let a widget, drawn next, show what an option is called now, where the address has its former name."""
    if (old := url_state.read(key)) is not None and old in former:
        Slot[str](key).set(former[old])
        url_state.write(key, former[old])
