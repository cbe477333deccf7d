"""MATLAB's .mat files: version 5, and 7.3, which is HDF5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import FREE_BYTES, MAX_BYTES, MAX_RATIO, check_inflated_size, shown
from latentlab.data.files.arrays import Examples, Stored, as_examples
from latentlab.data.files.containers.hdf5 import is_hdf5, read_hdf5
from latentlab.data.files.containers.matlab5 import FormatError, variables
from latentlab.data.files.containers.named_arrays import examples_of
from latentlab.data.files.options import ReadOptions


def read_mat(path: Path, options: ReadOptions) -> Examples:
    """The examples among the variables of a .mat file; those in structures are called `structure.field`.

    A lone matrix of bytes that is wider than high holds an image in each column, as MATLAB's users save them.

    Raises:
        DataError: damaged, too large, or no variable that can be the examples.
    """
    name, n_bytes = shown(path.name), path.stat().st_size
    if is_hdf5(path):
        return read_hdf5(path, options, transposed=True)
    check_inflated_size(name, n_bytes, n_bytes)
    most = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * n_bytes))
    try:
        found = list(_flat(variables(path.read_bytes(), most)))
    except FormatError as error:
        raise DataError(f"{name} is no .mat file of version 5 or 7.3, or a damaged one ({error}).") from error
    stored, unread = dict[str, Stored](), dict[str, DataError]()
    for key, value in found:
        if value is None:
            unread[key] = DataError(f"{name}: {shown(key)} holds no numbers or text that can be read.")
        else:
            stored[key] = Stored(value.shape, value.dtype, lambda value=value: value)  # type: ignore[misc]
    if len(stored) == 1 and not options.named:
        array = next(iter(stored.values())).read()
        if array.ndim == 2 and array.dtype == np.uint8 and array.shape[0] < array.shape[1]:
            faces = as_examples(array.T, None, name)
            note = f"Each of its {array.shape[1]:,} columns is an example; if the rows are, save the transpose."
            return faces._replace(notes=(*faces.notes, note))
    return examples_of(stored, options, name, unread)


def _flat(found: Iterable[tuple[str, Any]], within: str = "") -> Iterator[tuple[str, Any]]:
    """The variables, with the fields of structures as variables of their own."""
    for key, value in found:
        if isinstance(value, dict):
            yield from _flat(value.items(), f"{within}{key}.")
        elif key:
            yield f"{within}{key}", value
