"""What the address says: it names the view, so that a link opens the same one; nonsense in it is said and ignored."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st


def read(name: str) -> str | None:
    """The text of a parameter, or None."""
    value = st.query_params.get(name)
    return value[:2000] if value is not None else None


def write(name: str, value: str | None) -> None:
    """Set a parameter, or remove it with None; nothing is sent if it stays the same."""
    if value is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def read_numbers(name: str, n: int, low: float, high: float) -> list[float] | None:
    """n numbers of [low, high] separated by commas; None, with a sentence on the page, if they are anything else."""
    text = read(name)
    if not text:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != n or not all(math.isfinite(v) and low <= v <= high for v in values):
        st.warning(
            f"The link's “{name}” is not {n} numbers between {low:g} and {high:g}, so the view starts from its default."
        )
        write(name, None)
        return None
    return values


def write_numbers(name: str, values: Sequence[float]) -> None:
    """Write numbers to two decimals; all zero is the default and leaves no trace."""
    text = ",".join(f"{v:.2f}".rstrip("0").rstrip(".") or "0" for v in values)
    write(name, text if any(values) else None)
