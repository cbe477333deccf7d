"""Labels of any form: to the indices of classes, or to columns where they are no classes."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import UNLABELLED, DataError
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.tables.roles import FEW, MAX_CLASSES

Index = NDArray[np.int64]

WIDEST = 64  # numbers for each example that become columns


class Labels(NamedTuple):
    """What the labels of a file are."""

    values: Values | None  # (N,) one for each example
    columns: dict[str, Values]  # (N,) each, where there are several for each
    notes: tuple[str, ...]


class Classes(NamedTuple):
    """The classes of examples."""

    y: Index  # (N,) UNLABELLED where there is none
    names: tuple[str, ...]
    notes: tuple[str, ...]
    found: bool = True  # False where the labels are no classes, and better a column


def interpret(raw: Values | None, n: int, key: str) -> Labels:
    """The labels of `n` examples in an array of any shape; what can't be used is said, and never an error.

    One-hot rows and probabilities become the largest of them, other rows of numbers a column each: of zeros and ones
    yes or no.

    Args:
        raw: (N,), (N, 1), (1, N), (N, K) or (K, N).
        n: the number of examples.
        key: the name of the array.
    """
    if raw is None:
        return Labels(None, {}, ())
    if raw.dtype.kind not in "biufUSO":
        return Labels(None, {}, (f"The labels {shown(key)} are neither numbers nor text and are not used.",))
    if raw.ndim == 2 and raw.size == n:
        raw = raw.reshape(-1)
    if raw.ndim == 2 and raw.shape[0] != n == raw.shape[1]:
        raw = raw.T
    if raw.ndim == 1 and len(raw) == n:
        try:
            return Labels(plain(raw), {}, ())
        except DataError as error:
            return Labels(None, {}, (f"The labels {shown(key)} are not used: {error}",))
    if raw.ndim != 2 or len(raw) != n or raw.dtype.kind not in "biuf":
        what = counted(len(raw), "label") if raw.ndim == 1 else f"labels of shape {raw.shape}"
        note = f"The labels {shown(key)} are not used: there are {what} for {counted(n, 'example')}."
        return Labels(None, {}, (note,))
    return _of_rows(raw, key)


def _of_rows(raw: Values, key: str) -> Labels:
    """Of (N, K) numbers."""
    k = raw.shape[1]
    yes_or_no = bool(((raw == 0) | (raw == 1)).all())
    sums = raw.sum(axis=1, dtype=np.float64)
    if yes_or_no and (sums == 1).all():
        return Labels(raw.argmax(axis=1), {}, (f"One-hot labels: the class is the place of the one among {k:,}.",))
    if raw.dtype.kind == "f" and (raw >= 0).all() and np.allclose(sums, 1, atol=1e-3):
        return Labels(raw.argmax(axis=1), {}, (f"The class is the most probable of {k:,}.",))
    if k > WIDEST:
        return Labels(None, {}, (f"The labels {shown(key)} are not used: {k:,} values for each example.",))
    columns = {f"{key}[{j}]": raw[:, j].astype(bool) if yes_or_no else raw[:, j] for j in range(k)}
    what = "yes or no" if yes_or_no else "a number"
    note = f"{k:,} labels for each example became as many columns, each {what}: {listing(list(columns))}."
    return Labels(None, columns, (note,))


def plain(values: Values) -> Values:
    """Numbers as they are, text of any kind as objects of str.

    Raises:
        DataError: characters that don't exist.
    """
    if values.dtype.kind in "biuf":
        return values
    if values.dtype.kind == "U" and values.dtype.itemsize:
        codes = np.ascontiguousarray(values.reshape(-1), values.dtype.newbyteorder("=")).view(np.uint32)
        if codes.max(initial=0) > sys.maxunicode:
            raise DataError("it holds characters that don't exist.")
    words = values.tolist()
    return np.array([one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in words], object)


def class_names(names: Values, labels: Values | None) -> tuple[str, ...]:
    """The names of classes of which the labels are indices; none where they can't be."""
    if names.dtype.kind not in "USO" or labels is None or labels.dtype.kind not in "iu" or not len(labels):
        return ()
    words = tuple(str(word).strip() for word in plain(names.reshape(-1)))
    return words if len(set(words)) == len(words) and int(labels.max()) < len(words) else ()


def class_indices(labels: Values | None, n: int, named: tuple[str, ...] = ()) -> Classes:
    """Labels to classes; numbers in the order of size, text in that of the alphabet.

    Missing labels (empty, NaN, -1) become `UNLABELLED`. With `named`, labels are indices of these names. Numbers with
    fractions or of which most are different, and more different labels than `MAX_CLASSES`, are no classes.
    """
    y = np.full(n, UNLABELLED, np.int64)
    if labels is None:
        return Classes(y, (), ())
    kind = labels.dtype.kind
    if kind == "f":
        known = np.isfinite(labels) & (labels != UNLABELLED)
        if (labels[known] != np.rint(labels[known])).any():
            note = "The labels have fractions: they are a column to colour and to probe by, and no classes."
            return Classes(y, (), (note,), found=False)
        labels = np.where(known, labels, 0).astype(np.int64)
    elif kind in "biu":
        known = labels != UNLABELLED if kind == "i" else np.ones(n, bool)
    else:
        labels = np.array([word.strip() for word in plain(labels)], object)
        known = labels != ""
    values, y[known] = np.unique(labels[known], return_inverse=True)
    if named and values.dtype.kind in "biu" and (not len(values) or 0 <= values[0] <= values[-1] < len(named)):
        y[known] = labels[known].astype(np.int64)
        return Classes(y, named, tuple(_about_classes(named, int((~known).sum()), n)))
    if values.dtype.kind in "biu" and len(values) > max(FEW, known.sum() // 2):
        note = f"The labels are {len(values):,} different numbers: a column to colour and to probe by, and no classes."
        return Classes(np.full(n, UNLABELLED, np.int64), (), (note,), found=False)
    if len(values) > MAX_CLASSES:
        note = f"{len(values):,} different labels are a column, and no classes, of which {MAX_CLASSES:,} are the most."
        return Classes(np.full(n, UNLABELLED, np.int64), (), (note,), found=False)
    classes = tuple(str(value) for value in values.tolist())
    return Classes(y, classes, tuple(_about_classes(classes, int((~known).sum()), n)))


def _about_classes(classes: tuple[str, ...], n_missing: int, n: int) -> list[str]:
    if n_missing == n:
        return ["No example has a label."]
    notes = [f"{len(classes):,} classes: {listing(classes)}."]
    if len(classes) == 1:
        notes = [f"Every label is the same ({shown(classes[0])}): there is nothing to distinguish."]
    return [*notes, f"{counted(n_missing, 'example')} without a label."] if n_missing else notes
