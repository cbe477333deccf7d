"""Files that are one data set in parts: a file for training and one for testing, as tables or as series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import Skips, members, shown, unpacked
from latentlab.data.files.arrays import Examples, Values
from latentlab.data.files.images.decoded import SUFFIXES
from latentlab.data.files.images.strokes import holds_strokes
from latentlab.data.files.joined import pair
from latentlab.data.files.readings.several_files import reading_files, readings_joined
from latentlab.data.files.splitting import PARTS, SPLITS
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.examples import columns_of, is_table

KINDS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".h5ad", ".safetensors", ".ts")
ABOUT = ("readme", "license", "licence")  # files that are no data, whatever their suffix


def data_files(names: Sequence[str]) -> list[str]:
    """Those of the files of a folder that can be data; none where images are among them, as those are."""
    lower = {name: name.lower() for name in names}
    if any(one.endswith(tuple(SUFFIXES)) for one in lower.values()):
        return []
    known = [name for name, one in lower.items() if one.endswith(KINDS) or is_table(name)]
    return [name for name in known if not _is_about(name)]


def _is_about(name: str) -> bool:
    return name.lower().rpartition("/")[2].startswith(ABOUT)


def parts(names: Sequence[str]) -> dict[str, str]:
    """The word for the part in the name of each file, training first, if the names differ in nothing else; else empty.

    >>> parts(["Beat_TEST.tsv", "Beat_TRAIN.tsv"]), parts(["a.csv", "b.csv"])
    ({'Beat_TRAIN.tsv': 'train', 'Beat_TEST.tsv': 'test'}, {})
    """
    words = {name: re.split(r"[\W_]+", name.lower()) for name in names}
    rest = {tuple(word for word in some if word not in PARTS) for some in words.values()}
    found = {name: next((word for word in some if word in PARTS), "") for name, some in words.items()}
    numbers = {PARTS.get(word) for word in found.values()}
    whole = None not in numbers and 0 in numbers and len(numbers) == len(names) > 1 == len(rest)
    return {name: found[name] for name in sorted(names, key=lambda name: PARTS[found[name]])} if whole else {}


def table_of(path: Path, most: int | None = None) -> Table | None:
    """The table in a file, a folder or a zip whose columns are given roles; None where there is none, or several.

    Args:
        path: a table, or where it lies.
        most: how many of its rows are read; all if None.

    Raises:
        DataError: damaged or too large.
    """
    if path.is_file() and path.suffix.lower() != ".zip":
        return columns_of(path, most=most) if is_table(path.name) and not holds_strokes(path) else None
    with members(path, Skips()) as found:
        names = [member.name for member in found]
    tables = [name for name in names if is_table(name) and not _is_about(name)]
    if two := pair(data_files(names)):
        tables = [two[1]]
    words = parts(tables)
    if len(tables) > 1 and not words and (readings := reading_files(data_files(names))):
        with unpacked(path, readings) as paths:
            return readings_joined(dict(zip(readings, paths, strict=True)), path.name, most)
    if len(tables) != 1 and not words:
        return None
    with unpacked(path, tables) as paths:
        if any(map(holds_strokes, paths)):
            return None
        read = [columns_of(one, most=most) for one in paths]
    return tables_joined(dict(zip(words.values(), read, strict=True))) if words else read[0]


def tables_joined(tables: Mapping[str, Table]) -> Table:
    """Tables of several parts as one, with a column that says the part; what one of them lacks is empty there.

    Args:
        tables: the word for a part -> its table.

    Raises:
        DataError: a column holds lists of several lengths.
    """
    columns = dict[str, Values]()
    for name in dict.fromkeys(name for table in tables.values() for name in table.columns):
        known = [table.columns[name] for table in tables.values() if name in table.columns]
        shapes = {one.shape[1:] for one in known}
        if len(shapes) > 1:
            raise DataError(f"The column {shown(name)} holds lists of several lengths in the parts of the data.")
        if words := any(one.dtype.kind == "O" for one in known):
            known = [one if one.dtype.kind == "O" else np.array([*map(str, one.tolist())], object) for one in known]
        left, nothing = iter(known), np.full((1, *shapes.pop()), "" if words else np.nan, object if words else float)
        columns[name] = np.concatenate(
            [next(left) if name in one.columns else nothing.repeat(one.n_rows, axis=0) for one in tables.values()]
        )
    of = next((one for one in SPLITS if one not in columns), SPLITS[0])
    columns[of] = np.repeat(np.array([*tables], object), [table.n_rows for table in tables.values()])
    first = next(iter(tables.values()))
    notes = tuple(dict.fromkeys(note for table in tables.values() for note in table.notes))
    return Table(columns, notes, first.id, first.classes)


def examples_joined(found: Mapping[str, Examples], name: str) -> Examples:
    """Examples of several parts as one, with their parts.

    Args:
        found: the word for a part -> its examples.
        name: of the folder or the zip, for messages.

    Raises:
        DataError: those of one part are of another shape, or only some have labels.
    """
    ones = list(found.values())
    if len({(one.x.shape[1:], one.kind, one.labels is None, one.classes) for one in ones}) > 1:
        shapes = ", ".join(f"{part} {one.x.shape[1:]}" for part, one in found.items())
        raise DataError(f"{shown(name)}: the parts don't have examples of one form: {shapes}; open one of its files.")
    first = ones[0]
    labels = None
    if first.labels is not None:
        labels = np.concatenate([one.labels for one in ones if one.labels is not None])
    sizes = ", ".join(f"{part} {len(one.x):,}" for part, one in found.items())
    said = tuple(dict.fromkeys(note for one in ones for note in one.notes[1:]))
    shared = [column for column in first.columns if all(column in one.columns for one in ones)]
    return first._replace(
        x=np.concatenate([one.x for one in ones]),
        labels=labels,
        columns={column: np.concatenate([one.columns[column] for one in ones]) for column in shared},
        split=np.repeat([PARTS[part] for part in found], [len(one.x) for one in ones]),
        notes=(f"Examples in parts: {sizes}; of the first: {first.notes[0]}", *said),
        rows=None,
        n_rows=0,
    )
