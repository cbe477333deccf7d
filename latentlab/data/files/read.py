"""The user's own data: a folder of images, a zip of one, .npy, .npz, .csv, .tsv, .parquet or IDX.

`open_path` gives the splits, `read_path` also what was done on the way. Files are not trusted: nothing is unpickled,
nothing is extracted, no link is followed, sizes are checked before memory is allocated.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.dataset import UNLABELLED, DataError, Dataset, Kind, Splits, held_out, kind_of
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Examples, Values, is_idx, read_idx, read_npy, read_npz
from latentlab.data.files.image_files import MAX_SIDE, SUFFIXES, read_folder
from latentlab.data.files.tables import MAX_CLASSES, read_table

Index = NDArray[np.int64]

LEAST = 2  # examples; a map of one says nothing
LEAST_TO_SPLIT = 10  # with fewer, the three parts are the same
HELD_OUT = 0.1  # of the examples, for validation and again for testing; two at least, as one has no variance
KNOWN = "a folder of images, .zip, .npy, .npz, .csv, .tsv, .parquet or IDX"


class Rows(NamedTuple):
    """Which rows of the columns the three splits hold."""

    train: Index
    valid: Index
    test: Index


@dataclass(frozen=True, eq=False)
class Opened:
    """The user's data, and what was done to get them."""

    splits: Splits
    rows: Rows
    summary: tuple[str, ...]  # a sentence each: what there is, what was converted, dropped, skipped
    columns: Mapping[str, Values]  # (N,) each, in the order of the file: what isn't part of x; object arrays hold str
    features: tuple[str, ...]  # names of the numbers of a vector; empty for images and where there are none


def open_path(path: Path) -> Splits:
    """The user's own data as a data set like any other: 80 / 10 / 10 % at random, the same every time.

    Raises:
        DataError: as `read_path`.
    """
    return read_path(path).splits


def read_path(path: Path, label: str = "", image: str = "", max_side: int = MAX_SIDE) -> Opened:
    """The user's own data, with what was done to read them.

    Args:
        path: a folder or a file.
        label: of a table, the column with the label; empty for the first of `tables.LABELS`.
        image: of a table, the column with the paths of images; empty for none.
        max_side: of image files, the longest side in pixels; larger ones are made smaller.

    Raises:
        DataError: not there, not known, damaged, too large, or fewer than two examples.
    """
    if max_side < 1:
        raise DataError(f"Images can't have sides of {max_side} pixels.")
    path = Path(os.path.abspath(path.expanduser()))  # so that . and .. have a name, and a link keeps its own
    try:
        found = _read(path, label, image, max_side)
    except OSError as error:
        raise DataError(f"{shown(path.name)} can't be read: {error.strerror or 'damaged'}.") from error
    if len(found.x) < LEAST:
        lost = "; ".join(note.rstrip(".") for note in found.notes if "dropped" in note or "skipped" in note)
        few = counted(len(found.x), "example") + (f" that can be read ({lost})" if lost else "")
        raise DataError(f"{shown(path.name)} has {few}; {LEAST} are the least.")
    y, classes, notes = class_indices(found.labels, len(found.x), shown(path.name))
    name = path.stem if path.is_file() else path.name
    x = torch.from_numpy(np.ascontiguousarray(found.x))
    data = Dataset(name, x, torch.from_numpy(y), classes, kind_of(tuple(x.shape[1:])), found.features)
    rows, note = _split(len(data))
    splits = Splits(*(data[torch.from_numpy(part)] for part in rows))
    summary = (*found.notes, *notes, *_remarks(found), note)
    return Opened(splits, rows, summary, found.columns, found.features)


def class_indices(labels: Values | None, n: int, name: str) -> tuple[Index, tuple[str, ...], tuple[str, ...]]:
    """Labels to (indices, class names in order, sentences); numbers in the order of size, text in that of the alphabet.

    Missing labels (empty, NaN, -1) become `UNLABELLED`.

    Raises:
        DataError: numbers with fractions, or more classes than `MAX_CLASSES`.
    """
    y = np.full(n, UNLABELLED, np.int64)
    if labels is None:
        return y, (), ()
    kind = labels.dtype.kind
    if kind == "f":
        known = np.isfinite(labels) & (labels != UNLABELLED)
        if (labels[known] != np.rint(labels[known])).any():
            raise DataError(f"{name} has labels with fractions; a class is a whole number or a word.")
        labels = np.where(known, labels, 0).astype(np.int64)
    elif kind in "biu":
        known = labels != UNLABELLED if kind == "i" else np.ones(n, bool)
    else:
        words = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in labels.tolist()]
        labels = np.array([word.strip() for word in words], object)
        known = labels != ""
    values, y[known] = np.unique(labels[known], return_inverse=True)
    if len(values) > MAX_CLASSES:
        raise DataError(f"{name} has {len(values):,} different labels; {MAX_CLASSES:,} classes are the most.")
    classes = tuple(str(value) for value in values.tolist())
    return y, classes, tuple(_about_classes(classes, int((~known).sum()), n))


def _about_classes(classes: tuple[str, ...], n_missing: int, n: int) -> list[str]:
    if n_missing == n:
        return ["No example has a label."]
    notes = [f"{len(classes):,} classes: {listing(classes)}."]
    if len(classes) == 1:
        notes = [f"Every label is the same ({shown(classes[0])}): there is nothing to distinguish."]
    return [*notes, f"{counted(n_missing, 'example')} without a label."] if n_missing else notes


def _read(path: Path, label: str, image: str, max_side: int) -> Examples:
    name, suffix = shown(path.name), path.suffix.lower()
    if path.is_dir():
        return _read_images(path, max_side)
    if not path.is_file():
        raise DataError(f"{name} {'is not a plain file' if path.exists() else 'does not exist'}.")
    if path.stat().st_size == 0:
        raise DataError(f"{name} is empty (0 bytes).")
    if suffix == ".zip":
        return _read_images(path, max_side)
    if suffix in (".npy", ".npz"):
        return read_npy(path) if suffix == ".npy" else read_npz(path)
    if suffix in (".csv", ".tsv", ".parquet"):
        return read_table(path, label, image, max_side)
    if is_idx(path):
        return read_idx(path)
    if suffix in SUFFIXES:
        raise DataError(f"{name} is one image by its name; open the folder it lies in.")
    raise DataError(f"{name} is of no known kind; known are {KNOWN}.")


def _read_images(path: Path, max_side: int) -> Examples:
    pictures, names, folders = read_folder(path, max_side)
    labels = np.array(folders, object) if any(folders) else None
    notes = pictures.notes if labels is not None else (*pictures.notes, "No labels: there are no sub-folders.")
    return Examples(pictures.x, labels, {"file": np.array(names, object)}, (), notes)


def _remarks(found: Examples) -> list[str]:
    """Remarks on the data."""
    notes = []
    digests = {hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in found.x}
    if n_again := len(found.x) - len(digests):
        notes.append(f"{counted(n_again, 'example')} equal to an earlier one; the splits may share them.")
    if found.x.ndim == 2:
        constant = np.flatnonzero((found.x == found.x[0]).all(axis=0))
        if len(constant):
            names = [found.features[k] if found.features else str(k) for k in constant]
            notes.append(f"{counted(len(constant), 'number')} the same in every example: {listing(names)}.")
    return notes


def _split(n: int) -> tuple[Rows, str]:
    """The rows of train, validation and test; all three hold everything where there is too little to divide."""
    everything = Dataset("rows", torch.arange(n), torch.zeros(n, dtype=torch.int64), (), Kind.VECTOR)
    if n < LEAST_TO_SPLIT:
        every = np.arange(n, dtype=np.int64)
        return Rows(every, every, every), f"Only {n} examples: train, validation and test are the same."
    n_out = max(2, int(n * HELD_OUT))
    rest, test = held_out(everything, n_out)
    train, valid = held_out(rest, n_out)
    rows = Rows(*(part.x.numpy().astype(np.int64) for part in (train, valid, test)))
    return rows, f"{len(rows.train):,} for training, {n_out:,} for validation, {n_out:,} for testing."
