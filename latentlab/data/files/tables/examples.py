"""Tables as examples: the vectors or the images that they hold or name, with labels and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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
from latentlab.data.files.containers.feather import read_feather
from latentlab.data.files.containers.parquet import read_parquet
from latentlab.data.files.images.decoded import decode
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.readings.even import TimedRows, prepared
from latentlab.data.files.readings.notes import about_times
from latentlab.data.files.readings.preparation import Preparation
from latentlab.data.files.readings.times import times_of
from latentlab.data.files.splitting import parts_of
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.fills import without_fills
from latentlab.data.files.tables.json_lines import read_json
from latentlab.data.files.tables.roles import Roles, propose, square
from latentlab.data.files.tables.text import read_text

TEXTS = (".csv", ".tsv", ".txt", ".tab", ".dat", ".data", ".psv")
JSONS = (".jsonl", ".ndjson", ".json")
ARROWS = (".feather", ".arrow", ".ipc")
SUFFIXES = (*TEXTS, ".parquet", ".pq", *ARROWS, *JSONS)
ZIPPED = ".gz"
FIRST_ROWS = 200  # of which the roles of columns are proposed before the whole is read


def is_table(name: str) -> bool:
    """Whether a file is a table by its name, gzipped or not."""
    lower = name.lower()
    return lower.endswith((*SUFFIXES, *(f"{suffix}{ZIPPED}" for suffix in (*TEXTS, *JSONS))))


def columns_of(path: Path, n_rows: int | None = None, most: int | None = None) -> Table:
    """The columns of a table in a file, as `read_columns`.

    Raises:
        DataError: damaged or too large.
    """
    check_inflated_size(shown(path.name), path.stat().st_size, path.stat().st_size)
    return read_columns(path.name, path.read_bytes(), n_rows, most)


def read_columns(name: str, content: bytes, n_rows: int | None = None, most: int | None = None) -> Table:
    """The columns of a table.

    Args:
        name: of the file.
        content: of the file.
        n_rows: how many rows it should have, where another file says so.
        most: about how many rows are read; all if None.

    Raises:
        DataError: damaged or too large, or it has no rows.
    """
    lower = name.lower().removesuffix(ZIPPED)
    if lower.endswith((".parquet", ".pq")):
        table = read_parquet(shown(name), content, None if most is None else 1)
    elif lower.endswith(ARROWS):
        table = read_feather(shown(name), content)
    elif lower.endswith(JSONS):
        table = read_json(shown(name), content, most)
    else:
        table = read_text(shown(name), content, n_rows, most)
    if not table.n_rows and most is None:
        raise DataError(f"{shown(name)} has no rows.")
    return table


def examples_of(table: Table, options: ReadOptions, path: Path) -> Examples:
    """The examples of a table: vectors as they are, without scaling, or images.

    A row is dropped if a number of its vector is missing. Numbers that stand for nothing count as missing.

    Args:
        table: the table.
        options: what its columns are, as far as that is said.
        path: of its file, from whose folder on images are looked for.

    Raises:
        DataError: no such column, or no vector and no image.
    """
    name = shown(path.name)
    roles = propose(table, options, name)
    if not roles.image:
        found = _vectors(table, roles, name, options.preparation)
    elif table.holds_lists(roles.image):
        found = _pixels(table, roles, name)
    else:
        found = _pictured(table, roles, path, options)
    notes = (*found.notes[:1], *table.notes, *found.notes[1:], *_about(roles))
    return found._replace(notes=notes)


def _about(roles: Roles) -> tuple[str, ...]:
    notes = [*roles.notes]
    if roles.label:
        notes.append(f"Labels from the column {shown(roles.label)}.")
    named = {"Examples are named by the column": roles.id, "described by the column": roles.title}
    parts = [f"{what} {shown(column)}" for what, column in named.items() if column]
    if parts:
        sentence = " and ".join(parts)
        notes.append(f"{sentence[0].upper()}{sentence[1:]}.")
    return tuple(notes)


def _vectors(table: Table, roles: Roles, name: str, how: Preparation) -> Examples:
    x = _matrix(table, roles.vector)
    names = roles.vector if len(roles.vector) == x.shape[1] else [f"{roles.vector[0]}[{k}]" for k in range(x.shape[1])]
    x, fills = without_fills(x, names)
    readings = _readings(table, roles, x, names, how)
    said: tuple[str, ...] = ()
    if readings is not None:
        x, said, table = readings.x, readings.notes, replace(table, columns=readings.columns)
    bad = ~np.isfinite(x)
    good = np.asarray(~bad.any(axis=1))
    if not good.any():
        raise DataError(
            f"{name} has text, NaN, infinity or nothing among the numbers of every row; leave out columns with --drop:"
            f" {listing([names[k] for k in np.argsort(-bad.sum(axis=0))])}."
        )
    notes = [f"{counted(int(good.sum()), 'vector')} of {counted(x.shape[1], 'number')}.", *fills, *said]
    if not good.all():
        where = listing([names[k] for k in np.flatnonzero(bad.any(axis=0))])
        notes.append(f"{counted(int((~good).sum()), 'row')} dropped: text, NaN, infinity or nothing in {where}.")
    features = roles.vector if len(roles.vector) == x.shape[1] else ()
    found = _examples(table, roles, x, notes)._replace(features=tuple(features))
    if readings is not None:
        series = readings.series + np.cumsum(~good)
        found = found._replace(times=readings.times, file=readings.file, series=series)
    return found if good.all() else found.take(good)


def _readings(
    table: Table, roles: Roles, x: NDArray[np.float32], names: Sequence[str], how: Preparation
) -> TimedRows | None:
    """The rows as readings, prepared; None where no column is the time."""
    times = times_of(roles.time, table.columns[roles.time]) if roles.time else None
    if times is None:
        return None
    file = np.zeros(table.n_rows, np.int64)
    if table.files:
        file = np.unique(table.columns[table.files].astype(str), return_inverse=True)[1]
    columns = {one: each for one, each in table.columns.items() if each.ndim == 1 and one not in roles.vector}
    found = TimedRows(x, columns, times, file, np.zeros(table.n_rows, np.int64), about_times(roles.time, times, file))
    return prepared(found, roles.time, names, how)


def _matrix(table: Table, vector: tuple[str, ...]) -> NDArray[np.float32]:
    """(N, D) float32; NaN where there is no number, infinite where float32 can't hold it."""
    if table.holds_lists(vector[0]):
        return np.asarray(table.columns[vector[0]], np.float32)
    out = np.empty((table.n_rows, len(vector)), np.float32)
    with np.errstate(over="ignore"):
        for k, name in enumerate(vector):
            out[:, k] = table.columns[name]
    return out


def _pixels(table: Table, roles: Roles, name: str) -> Examples:
    values = table.columns[roles.image]
    shape = square(values.shape[1])
    good = np.asarray(np.isfinite(values).all(axis=1))
    known = values[good]
    if shape is None or not len(known) or known.min() < 0 or known.max() > 255:
        raise DataError(
            f"{name}: the cells of {shown(roles.image)} hold {values.shape[1]} numbers each; an image has a square of"
            " them, from 0 to 255."
        )
    images = np.rint(np.where(good[:, None], values, 0)).astype(np.uint8).reshape(-1, shape[1], shape[2], shape[0])
    notes = [
        f"{counted(int(good.sum()), 'image')} of {shape[2]} x {shape[1]} pixels, from the column {shown(roles.image)}."
    ]
    if not good.all():
        notes.append(f"{counted(int((~good).sum()), 'row')} dropped: another number of pixels, or none.")
    return _examples(table, roles, images.transpose(0, 3, 1, 2), notes).take(good)


def _pictured(table: Table, roles: Roles, path: Path, options: ReadOptions) -> Examples:
    skips, found, rows = Skips(), list[Member](), list[int]()
    for row, cell in enumerate(table.columns[roles.image].tolist()):
        member: Member | None
        if isinstance(cell, bytes):
            member = Member(f"row {row + 1}", len(cell), lambda cell=cell: cell)  # type: ignore[misc]
        else:
            member = _listed_image(path.parent, str(cell), skips)
        if member is not None:
            found.append(member)
            rows.append(row)
    pictures = decode(path.name, found, skips, options)
    notes = [*pictures.notes, *skips.sentences()]
    kept = np.array([rows[k] for k in pictures.kept])
    columns = {one: values[kept] for one, values in table.columns.items()}
    of_rows = _examples(Table(columns, (), table.id, table.classes), roles, pictures.x, notes)
    return of_rows._replace(n_channels=pictures.n_channels)


def _examples(table: Table, roles: Roles, x: Values, notes: list[str]) -> Examples:
    """All rows, with what isn't part of the vector."""
    away = {*roles.vector, *roles.drop, roles.label, roles.split}
    columns = {
        one: values
        for one, values in table.columns.items()
        if one not in away and values.ndim == 1 and not table.holds_images(one)
    }
    split = parts_of(table.columns[roles.split]) if roles.split else None
    labels, classes = (table.columns[roles.label] if roles.label else None), table.classes.get(roles.label, ())
    if labels is not None and labels.ndim > 1:
        raise DataError(f"The column {shown(roles.label)} holds lists of numbers, and can't be the label.")
    identifier, title = (one if one in columns else "" for one in (roles.id, roles.title))
    called = roles.label or "label"
    return Examples(x, labels, columns, (), tuple(notes), None, split, classes, identifier, title, called, roles=roles)


def names_files(table: Table, column: str, folder: Path) -> bool:
    """Whether the cells of a column are images, or one of them is the path of a file in a folder."""
    if table.holds_images(column) or table.holds_lists(column):
        return True
    return any(_listed_image(folder, str(cell), Skips()) for cell in table.columns[column].tolist())


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
