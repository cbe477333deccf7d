"""What each column of uploaded data is for: proposed by the reader, and set here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from latentlab.data import DataError
from latentlab.data.files.options import LARGEST_WINDOW, ReadOptions, Scaling
from latentlab.data.files.readings.preparation import AS_THEY_ARE, MOST_FILLED, Missing, Preparation, SameTime
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.roles import Role, Roles
from pages.shared.text import plain
from pages.shared.visit import Slot

Change = Callable[[str, Role], None]

MANY = 40  # columns, from which on those of the vector are one line
LONGEST = 60  # characters of an example
LABEL: Slot[str] = Slot("own-label")  # the widget that chooses the label; empty for none
SAME = {
    SameTime.KEEP: "keep all",
    SameTime.FIRST: "keep the first",
    SameTime.MEAN: "take their mean",
}
FILLS = {
    Missing.DROP: "drop the row",
    Missing.CARRY: "carry the last on",
    Missing.INTERPOLATE: "interpolate in time",
}
SCALES = {
    Scaling.RANGE: "from 0 to 1",
    Scaling.STANDARD: "by mean and deviation",
    Scaling.ROBUST: "by median and quartiles",
}
ROLE = "own-role-"  # with the name of a column: the widget that chooses its role
FIT, HEIGHT, WIDTH = 12, 560, 150  # columns without a scroll bar; pixels down of more, and across of a widget


def requested(options: ReadOptions) -> Roles:
    """The roles that were set, of a table that can't be read with them."""
    single = (options.label, options.id, options.title, options.image, options.split)
    label, identifier, title, image, split = (one or "" for one in single)
    factors, time = options.factors or (), options.time or ""
    return Roles(options.vector, label, identifier, title, image, split, options.drop, (), factors, time)


def choose_label(table: Table, roles: Roles, change: Change) -> None:
    """Ask for the class."""
    columns = [one for one in table.columns if not _is_wide(table, one)]
    LABEL.set(roles.label)
    st.selectbox(
        "Which column is the class?",
        ["", *columns],
        format_func=lambda column: column or "none",
        key=LABEL.name,
        on_change=lambda: change(*_labelled(LABEL.get(""), roles)),
    )


def choose_window(said: ReadOptions, key: str) -> ReadOptions:
    """Ask how many rows of readings make an example.

    Args:
        said: with which they were read.
        key: of the files.
    """
    n = st.number_input(
        "Rows of an example", 1, LARGEST_WINDOW, max(1, said.window), key=f"window-{key}", width=200,
        help="1: each row by itself; more: windows of rows that follow each other in time",
    )  # fmt: skip
    return replace(said, window=int(n) if n > 1 else 0)


def choose_scaling(said: ReadOptions, key: str) -> ReadOptions:
    """Ask how models see the numbers.

    Args:
        said: with which they were read.
        key: of the files.
    """
    how = st.selectbox(
        "Models see the numbers", SCALES, [*SCALES].index(said.scaling), format_func=SCALES.__getitem__,
        key=f"scaling-{key}", width=320,
        help="Measured on the examples for training. Of a range, one number far from the others takes most",
    )  # fmt: skip
    return replace(said, scaling=how)


def choose_preparation(said: ReadOptions, table: Table, key: str) -> ReadOptions:
    """Ask how readings are prepared, in an expander.

    Args:
        said: with which they were read.
        table: the first rows.
        key: of the files.
    """
    how = said.preparation
    numbers = [one for one in table.columns if table.columns[one].ndim == 1 and table.columns[one].dtype.kind in "biuf"]
    with st.expander("Prepare the readings", expanded=how != AS_THEY_ARE, icon=":material/tune:"):
        left, right = st.columns(2)
        step = left.text_input(
            "Resample to steps of", how.step, placeholder="as they are", max_chars=20, key=f"step-{key}",
            help="Such as 15 min, 1 h or 30 s: readings become their mean in each step",
        )  # fmt: skip
        same = right.selectbox(
            "Rows of the same time", SAME, [*SAME].index(how.same_time), format_func=SAME.__getitem__, key=f"same-{key}"
        )
        left, right = st.columns(2)  # by pairs, so that they stay together on a narrow screen
        missing = left.selectbox(
            "Missing readings", FILLS, [*FILLS].index(how.missing), format_func=FILLS.__getitem__, key=f"missing-{key}"
        )
        most = right.number_input(
            "For at most so many steps", 1, MOST_FILLED, how.most, key=f"most-{key}", disabled=missing is Missing.DROP
        )
        left, right = st.columns(2)
        rest = left.selectbox(
            "Leave out rows by", ["", *numbers], ["", *numbers].index(how.rest) if how.rest in numbers else 0,
            format_func=lambda one: one or "no column", key=f"rest-{key}",
            help="Night, or a machine at rest: rows in which this column is low. No window goes across them",
        )  # fmt: skip
        least = right.number_input(
            "Where it is below", value=how.least, key=f"least-{key}", format="%.6g", disabled=not rest
        )
    try:
        return replace(said, preparation=Preparation(step, missing, int(most), same, rest, float(least)))
    except DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return said


def choose_roles(table: Table, roles: Roles, change: Change, *, alone: bool) -> None:
    """The columns with an example and a role each, which can be changed.

    Args:
        table: the first rows.
        roles: what the columns are for.
        change: what is called with a column and its new role, before the page runs again.
        alone: no other file has the examples.
    """
    listed = list(table.columns)
    if len(listed) > MANY and roles.vector:
        listed = [one for one in listed if one not in set(roles.vector)]
        _choose_out(roles.vector, change)
    out = Role.IMAGE if alone and not any(_is_wide(table, one) for one in table.columns) else None
    if not alone:
        out = Role.VECTOR
    offered = [role for role in Role if role is not out]
    if listed:
        st.caption("What each column is")
    with st.container(height=HEIGHT if len(listed) > FIT else "content", border=False, gap="xsmall"):
        for one in listed:
            slot: Slot[Role] = Slot(f"{ROLE}{one}")
            slot.set(_role(table, roles, one))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{plain(one)} :gray[{plain(_example(table, one))}]", width="stretch")
                st.selectbox(
                    f"What {one} is",
                    offered,
                    format_func=lambda role: role.value,
                    key=slot.name,
                    label_visibility="collapsed",
                    width=WIDTH,
                    on_change=lambda one=one, slot=slot: change(one, slot.get(Role.COLOUR)),
                )


def _choose_out(vector: tuple[str, ...], change: Change) -> None:
    """One line for the columns of a long vector, from which one can be left out."""
    slot: Slot[str | None] = Slot("own-out")
    slot.set(None)
    st.caption(f"The vector: {len(vector):,} columns, {plain(vector[0])} … {plain(vector[-1])}.")
    st.selectbox(
        "Leave out of the vector",
        vector,
        key=slot.name,
        placeholder="a column",
        on_change=lambda: change(slot.get() or vector[0], Role.OUT),
    )


def _labelled(chosen: str, roles: Roles) -> tuple[str, Role]:
    return (chosen, Role.LABEL) if chosen else (roles.label, Role.COLOUR)


def _is_wide(table: Table, column: str) -> bool:
    return table.holds_lists(column) or table.holds_images(column)


def _role(table: Table, roles: Roles, column: str) -> Role:
    role = roles.of(column)
    return Role.OUT if role is Role.COLOUR and _is_wide(table, column) else role  # nothing is coloured by lists


def _example(table: Table, column: str) -> str:
    """The first value that there is."""
    values = table.columns[column].tolist()
    value = next((one for one in values if one == one and one not in ("", None)), "")
    if isinstance(value, list):
        return f"{len(value):,} numbers: {', '.join(f'{one:.4g}' for one in value[:3])} …"
    if isinstance(value, bytes):
        return f"an image of {len(value):,} bytes"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
