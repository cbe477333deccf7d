"""Time series in text: .ts of sktime, .tsv of the UCR archive, and tables with a row or a column for each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError, Kind
from latentlab.data.files.archives import MAX_BYTES, check_inflated_size, counted, listing, shown
from latentlab.data.files.arrays import Examples, Values, rows_as_examples

LEAST_TIMES = 8  # of a series in a table
HEAD = 1 << 16  # bytes in which a table shows what it is
UCR = re.compile(r".+_(TRAIN|TEST)\.(tsv|txt|csv)", re.IGNORECASE)
AT_TIME = re.compile(r"(?:t|time|step)[_ ]?(\d+)", re.IGNORECASE)  # the name of a column
TIMES = ("time", "t", "timestep", "time_step", "timestamp", "step", "frame", "datetime", "date")
SERIES = ("id", "series", "series_id", "unit", "subject", "sequence", "sample", "case", "case_id", "trial", "run")


def read_ts(path: Path) -> Examples:
    """The series of a .ts file of sktime: values between commas, dimensions between colons, the label last.

    Raises:
        DataError: damaged, too large, with time stamps, or of several lengths.
    """
    name = shown(path.name)
    head, _, body = _text(path).partition("@data")
    says = {words[0].lower(): words[1:] for line in head.splitlines() if (words := line.strip().lstrip("@").split())}
    if not body.strip():
        raise DataError(f"{name} has no @data, or nothing after it.")
    if says.get("timestamps", ["false"])[0].lower() == "true":
        raise DataError(f"{name} has a time stamp at each value; save the values alone, at the same times.")
    labelled = any(says.get(one, ["false"])[0].lower() == "true" for one in ("classlabel", "targetlabel"))
    labels, rows = [], []
    for line in body.split("\n"):
        if line.strip() and not line.startswith("#"):
            parts = line.strip().split(":")
            labels.append(parts.pop() if labelled else "")
            rows.append([_numbers(part.split(","), name) for part in parts])
    found = _numeric(np.array(labels, object)) if labelled else None
    return _as_series([np.stack(row, axis=1) if _even(row) else None for row in rows], found, {}, name)


def is_ucr(path: Path) -> bool:
    """Whether a table is one of the UCR archive: its name says so, no header, and a whole number before each series."""
    if not UCR.fullmatch(path.name) and path.suffix.lower() != ".tsv":
        return False
    with path.open("rb") as stream:
        lines = stream.read(HEAD).decode("latin-1").splitlines()
    try:
        rows = np.array([re.split(r"[\s,]+", line.strip()) for line in lines[: max(1, len(lines) - 1)]], float)
    except ValueError:
        return False
    if rows.ndim != 2 or rows.shape[1] <= LEAST_TIMES or not (rows[:, 0] == np.rint(rows[:, 0])).all():
        return False
    return bool(UCR.fullmatch(path.name)) or not (rows[:, 1:] == np.rint(rows[:, 1:])).all()


def read_ucr(path: Path) -> Examples:
    """The series of the UCR archive: a row each, the class first.

    Raises:
        DataError: damaged, too large, or of several lengths.
    """
    name = shown(path.name)
    rows = [_numbers(re.split(r"[\s,]+", line.strip()), name) for line in _text(path).splitlines() if line.strip()]
    if not rows or len({len(row) for row in rows}) > 1:
        raise DataError(f"{name} has rows of several lengths; cut or fill them to one.")
    table = np.stack(rows)
    found = _as_series(list(table[:, 1:, None]), table[:, 0], {}, name)
    return found._replace(notes=(*found.notes, "The first number of each row is its class, as in the UCR archive."))


def is_long(path: Path) -> bool:
    """Whether a table has columns called as in `TIMES` and in `SERIES` and more, and several times for a series."""
    with path.open("rb") as stream:
        lines = stream.read(HEAD).decode("latin-1").splitlines()
    separator = max(",;\t", key=lines[0].count) if lines else ","
    header = [cell.strip().strip('"\ufeff').lower() for cell in (lines[0] if lines else "").split(separator)]
    time, key = _first(TIMES, header), _first(SERIES, header)
    if time is None or key is None or len(header) < 3:
        return False
    cells = [line.split(separator) for line in lines[1:-1]]
    keys = [row[header.index(key)] for row in cells if len(row) == len(header)]
    return len(keys) >= LEAST_TIMES and len(set(keys)) * 2 <= len(keys)


def read_long(path: Path) -> Examples:
    """The series of a table with a row for each time: the columns of numbers are its values.

    A column that has one value in all rows of each series is one of the series, or its label.

    Raises:
        DataError: damaged, too large, or of several lengths.
    """
    import pandas as pd  # type: ignore[import-untyped]

    name = shown(path.name)
    text = _text(path)
    try:
        frame = pd.read_csv(path, sep=max(",;\t", key=text.partition("\n")[0].count), low_memory=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{name} is not a table that can be read.") from error
    lower = {str(one).strip().lower(): one for one in reversed(list(frame.columns))}
    time, key = lower[_first(TIMES, lower) or ""], lower[_first(SERIES, lower) or ""]
    frame = frame.sort_values([key, time], kind="stable")
    groups = frame.groupby(key, sort=False)
    rest = [one for one in frame.columns if one not in (time, key)]
    fixed = [one for one in rest if (groups[one].nunique(dropna=False) == 1).all()]
    values = [one for one in rest if one not in fixed and frame[one].dtype.kind in "biuf"]
    if not values:
        raise DataError(f"{name} has no column of numbers that change with {shown(str(time))}.")
    starts = np.flatnonzero(np.diff(groups.ngroup().to_numpy(), prepend=-1))
    parts = np.split(frame[values].to_numpy(np.float64), starts[1:])
    columns = {str(one): _numeric(frame[one].to_numpy(object)[starts]) for one in (key, *fixed)}
    label = next((one for one in columns if one.lower() in ("label", "class", "target", "y")), "")
    labels = columns.pop(label, None)
    found = _as_series([part if len(part) else None for part in parts], labels, columns, name)
    notes = (*found.notes, f"A row for each {shown(str(time))} of each {shown(str(key))}: {listing(values)}.")
    names = tuple(map(str, values)) if len(values) == found.x.shape[-1] else ()
    return found._replace(notes=notes, features=names, id=str(key), label=label or "label")


def named_times(found: Examples) -> Examples:
    """Vectors whose numbers are called t0, t1, … one after the other, as series of one value; any other as they are."""
    matches = [AT_TIME.fullmatch(name) for name in found.features]
    if found.x.ndim != 2 or len(matches) < LEAST_TIMES or not all(matches):
        return found
    times = [int(match[1]) for match in matches if match]
    if times != list(range(times[0], times[0] + len(times))):
        return found
    note = (
        f"The columns {shown(found.features[0])} to {shown(found.features[-1])} are series of one value at each time."
    )
    return found._replace(x=found.x[:, :, None], kind=Kind.SEQUENCE, features=(), notes=(*found.notes, note))


def _as_series(
    rows: Sequence[NDArray[np.float64] | None], labels: Values | None, columns: dict[str, Values], name: str
) -> Examples:
    """Series (T, C) of one length."""
    lengths = {-1 if row is None else len(row) for row in rows}
    if len(lengths) != 1 or lengths & {-1, 0} or len({row.shape[1] for row in rows if row is not None}) != 1:
        size = f"of {min(lengths)} to {max(lengths)} times" if lengths and min(lengths) > 0 else "of several lengths"
        raise DataError(f"{name} has series {size}; cut or fill them to one length.")
    x = np.stack([row for row in rows if row is not None])
    found = rows_as_examples(Examples(x.reshape(len(x), -1), labels, columns, (), ()), name)
    series = found.x.reshape(-1, *x.shape[1:])
    what = f"{len(series):,} series of {counted(x.shape[2], 'value')} at each of {x.shape[1]:,} times."
    return found._replace(x=series, kind=Kind.SEQUENCE, notes=(what, *found.notes[1:]))


def _text(path: Path) -> str:
    check_inflated_size(shown(path.name), path.stat().st_size, path.stat().st_size)
    try:
        return path.read_bytes()[:MAX_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{shown(path.name)} is not text in UTF-8.") from error


def _numbers(cells: Sequence[str], name: str) -> NDArray[np.float64]:
    """(T,) NaN for what is missing."""
    try:
        return np.array([np.nan if cell.strip() in ("?", "") else float(cell) for cell in cells])
    except ValueError as error:
        raise DataError(
            f"{name} has text among its numbers: {shown(str(error).rpartition(':')[2].strip())}."
        ) from error


def _even(row: Sequence[Values]) -> bool:
    return len(row) > 0 and len({len(part) for part in row}) == 1


def _numeric(words: NDArray[Any]) -> Values:
    """Numbers where all are, else text."""
    try:
        return np.array([float(word) for word in words])
    except (TypeError, ValueError):
        return np.array([str(word).strip() for word in words], object)


def _first(keys: Sequence[str], found: Any) -> str | None:
    return next((key for key in keys if key in found), None)
