"""The address: it contains the view, so that a link opens the same one; invalid values are reported and ignored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.box import Box
from pages.shared.text import plain
from pages.shared.visit import Slot

PLACE = (  # what only means something for one model
    "z", "pins", "axes", "weights", "at", "box", "mask", "mapped", "examples", "epoch", "across", "up", "depth",
    "learning", "loop", "selected", "clicked", "latent", "class", "above", "drawn", "pixel", "true",
    "predicted", "only", "example", "inner",
)  # fmt: skip
DROPPED: Slot[list[str]] = Slot("dropped")  # parameters that had nothing that can be shown
_WARNINGS: ContextVar[DeltaGenerator | None] = ContextVar("warnings", default=None)
LONGEST = 4000  # characters of a parameter that are read


def forget_place() -> None:
    """Forget where in a latent space the address points to: another model was chosen."""
    for name in PLACE:
        write(name, None)


def read(name: str) -> str | None:
    """The text of a parameter, or None."""
    value = st.query_params.get(name)
    return value[:LONGEST] if value is not None else None


def drop_endless_numbers() -> None:
    """Remove what is no finite number though it is written as one, with a sentence: no control can show it.

    Called first on a page, whose `place_warnings` comes later.
    """
    _WARNINGS.set(None)
    for name in DROPPED.pop() or ():
        st.warning(f"The link's “{name}” is nothing that can be shown, so the view starts from its default.")
    endless = []
    for name in list(st.query_params):
        try:
            finite = all(math.isfinite(float(text)) for text in st.query_params.get_all(name))
        except ValueError:
            continue
        if not finite:
            endless.append(name)
    if endless:
        drop(*endless)


def place_warnings() -> None:
    """Draw what is wrong with the address here, whatever part of the page finds it, and however far below."""
    _WARNINGS.set(st.container(key="link-warnings"))


def warn(sentence: str) -> None:
    """Say what is wrong with the address, at the top of the page if that has a place for it."""
    (_WARNINGS.get() or st).warning(sentence)


def drop(*names: str) -> NoReturn:
    """Remove parameters, and say so; the page runs again, as its controls were given the address before."""
    for name in names:
        write(name, None)
    DROPPED.set([*DROPPED.get([]), *names])
    st.rerun()


def write(name: str, value: str | None) -> None:
    """Set a parameter, or remove it with None; nothing is sent if it stays the same."""
    if value is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def read_choice(name: str, options: Sequence[str], default: str) -> str:
    """One of some options; the default, with a sentence on the page, if the address requests anything else."""
    requested = read(name)
    if requested is None or requested in options:
        return requested or default
    warn(
        f"The link's “{name}” is “{plain(requested[:40])}”, which isn't offered here, so the view starts from its "
        "default."
    )
    write(name, None)
    return default


def read_numbers(name: str, n: int, low: float, high: float) -> list[float] | None:
    """n numbers of [low, high] separated by commas; None, with a sentence on the page, if they are anything else."""
    text = read(name)
    if not text:
        return None
    values = _numbers(text, n, low, high)
    if values is None:
        what = f"{n} numbers between {low:g} and {high:g}"
        warn(f"The link's “{name}” is not {what}, so the view starts from its default.")
        write(name, None)
    return values


def read_count(name: str) -> int:
    """A whole number from 0 on, of few digits; 0 if the address has anything else."""
    text = read(name) or "0"
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def read_box(name: str, limit: float) -> Box | None:
    """A box of the plane with edges within ±limit; None, with a sentence on the page, if it is anything else."""
    edges = read_numbers(name, 4, -limit, limit)
    if edges is None:
        return None
    box = Box(*edges)
    if box.is_proper:
        return box
    warn(f"The link's “{name}” is not a left, a right, a lower and an upper edge, so all of the plane is shown.")
    write(name, None)
    return None


def write_numbers(name: str, values: Sequence[float]) -> None:
    """Write numbers to two decimals; all zero is the default and leaves no trace."""
    write(name, _text(values) if any(values) else None)


def read_codes(name: str, n: int, limit: float) -> tuple[tuple[float, ...], ...]:
    """Codes of n numbers within ±limit, separated by semicolons; none, with a sentence, if one is anything else."""
    found = [_numbers(part, n, -limit, limit) for part in (read(name) or "").split(";") if part]
    if None in found:
        warn(f"The link's “{name}” are not places of this latent space, so they are left out.")
        write(name, None)
        return ()
    return tuple(tuple(code) for code in found[:8] if code is not None)


def read_points(name: str, n: int, most: int, limit: float) -> tuple[tuple[float, ...], ...]:
    """At most so many points of n numbers within ±limit, separated by semicolons; none, with a sentence, if not."""
    found = [_numbers(part, n, -limit, limit) for part in (read(name) or "").split(";") if part]
    if None in found or len(found) > most:
        warn(f"The link's “{name}” is not at most {most} times {n} numbers, so the view starts without them.")
        write(name, None)
        return ()
    return tuple(tuple(point) for point in found if point is not None)


def write_codes(name: str, codes: Sequence[Sequence[float]]) -> None:
    """Write codes to two decimals, separated by semicolons."""
    write(name, ";".join(_text(code) for code in codes) or None)


def _numbers(text: str, n: int, low: float, high: float) -> list[float] | None:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    fits = len(values) == n and all(math.isfinite(v) and low <= v <= high for v in values)
    return values if fits else None


def _text(values: Sequence[float]) -> str:
    return ",".join(f"{round(v, 2) + 0:g}" for v in values)  # + 0 turns -0 into 0
