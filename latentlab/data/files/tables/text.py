"""Tables in text: .csv, .tsv, .txt and the like, in any dialect, gzipped or not."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import Any

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import check_inflated_size, listing
from latentlab.data.files.arrays import Values
from latentlab.data.files.containers.parquet import check_cells
from latentlab.data.files.tables.cells import MISSING, lists, numbers, plain
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.dialect import Dialect, find
from latentlab.data.files.tables.encodings import as_utf8, unpacked

LOOK = 1000  # rows
MOST_CODES = 3  # columns of digits that are no numbers


def read_text(name: str, content: bytes, n_rows: int | None = None, most: int | None = None) -> Table:
    """The columns of a text table.

    Args:
        name: of the file, for messages.
        content: of the file.
        n_rows: how many rows it should have, where another file says so.
        most: how many rows are read; all if None.

    Raises:
        DataError: no text, no table, or too large.
    """
    check_inflated_size(name, len(content), len(content))
    text = as_utf8(name, unpacked(name, content))
    dialect = find(text.content, n_rows)
    frame, codes = _frame(name, text.content, dialect, most)
    notes = [dialect.sentence] if dialect.sentence else []
    if text.encoding != "UTF-8":
        notes.insert(0, f"{name} is text in {text.encoding}.")
    columns, kept = dict[str, Values](), list[tuple[str, str]]()
    for column, series in frame.items():
        columns[column], words = _column(name, series, "" if column in codes else dialect.decimal)
        kept += words
    if kept:
        meant = sorted({word for _, word in kept})
        notes.append(
            f"{listing(meant)} in {listing([*dict(kept)])}: taken as {'words' if len(meant) > 1 else 'a word'}."
        )
    row_name = frame.columns[0] if dialect.row_names else ""
    return Table(columns, tuple(notes), row_name)


def _column(name: str, series: Any, decimal: str) -> tuple[Values, list[tuple[str, str]]]:
    """A column, and the words of it that elsewhere stand for nothing; without a decimal sign it holds no numbers."""
    if series.dtype.kind in "biuf":
        return plain(series), []
    if decimal and (found := numbers(series, decimal)) is not None:
        return found, []
    words = plain(series)
    try:
        vectors = lists(series.name, words)
    except DataError as error:
        raise DataError(f"{name} can't be used: {error}.") from error
    if vectors is not None:
        return vectors, []
    few = set(words.tolist()) if len(words) else set()
    return words, [(series.name, word) for word in few if word and word.strip().lower() in MISSING and len(few) <= LOOK]


def _frame(name: str, content: bytes, dialect: Dialect, most: int | None) -> tuple[Any, set[str]]:
    """The table as pandas reads it, and the columns whose digits are no numbers."""
    import pandas as pd  # type: ignore[import-untyped]

    content = content[dialect.start :]
    if dialect.remark:
        content = re.sub(rb"(?m)^" + re.escape(dialect.remark) + rb"[^\r\n]*(\r\n|\n|\r|\Z)", b"", content)
    ends = [at for at in (content.find(b"\n"), content.find(b"\r")) if at >= 0]
    head = content[: min(ends, default=len(content))]
    n_cells = len(head.split()) if dialect.separator == " " else head.count(dialect.separator.encode()) + 1
    check_cells(name, max(content.count(b"\n"), content.count(b"\r")) + 1, n_cells)
    how: dict[str, Any] = {
        "sep": r"\s+" if dialect.separator == " " else dialect.separator,
        "decimal": dialect.decimal if dialect.decimal != dialect.separator else ".",
        "header": 0 if dialect.header else None,
        "keep_default_na": False,
        "na_values": [""],
        "index_col": False if dialect.trailing else None,
        "encoding": "utf-8",
        "skipinitialspace": True,
        "quoting": csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
    }
    codes = _codes(_parse(name, content, how | {"nrows": LOOK, "dtype": str}))
    how |= {"nrows": most, "low_memory": False, "dtype": dict.fromkeys(codes, str)}
    try:
        frame = _parse(name, content, how)
    except DataError:
        if dialect.separator not in "\t ":
            raise
        frame = _parse(name, content, how | {"quoting": csv.QUOTE_NONE})  # a quotation mark that is none
    names = [str(one).strip() for one in frame.columns]
    if not dialect.header:
        names = list(dialect.names) or [str(k + 1) for k in range(frame.shape[1])]
    not_numbers = {names[k] for k, one in enumerate(frame.columns) if one in codes}
    frame.columns = names
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas takes the surplus cell for a name of the row
        if not dialect.row_names or frame.index.nlevels > 1:
            raise DataError(f"{name} has rows with more cells than its header.")
        frame = frame.reset_index(names="row" if "row" not in names else "row name")
    frame = frame.drop(columns=[one for one in names if one.startswith("Unnamed: ") and frame[one].isna().all()])
    if frame.columns.has_duplicates:
        raise DataError(f"{name} has two columns of one name.")
    return frame, not_numbers


def _codes(start: Any) -> list[Any]:
    """The columns of numbers with zeros before them, such as 0007: they are names."""
    found = []
    for column in start.columns:
        words = start[column].dropna()
        if words.str.fullmatch(r"\d{2,}").all() and words.str.startswith("0").any() and words.str.len().nunique() == 1:
            found.append(column)
    return found if len(found) <= MOST_CODES else []


def _parse(name: str, content: bytes, how: dict[str, Any]) -> Any:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            return pd.read_csv(io.BytesIO(content), **how)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
        said = str(error).rpartition("error: ")[2].strip().rstrip(".").lower().replace("\n", " ").replace(". ", "; ")
        raise DataError(f"{name} is not a table: {said}.") from error
