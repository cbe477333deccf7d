"""Labels of any form to the indices of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import UNLABELLED, DataError
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.roles import MAX_CLASSES

Index = NDArray[np.int64]


def class_indices(
    labels: Values | None, n: int, name: str, named: tuple[str, ...] = ()
) -> tuple[Index, tuple[str, ...], tuple[str, ...]]:
    """Labels to (indices, class names in order, sentences); numbers in the order of size, text in that of the alphabet.

    Missing labels (empty, NaN, -1) become `UNLABELLED`. With `named`, labels are indices of these names.

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
    if named and values.dtype.kind in "biu" and (not len(values) or 0 <= values[0] <= values[-1] < len(named)):
        y[known] = labels[known].astype(np.int64)
        return y, named, tuple(_about_classes(named, int((~known).sum()), n))
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
