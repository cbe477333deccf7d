"""The tensors of a .safetensors file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MAX_BYTES, shown
from latentlab.data.files.arrays import Examples, Stored
from latentlab.data.files.containers.named_arrays import examples_of
from latentlab.data.files.options import ReadOptions
from latentlab.serialization import RunError, read_tensors


def read_safetensors(path: Path, options: ReadOptions) -> Examples:
    """The examples among the tensors of a file, by their names.

    Raises:
        DataError: damaged, too large, or no tensor that can be the examples.
    """
    name = shown(path.name)
    try:
        tensors = read_tensors(path, MAX_BYTES)
    except RunError as error:
        raise DataError(
            f"{name} is no .safetensors file, a damaged one, or one of more than {MAX_BYTES:,} bytes."
        ) from error
    stored, unread = dict[str, Stored](), dict[str, DataError]()
    for key, value in tensors.items():
        try:
            array = np.asarray(value.numpy())
        except TypeError:  # a kind of number that NumPy hasn't
            unread[key] = DataError(f"{name}: {shown(key)} holds {value.dtype}; save it as float32.")
            continue
        stored[key] = Stored(array.shape, array.dtype, lambda array=array: array)  # type: ignore[misc]
    return examples_of(stored, options, name, unread)
