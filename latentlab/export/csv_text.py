"""Tables as CSV that a spreadsheet takes for numbers and words, never for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


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
