"""The user's own data: a folder or a zip of images or of files that belong together, or a file of one of many kinds.

`open_path` gives the splits, `read_path` also what was done on the way. Files are not trusted: nothing is unpickled,
nothing is extracted for longer than it is read, no link is followed, sizes are checked before memory is allocated.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.dataset import DataError, Dataset, Kind, Splits, kind_of
from latentlab.data.files.archives import Skips, counted, listing, members, shown, unpacked
from latentlab.data.files.arrays import Examples, Values
from latentlab.data.files.containers.hdf5 import is_hdf5, read_hdf5
from latentlab.data.files.containers.idx import is_idx, read_idx
from latentlab.data.files.containers.matlab import read_mat
from latentlab.data.files.containers.numpy_files import read_npy, read_npz
from latentlab.data.files.containers.several_arrays import SUFFIX, read_arrays
from latentlab.data.files.containers.tensors import read_safetensors
from latentlab.data.files.equal_rows import n_again
from latentlab.data.files.file_sets import data_files, examples_joined, parts, tables_joined
from latentlab.data.files.foreign import refuse
from latentlab.data.files.images.decoded import SUFFIXES, read_folder
from latentlab.data.files.images.intensities import far_values
from latentlab.data.files.images.quick_draw import are_bitmaps, are_drawings, read_drawings
from latentlab.data.files.images.strokes import SUFFIXES as STROKES
from latentlab.data.files.joined import join_names, join_rows, pair, tables_among
from latentlab.data.files.options import ReadOptions, Scaling
from latentlab.data.files.readings.preparation import AS_THEY_ARE
from latentlab.data.files.readings.several_files import reading_files, readings_joined
from latentlab.data.files.readings.times import in_time
from latentlab.data.files.splitting import BLOCKS, OWN_PARTS, Rows, divide, given
from latentlab.data.files.tables.examples import columns_of, examples_of, is_table, names_files
from latentlab.data.files.tables.factors import choose_factors, factors_of
from latentlab.data.files.tables.fills import SQUEEZED, squeezed
from latentlab.data.files.tables.labels import class_indices
from latentlab.data.files.tables.roles import Roles
from latentlab.data.files.tables.series import is_long, is_ucr, named_times, read_long, read_ts, read_ucr
from latentlab.data.library.scaling import Scale

SIZES = 3  # classes that are named with their sizes, of the largest and of the smallest
FEW = 10  # examples of a class, from which on it is no longer rare
LEAST = 2  # examples; a map of one says nothing
READ_OPTIONS = ReadOptions()
KNOWN = (
    "a folder of images, .zip, .npy, .npz, .mat, .h5, .h5ad, .safetensors, .ts, IDX, or a table: .csv, .tsv, .txt (also"
    " .gz), .parquet, .feather, .arrow or .jsonl, or files of Quick, Draw!"
)


@dataclass(frozen=True, eq=False)
class Opened:
    """The user's data, and what was done to get them."""

    splits: Splits
    rows: Rows
    summary: tuple[str, ...]  # a sentence each: what there is, what was converted, dropped, skipped
    columns: Mapping[str, Values]  # (N,) each, in the order of the file: what isn't part of x; object arrays hold str
    features: tuple[str, ...]  # names of the numbers of a vector; empty for images and where there are none
    id: str = ""  # the column that names an example
    title: str = ""  # the column that describes an example in words
    roles: Roles | None = None  # what the columns of a table are for
    n_channels: int = 0  # that images have in the file
    factors: tuple[str, ...] = ()  # the columns that made the examples
    scaling: Scaling = Scaling.RANGE  # how models will see their numbers
    scale: Scale | None = None  # how they will, where that is known already


def open_path(path: Path) -> Splits:
    """The user's own data as a data set like any other: 80 / 10 / 10 % at random, the same every time.

    Raises:
        DataError: as `read_path`.
    """
    return read_path(path).splits


def read_path(path: Path, options: ReadOptions = READ_OPTIONS) -> Opened:
    """The user's own data, with what was done to read them.

    Args:
        path: a folder or a file.
        options: what its parts are, as far as that is said.

    Raises:
        DataError: not there, not known, damaged, too large, or fewer than two examples.
    """
    path = Path(os.path.abspath(path.expanduser()))  # so that . and .. have a name, and a link keeps its own
    try:
        found = _read(path, options)
    except OSError as error:
        raise DataError(f"{shown(path.name)} can't be read: {error.strerror or 'damaged'}.") from error
    found, parts = _in_time(found, options, shown(path.name))
    if options.channels and not found.n_channels:
        raise DataError(f"{shown(path.name)} holds no images whose channels can be chosen; leave out --channels.")
    if len(found.x) < LEAST:
        lost = "; ".join(note.rstrip(".") for note in found.notes if "dropped" in note or "skipped" in note)
        few = counted(len(found.x), "example") + (f" that can be read ({lost})" if lost else "")
        raise DataError(f"{shown(path.name)} has {few}; {LEAST} are the least.")
    labels = class_indices(found.labels, len(found.x), found.classes)
    columns, roles = dict(found.columns), found.roles
    if found.labels is not None and not labels.found:
        columns[_free(found.label, columns)] = found.labels
        roles = roles and replace(roles, label="")
    if found.labels is not None and found.label in (options.factors or ()):
        columns.setdefault(found.label, found.labels)
    factors, factor_notes = choose_factors(columns, options.factors, shown(path.name))
    roles = roles and replace(roles, factors=factors)
    name = path.stem if path.is_file() else path.name
    x = torch.from_numpy(np.ascontiguousarray(found.x))
    kind = found.kind or kind_of(tuple(x.shape[1:]))
    made = factors_of(columns, factors)
    data = Dataset(name, x, torch.from_numpy(labels.y), labels.names, kind, found.features, factors=made)
    rows, split_notes = (
        divide(labels.y, labels.names, found.shares) if found.split is None else given(found.split, parts)
    )
    splits = Splits(*(data[torch.from_numpy(part)] for part in rows))
    about = (*labels.notes, *_sizes(labels.y, labels.names), *factor_notes)
    summary = (*found.notes, *about, *_remarks(found, options.scaling), *split_notes)
    return Opened(
        splits, rows, summary, columns, found.features, found.id, found.title, roles, found.n_channels, factors,
        options.scaling,
    )  # fmt: skip


def _in_time(found: Examples, options: ReadOptions, name: str) -> tuple[Examples, str]:
    """Readings in their order, windows of them where that is wanted, and what is said of their parts."""
    if found.times is None or found.x.ndim != 2 or not found.roles:
        if options.window > 1:
            raise DataError(f"{name} has no column of times, by which rows could be windows; name it with --time.")
        if options.preparation != AS_THEY_ARE:
            raise DataError(f"{name} has no column of times, by which rows could be prepared; name it with --time.")
        return found, OWN_PARTS
    parts = BLOCKS if found.split is None else OWN_PARTS
    return in_time(found, found.roles.time, options.window), parts


def _read(path: Path, options: ReadOptions) -> Examples:
    name, suffix = shown(path.name), path.suffix.lower()
    if path.is_dir():
        return _read_folder(path, options)
    if not path.is_file():
        raise DataError(f"{name} {'is not a plain file' if path.exists() else 'does not exist'}.")
    if path.stat().st_size == 0:
        raise DataError(f"{name} is empty (0 bytes).")
    if suffix == ".zip":
        return _read_folder(path, options)
    if options.table is not None:
        return _described(_read(path, _alone(options)), options.table, options, path)
    if suffix in (".npy", ".npz"):
        return read_npy(path, options) if suffix == ".npy" else read_npz(path, options)
    if suffix == ".mat":
        return read_mat(path, options)
    if suffix == ".safetensors":
        return read_safetensors(path, options)
    if suffix == ".ts":
        return read_ts(path)
    if not (options.named or options.factors) and suffix in (".csv", ".tsv", ".txt"):
        if is_ucr(path):
            return read_ucr(path)
        if is_long(path):
            return read_long(path)
    if is_hdf5(path):
        return read_hdf5(path, options)
    if is_idx(path):
        return read_idx(path, options)
    if is_table(path.name):
        if are_drawings([path.name], [path]):
            return read_drawings([path.name], [path], options, name)
        table = columns_of(path)
        if options.image and options.image in table.columns and not names_files(table, options.image, path.parent):
            return _read_folder(path.parent, replace(options, table=path))
        return named_times(examples_of(table, options, path))
    if suffix in SUFFIXES:
        raise DataError(f"{name} is one image by its name; open the folder it lies in.")
    refuse(path)
    raise DataError(f"{name} is of no known kind; known are {KNOWN}.")


def _read_folder(path: Path, options: ReadOptions) -> Examples:
    """Images with the table that names them, or files of data that belong together."""
    with members(path, Skips()) as found:
        files = data_files([member.name for member in found])
    if files and not options.image:
        return _read_files(path, files, options)
    if options.table is not None:
        tables = [(shown(options.table.name), columns_of(options.table))]
    else:
        tables = tables_among(path)
    images = read_folder(path, options, [name for name, _ in tables])
    return join_names(images, images.columns["file"].tolist(), tables, options) if tables else images


def _read_files(path: Path, files: Sequence[str], options: ReadOptions) -> Examples:
    """The only file of a folder or a zip, vectors with their table, arrays, or parts in a file each."""
    tables = [name for name in files if is_table(name)]
    arrays = [name for name in files if name.lower().endswith(SUFFIX)]
    words = parts(files)
    if two := pair(files):
        with unpacked(path, two) as (vectors, about):
            return _read(vectors, replace(options, table=options.table or about))
    if are_bitmaps(files) or any(one.lower().endswith(STROKES) for one in files):
        with unpacked(path, files) as paths:
            if are_drawings(files, paths):
                return read_drawings(files, paths, options, shown(path.name))
    if len(files) == 1:
        with unpacked(path, files) as (only,):
            return _read(only, options)
    if arrays and len(arrays) + len(tables) == len(files) and len(tables) < 2:
        with unpacked(path, [*arrays, *tables]) as paths:
            table: Path | None = options.table or next(iter(paths[len(arrays) :]), None)
            alone = options if table is None else _alone(options)
            found = read_arrays(arrays, paths[: len(arrays)], alone, shown(path.name))
            return found if table is None else _described(found, table, options, path)
    if words:
        with unpacked(path, [*words]) as paths:
            by_word = dict(zip(words.values(), paths, strict=True))
            if len(tables) < len(files) or all(is_ucr(one) for one in paths):
                return examples_joined({word: _read(one, options) for word, one in by_word.items()}, path.name)
            whole = tables_joined({word: columns_of(one) for word, one in by_word.items()})
            return named_times(examples_of(whole, options, path))
    if readings := reading_files(files):
        with unpacked(path, readings) as paths:
            joined = readings_joined(dict(zip(readings, paths, strict=True)), path.name)
        if joined is not None:
            return examples_of(joined, options, path)
    raise DataError(
        f"{shown(path.name)} has {counted(len(files), 'file')} of data, and none of them is said to be part of another:"
        f" {listing(files)}; open one of them."
    )


def _alone(options: ReadOptions) -> ReadOptions:
    """What is said of the file with the examples, where a table has the columns."""
    label = None if options.label is None else ""
    return ReadOptions(
        vector=options.vector, label=label, size=options.size, fit=options.fit, channels=options.channels
    )


def _described(found: Examples, table: Path, options: ReadOptions, path: Path) -> Examples:
    if found.labels is not None and options.label is None:
        options = replace(options, label="")
    rows = columns_of(table, found.n_rows or len(found.x))
    return join_rows(found, rows, options, shown(path.name), shown(table.name))


def _sizes(y: NDArray[np.int64], classes: Sequence[str]) -> list[str]:
    """How many examples the classes have: all of a few, else the largest and the smallest."""
    counts = np.bincount(y[y >= 0], minlength=len(classes))
    order = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k]]
    if len(order) < 2:
        return []
    named = [f"{shown(classes[k])} {counts[k]:,}" for k in order]
    some = [*named[:SIZES], *named[-SIZES:]] if len(named) > 2 * SIZES else named
    note = f"Examples of each class, the largest and the smallest: {', '.join(some)}."
    if counts[order[-1]] < FEW:
        rare = counted(sum(counts[k] < FEW for k in order), "class").replace("classs", "classes")
        note += f" {rare} with fewer than {FEW} examples: what is measured of so few is uncertain."
    return [note]


def _free(name: str, columns: Mapping[str, Values]) -> str:
    """A name that no column has."""
    while name in columns:
        name += "'"
    return name


def _remarks(found: Examples, scaling: Scaling) -> list[str]:
    """Remarks on the data."""
    notes = []
    if found.x.ndim == 2 and scaling is Scaling.RANGE and (columns := squeezed(found.x, found.features)):
        notes.append(
            f"Few numbers far from the others leave less than {SQUEEZED:.0%} of the range to half of the numbers in"
            f" {listing(columns)}: choose standard or robust with --scaling."
        )
    if n := n_again(found.x):
        notes.append(f"{counted(n, 'example')} equal to an earlier one; the splits may share them.")
    if found.kind is Kind.SEQUENCE:
        notes.extend(far_values(found.x))
    if found.x.ndim == 2:
        constant = np.flatnonzero((found.x == found.x[0]).all(axis=0))
        if len(constant):
            names = [found.features[k] if found.features else str(k) for k in constant]
            notes.append(f"{counted(len(constant), 'number')} the same in every example: {listing(names)}.")
    return notes
