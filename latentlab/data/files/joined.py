"""Files that belong together: vectors with a table by row, images with a table by the names of their files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MIB, Member, Skips, counted, listing, members, shown
from latentlab.data.files.arrays import Examples, Values
from latentlab.data.files.images.decoded import SUFFIXES
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.splitting import parts_of
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.examples import is_table, read_columns
from latentlab.data.files.tables.roles import Roles, propose

LEAST = 0.5  # share of the images that a table has to name, so that it is theirs
MAX_TABLE = 256 * MIB  # of a table that is found among other files
MOST_TABLES = 5  # that are looked at
ARRAYS = (".npy", ".npz")
DESCRIBES = ("meta", "label", "annot", "info", "class", "attr")  # in the name of a table next to another one


def join_rows(found: Examples, table: Table, options: ReadOptions, name: str, other: str) -> Examples:
    """Examples with the columns of a table that has a row for each of them, in the same order.

    Args:
        found: the examples.
        table: the columns.
        options: what the columns are, as far as that is said.
        name: of the file with the examples, for messages.
        other: of the table.

    Raises:
        DataError: another number of rows, or no such column.
    """
    n = found.n_rows or len(found.x)
    if table.n_rows != n:
        raise DataError(
            f"{name} has {counted(n, 'example')} and {other} {counted(table.n_rows, 'row')}: they are joined by row, so"
            " both need as many."
        )
    rows = np.arange(n) if found.rows is None else found.rows
    return _described(found, table, rows, _roles(table, options, other), other)


def join_names(
    found: Examples, names: Sequence[str], tables: Sequence[tuple[str, Table]], options: ReadOptions
) -> Examples:
    """Images with the columns of the table that names most of their files; as they are where none names half of them.

    Args:
        found: the images.
        names: of their files.
        tables: name and columns of each that may be theirs.
        options: what the columns are; with `image` the one with the names.

    Raises:
        DataError: a table was chosen, and names none of them.
    """
    best: tuple[int, str, Table | None, str, NDArray[np.int64]] = (0, "", None, "", np.empty(0, np.int64))
    for other, table in tables:
        for column in [options.image] if options.image and options.image in table.columns else list(table.columns):
            rows = matched(names, table.columns[column])
            n_matched = int((rows >= 0).sum())
            if n_matched > best[0]:
                best = (n_matched, other, table, column, rows)
    n_matched, other, chosen, column, rows = best
    if chosen is None or (n_matched < LEAST * len(names) and options.table is None):
        if options.table is not None:
            raise DataError(f"{shown(options.table.name)} has no column with the names of the images.")
        return found
    good = rows >= 0
    roles = _roles(chosen, dataclasses.replace(options, image=column), other)
    roles = dataclasses.replace(roles, id=roles.id or column)
    joined = _described(found.take(good), chosen, rows[good], roles, other)
    if not good.all():
        note = f"{counted(int((~good).sum()), 'image')} left out: {other} doesn't name them."
        joined = joined._replace(notes=(*joined.notes, note))
    return joined._replace(notes=(*joined.notes, f"{other} names the images in its column {shown(column)}."))


def matched(names: Sequence[str], cells: Values) -> NDArray[np.int64]:
    """(n,) which cell names each file; -1 where none does.

    A cell names a file by its path or the end of one, with / or \\, by its name, or by that without suffix, in small
    letters or capitals; a number also with zeros before it.
    """
    index: dict[str, int] = {}
    if cells.ndim > 1:
        return np.full(len(names), -1)
    for row, cell in enumerate(cells.tolist()):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        if isinstance(cell, bytes | float) or cell == "":
            continue
        key = str(cell).replace("\\", "/").strip().lower()
        for end in _ends(key):
            index.setdefault(end, row)
            index.setdefault(_stem(end), row)
    out = np.full(len(names), -1)
    for k, name in enumerate(names):
        keys = _ends(name.lower())
        tries = [*keys, *map(_stem, keys), _stem(keys[-1]).lstrip("0") or "0"]
        out[k] = next((index[key] for key in tries if key in index), -1)
    taken, n_files = np.unique(out, return_counts=True)
    out[np.isin(out, taken[n_files > 1])] = -1  # a cell that names several files names none
    return out


def _ends(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ["/".join(parts[k:]) for k in range(len(parts))] or [""]


def _stem(path: str) -> str:
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) if suffix in SUFFIXES else path


def _roles(table: Table, options: ReadOptions, name: str) -> Roles:
    known = dataclasses.replace(options, vector=())
    roles = propose(table, known, name, vector=False)
    if not roles.label and options.label is None and len(table.columns) == 1:
        only = next(iter(table.columns))
        n_different = len(set(table.columns[only].tolist())) if table.is_text(only) else 0
        if 1 < n_different < table.n_rows:
            roles = dataclasses.replace(roles, label=only, notes=())
    return roles


def _described(found: Examples, table: Table, rows: Values, roles: Roles, other: str) -> Examples:
    away = {roles.label, roles.split, *roles.drop}
    columns = {
        name: values[rows]
        for name, values in table.columns.items()
        if name not in away and values.ndim == 1 and not table.holds_images(name)
    }
    notes = [f"{counted(len(table.columns), 'column')} from {other}: {listing(list(table.columns))}.", *roles.notes]
    if roles.label:
        labels: Values | None = table.columns[roles.label][rows]
        notes.append(f"Labels from its column {shown(roles.label)}.")
    else:
        labels = found.labels
    classes = table.classes.get(roles.label, ()) if roles.label else found.classes
    split = parts_of(table.columns[roles.split]) if roles.split else None
    others = {name: values for name, values in found.columns.items() if name not in columns}
    said = tuple(note for note in found.notes if not note.startswith(("No labels", "No column is the label")))
    return found._replace(
        labels=labels,
        label=roles.label or found.label,
        classes=classes,
        split=found.split if split is None else split[rows],
        columns=others | columns,
        notes=(*said, *table.notes, *notes),
        id=roles.id if roles.id in columns else found.id,
        title=roles.title if roles.title in columns else found.title,
        roles=roles,
    )


def tables_among(path: Path) -> list[tuple[str, Table]]:
    """The tables in a folder or a zip, or else next to the folder: name and columns of each that can be read."""
    skips, out = Skips(), list[tuple[str, Table]]()
    with members(path, skips) as found:
        out += _readable([member for member in found if is_table(member.name)])
    return out


def _readable(found: Sequence[Member]) -> list[tuple[str, Table]]:
    out = []
    for member in [one for one in found if one.size <= MAX_TABLE][:MOST_TABLES]:
        last = member.name.rpartition("/")[2]
        try:
            out.append((shown(last), read_columns(last, member.read())))
        except (DataError, OSError, ValueError, EOFError):  # it may be anything
            continue
    return out


def pair(names: Sequence[str]) -> tuple[str, str] | None:
    """Of the files of a folder: the one with the vectors and the table that describes them; None where there is none.

    >>> pair(["metadata.csv", "embeddings.npy"]), pair(["a.csv", "b.csv"])
    (('embeddings.npy', 'metadata.csv'), None)
    """
    arrays = [name for name in names if name.lower().endswith(ARRAYS)]
    tables = [name for name in names if is_table(name)]
    if len(arrays) == 1 and len(tables) == 1:
        return arrays[0], tables[0]
    about = [name for name in tables if any(word in name.rpartition("/")[2].lower() for word in DESCRIBES)]
    if not arrays and len(tables) == 2 and len(about) == 1:
        return next(name for name in tables if name not in about), about[0]
    return None
