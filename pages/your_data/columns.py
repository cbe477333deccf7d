"""What each column of an uploaded table is for: proposed by the reader, and set here."""

from __future__ import annotations

import streamlit as st

from latentlab.data.files.columns import Table
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.roles import Role, Roles, reassigned
from pages.shared.text import plain
from pages.shared.visit import Slot

MANY = 200  # columns, from which on those of the vector are one line
LONGEST = 60  # characters of an example
LABEL: Slot[str] = Slot("own-label")  # the widget that chooses the label; empty for none
CHOSEN_HERE: Slot[bool] = Slot("own-label-chosen")  # the widget, not the reader, chose it in this run of the page


def requested(options: ReadOptions) -> Roles:
    """The roles that were set, of a table that can't be read with them."""
    label, identifier, title, image = (one or "" for one in (options.label, options.id, options.title, options.image))
    return Roles(options.vector, label, identifier, title, image, "", options.drop, ())


def choose_label(table: Table, roles: Roles, options: ReadOptions) -> ReadOptions:
    """Ask for the class; returns the options with the answer."""
    columns = [one for one in table.columns if not _is_wide(table, one)]
    if not CHOSEN_HERE.pop():
        LABEL.set(roles.label)
    chosen = st.selectbox(
        "Which column is the class?",
        ["", *columns],
        format_func=lambda column: column or "none",
        key=LABEL.name,
        on_change=CHOSEN_HERE.set,
        args=(True,),
    )
    if chosen == roles.label:
        return options
    column, role = (chosen, Role.LABEL) if chosen else (roles.label, Role.COLOUR)
    return reassigned(options, roles, list(table.columns), column, role)


def choose_roles(table: Table, roles: Roles, options: ReadOptions, key: str, *, alone: bool) -> ReadOptions:
    """The columns with an example and a role each, which can be changed.

    Args:
        table: the first rows.
        roles: what the columns are for.
        options: with which the table was read.
        key: of the files.
        alone: no other file has the examples.

    Returns:
        The options with what was changed.
    """
    columns = list(table.columns)
    listed = [one for one in columns if one != roles.split]
    if len(columns) > MANY and roles.vector:
        listed = [one for one in listed if one not in set(roles.vector)]
        first, last = roles.vector[0], roles.vector[-1]
        st.caption(f"The vector: {len(roles.vector):,} columns, {plain(first)} … {plain(last)}.")
    if not listed:
        return options
    rows = [{"column": one, "example": _example(table, one), "is": _role(table, roles, one).value} for one in listed]
    out = Role.IMAGE if alone and not any(_is_wide(table, one) for one in columns) else None
    if not alone and not roles.vector:
        out = Role.VECTOR
    offered = [role.value for role in Role if role is not out]
    st.caption("What each column is: double-click a cell in the last column to change it.")
    edited = st.data_editor(
        rows,
        hide_index=True,
        disabled=("column", "example"),
        column_config={"is": st.column_config.SelectboxColumn("is the", options=offered, required=True)},
        height=min(38 + 35 * len(rows), 600),
        key=f"roles-{hash((key, options))}",
        alt="What each column is for",
    )
    for before, after in zip(rows, edited, strict=True):
        if before["is"] != after["is"]:
            return reassigned(options, roles, columns, before["column"], Role(after["is"]))
    return options


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
