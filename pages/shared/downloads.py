"""What can be taken away from a page: files, which are made when they are requested, and tables as CSV."""

from __future__ import annotations

import csv
import io
import mimetypes
from collections.abc import Callable, Iterable, Sequence

import streamlit as st


def download(label: str, content: Callable[[], str | bytes], name: str, about: str | None = None) -> None:
    """Offer a file, which is made when it is requested."""
    st.download_button(
        label, content, name, mimetypes.guess_type(name)[0], on_click="ignore", icon=":material/download:", help=about
    )


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    r"""The rows of a table, its head first, as CSV: a cell with a comma, a quote or a line break is quoted (RFC 4180).

    Before text that a spreadsheet would take for a formula stands an apostrophe; numbers stay numbers.

    >>> csv_text([["row", "class"], ["1", 'a "big", red one']])
    'row,class\n1,"a ""big"", red one"\n'
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_no_formula(cell) for cell in row] for row in rows)
    return out.getvalue()


def _no_formula(cell: str) -> str:
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
