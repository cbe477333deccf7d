"""A choice of one among few, side by side, that the address keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

from pages.shared import url_state

Option = TypeVar("Option", bound=str)


def linked_choice(label: str, options: Sequence[Option], default: Option, key: str, **how: Any) -> Option:
    """One of some options; the default, with a sentence on the page, if the address requests anything else.

    Args:
        label: of the control.
        options: what is offered.
        default: what is chosen at first.
        key: of the widget, and of the parameter in the address.
        how: what else the widget takes.
    """
    if url_state.read(key) == "":  # which the control would take for no choice at all
        url_state.drop(key)
    url_state.read_choice(key, options, default)
    chosen: Option = st.segmented_control(
        label, options, default=default, required=True, key=key, bind="query-params", **how
    )
    return chosen
