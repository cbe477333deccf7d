"""Tables: the numeric columns are the vector, one column may be the label and one the path of an image."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import (
    Member,
    Skips,
    check_inflated_size,
    counted,
    file_member,
    inside,
    listing,
    shown,
)
from latentlab.data.files.arrays import Examples, Values
from latentlab.data.files.image_files import decode
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.parquet import check_cells, read_parquet

LABELS = ("label", "class", "target", "y")  # columns that are taken for the label, the first that is there
MAX_CLASSES = 1000
LEAST_NUMBERS = 0.5  # share of a column's cells that must be numbers for it to belong to the vector
SEPARATORS = ",;\t|"


class _Vector(NamedTuple):
    names: list[str]
    x: NDArray[np.float32]  # (N, len(names)); NaN or infinite where a cell is no number
    others: list[str]  # columns that aren't part of it
    notes: list[str]


def read_table(path: Path, options: ReadOptions) -> Examples:
    """The examples of a .csv, .tsv or .parquet file.

    A column belongs to the vector if at least `LEAST_NUMBERS` of its cells are finite numbers, and a row is dropped if
    a cell of the vector isn't one. The numbers are kept as they are: nothing is standardised.

    Args:
        path: the file.
        options: what its columns are. The label is the first of `LABELS` that is there and can be one, if it isn't
            said; paths of images are relative to the file's folder.

    Raises:
        DataError: damaged, too large, no such column, or nothing that is a number.
    """
    name = shown(path.name)
    frame = read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    frame.columns = [str(column) for column in frame.columns]
    columns: list[str] = list(frame.columns)
    if len(set(columns)) < len(columns):
        raise DataError(f"{name} has two columns of one name.")
    if frame.empty:
        raise DataError(f"{name} has no rows.")
    for requested in options.named:
        if requested not in columns:
            raise DataError(f"{name} has no column called {shown(requested)}, only {listing(columns)}.")
    image, label = options.image, options.label
    if label is None:
        label = next(_possible_labels(frame, [one for one in columns if one != image]), "")
    if image:
        return _pictured(path, frame, label, image, options.size)
    return _vectors(name, frame, label)


def column_names(path: Path) -> tuple[str, ...]:
    """The columns of a table, without reading more of it than its start.

    Raises:
        DataError: damaged or too large.
    """
    columns = read_parquet(path, 0).columns if path.suffix.lower() == ".parquet" else _read_csv(path, 1).columns
    return tuple(map(str, columns))


def _vectors(name: str, frame: Any, label: str) -> Examples:
    vector = _vector(frame, [one for one in frame.columns if one != label])
    if not vector.names:
        raise DataError(f"{name} has no column of numbers.")
    bad = ~np.isfinite(vector.x)
    good = ~bad.any(axis=1)
    if not good.any():
        raise DataError(f"{name} has text, NaN, infinity or nothing among the numbers of every row.")
    where = [vector.names[k] for k in np.flatnonzero(bad.any(axis=0))]
    notes = [f"{counted(int(good.sum()), 'vector')} of {counted(len(vector.names), 'number')}."]
    if where:
        dropped = counted(int((~good).sum()), "row")
        notes.append(f"{dropped} dropped: text, NaN, infinity or nothing in {listing(where)}.")
    columns = {one: _column(frame[one])[good] for one in vector.others}
    labels = _column(frame[label])[good] if label else None
    notes += [*vector.notes, f"Labels from the column {shown(label)}." if label else "No column is the label."]
    return Examples(vector.x[good], labels, columns, tuple(vector.names), tuple(notes))


def _pictured(path: Path, frame: Any, label: str, image: str, max_side: int) -> Examples:
    skips, found, rows = Skips(), list[Member](), list[int]()
    for row, cell in enumerate(_column(frame[image])):
        member = _listed_image(path.parent, str(cell), skips)
        if member is not None:
            found.append(member)
            rows.append(row)
    pictures = decode(path.name, found, skips, max_side)
    kept = frame.iloc[[rows[k] for k in pictures.kept]]
    columns = {one: _column(kept[one]) for one in frame.columns if one != label}
    notes = (*pictures.notes, *skips.sentences())
    return Examples(pictures.x, _column(kept[label]) if label else None, columns, (), notes)


def _listed_image(folder: Path, cell: str, skips: Skips) -> Member | None:
    """The file that a cell names; a path that leaves the folder, by itself or through a link, is skipped."""
    name = inside(cell) if cell else ""
    if not name:
        skips.add(cell or "an empty cell", "outside the folder" if cell else "no path")
        return None
    try:
        parts = [folder.joinpath(*name.split("/")[:n]) for n in range(1, name.count("/") + 2)]
        if any(part.is_symlink() for part in parts):
            skips.add(cell, "a symbolic link")
        elif not parts[-1].is_file():
            skips.add(cell, "missing")
        else:
            return file_member(folder, name)
    except (OSError, ValueError):  # too long for a file's name, or a zero byte in it
        skips.add(cell, "missing")
    return None


def _possible_labels(frame: Any, columns: Sequence[str]) -> Iterator[str]:
    by_lower = {one.lower(): one for one in reversed(columns)}
    for name in (by_lower[one] for one in LABELS if one in by_lower):
        values = _column(frame[name])
        if values.dtype.kind == "f":
            finite = values[np.isfinite(values)]
            if (finite != np.rint(finite)).any():
                continue
        if 0 < len(set(values.tolist())) <= MAX_CLASSES:
            yield name


def _vector(frame: Any, columns: Sequence[str]) -> _Vector:
    names, others, sparse, counters, numbers = [], [], [], [], []
    for name in columns:
        values = _numbers(frame[name])
        share = float(np.isfinite(values).mean())
        if _counts_rows(name, values):
            counters.append(name)
        elif share >= LEAST_NUMBERS:
            names.append(name)
            numbers.append(values)
            continue
        elif share > 0:
            sparse.append(name)
        others.append(name)
    notes = []
    if text := [one for one in others if one not in (*sparse, *counters)]:
        notes.append(f"{counted(len(text), 'column')} beside the vector, as they hold no numbers: {listing(text)}.")
    if sparse:
        notes.append(
            f"{counted(len(sparse), 'column')} left out, as less than half of it is numbers: {listing(sparse)}."
        )
    if counters:
        notes.append(f"{counted(len(counters), 'column')} left out, as it only counts the rows: {listing(counters)}.")
    empty = np.empty((len(frame), 0), np.float32)
    return _Vector(names, np.stack(numbers, axis=1) if numbers else empty, others, notes)


def _numbers(series: Any) -> NDArray[np.float32]:
    """(N,) float32; NaN where a cell is no number, infinite where float32 can't hold it."""
    import pandas as pd  # type: ignore[import-untyped]

    if not pd.api.types.is_numeric_dtype(series):  # as text, or dates would become nanoseconds
        series = pd.to_numeric(series.astype("string"), errors="coerce")
    with np.errstate(over="ignore"):
        values: NDArray[np.float32] = series.to_numpy(np.float64, na_value=np.nan).astype(np.float32)
    return values


def _counts_rows(name: str, values: NDArray[np.float32]) -> bool:
    """Whether a column is the index that pandas and databases write."""
    if name.lower() not in ("id", "index", "__index_level_0__", "unnamed: 0"):
        return False
    return bool(len(values) < 1 << 24 and (np.diff(values) == 1).all() and values[0] in (0, 1))


def _column(series: Any) -> Values:
    """(N,) booleans, integers or float64; anything else as text, empty where there is nothing."""
    missing = bool(series.isna().any())
    if series.dtype.kind in "biu" and not missing:
        return np.asarray(series.to_numpy(series.dtype.kind + ("1" if series.dtype.kind == "b" else "8")))
    if series.dtype.kind in "biuf":
        return np.asarray(series.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(series.astype("string").fillna("").to_numpy(object))


def _read_csv(path: Path, n_rows: int | None = None) -> Any:
    import pandas as pd

    name, n_bytes = shown(path.name), path.stat().st_size
    check_inflated_size(name, n_bytes, n_bytes)
    content = path.read_bytes()
    try:
        head = content[: content.find(b"\n") if b"\n" in content else None].decode("utf-8-sig")
        separator = max(SEPARATORS, key=head.count)
        cells = head.rstrip("\r").split(separator)
        n_lines = max(content.count(b"\n"), content.count(b"\r")) + 1
        check_cells(name, n_lines, len(cells))
        header = None if all(_is_number(cell) for cell in cells) else 0
        frame = pd.read_csv(
            io.BytesIO(content), sep=separator, header=header, encoding="utf-8-sig", low_memory=False, compression=None,
            nrows=n_rows,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not text in UTF-8.") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{name} is not a table: {str(error).rpartition('error: ')[2].strip().lower()}.") from error
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas takes the surplus cell for a name of the row
        raise DataError(f"{name} has rows with more cells than its header.")
    return frame


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True
