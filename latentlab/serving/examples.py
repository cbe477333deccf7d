"""The examples with which a model of the user's own is looked at: of a data set, or of arrays as they have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.maps.examples import all_examples
from latentlab.data import Dataset, Kind, Library, load
from latentlab.data.files.tables.labels import class_indices
from latentlab.serving.functions import ServingError

ARRAYS = "own arrays"  # what data are called that have no name; none in the library can have a space in it
MOST = 5_000  # examples that are looked at
GRAY_OR_COLOUR = (1, 3)


class Found(NamedTuple):
    """Examples, and what 0 (black) and 1 (white) of an image are in the user's own numbers."""

    examples: Dataset
    low: float = 0.0
    high: float = 1.0


def of_data_set(name: str) -> Found:
    """Of a data set by its name: those for testing first. Vectors are in the user's own units, images from 0 to 1.

    Raises:
        DataError: there is none, or it can't be read.
    """
    library = Library.default()
    splits = library.open(name).splits if name in library else load(name)
    return Found(all_examples(splits, MOST))


def of_arrays(data: Any, labels: Any = None, classes: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Found:
    """Of arrays, as the functions take them.

    Args:
        data: images (N, height, width), also with channels before or after their sides; or vectors (N, D).
        labels: (N,) numbers or words; None for none.
        classes: names of the classes, for labels that are indices.
        names: of the numbers of a vector.

    Raises:
        ServingError: another shape, nothing to be seen, or not a label for each.
    """
    x = _array(data)
    if x.dtype.kind not in "biuf" or x.ndim not in (2, 3, 4) or len(x) < 2:
        raise ServingError(
            f"data has the shape {x.shape} and the type {x.dtype}; needed are two or more images "
            "(N, channels, height, width) or vectors (N, D), of numbers."
        )
    if not np.isfinite(x).all():
        raise ServingError("data holds NaN or infinity.")
    values = None if labels is None else _array(labels)
    if values is not None and values.shape != (len(x),):
        raise ServingError(f"There are labels of shape {values.shape} for {len(x):,} examples.")
    y, found_names, notes, are_classes = class_indices(values, len(x), tuple(map(str, classes)))
    if not are_classes:
        raise ServingError(" ".join(notes))
    targets = torch.from_numpy(y[:MOST])
    if x.ndim == 2:
        kind = Kind.PLANE if x.shape[1] == 2 else Kind.VECTOR
        rows = torch.from_numpy(x[:MOST].astype(np.float32))
        return Found(Dataset(ARRAYS, rows, targets, found_names, kind, tuple(names)))
    images = x[:, None] if x.ndim == 3 else x
    if images.shape[1] not in GRAY_OR_COLOUR and images.shape[3] in GRAY_OR_COLOUR:
        images = np.moveaxis(images, -1, 1)
    if images.shape[1] not in GRAY_OR_COLOUR:
        raise ServingError(f"data has images of {images.shape[1]} channels; one or three can be shown.")
    low, high = value_range(x)
    scaled = (images[:MOST].astype(np.float32) - low) / (high - low) * 255
    pixels = torch.from_numpy(np.ascontiguousarray(np.rint(scaled).astype(np.uint8)))
    return Found(Dataset(ARRAYS, pixels, targets, found_names, Kind.IMAGE), low, high)


def value_range(x: NDArray[Any]) -> tuple[float, float]:
    """What black and white are in the numbers of images: 0 … 1, -1 … 1 or 0 … 255 where they fit, else their ends."""
    low, high = float(x.min()), float(x.max())
    for ends in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if ends[0] <= low and high <= ends[1]:
            return ends
    return (low, high) if high > low else (low, low + 1)


def with_classes(examples: Dataset, classes: Sequence[str]) -> Dataset:
    """Examples with other names of their classes.

    Raises:
        ServingError: there are fewer names than classes.
    """
    if not classes:
        return examples
    if len(examples) and int(examples.y.max()) >= len(classes):
        raise ServingError(f"There are {len(classes)} names of classes, and labels up to {int(examples.y.max())}.")
    return replace(examples, classes=tuple(map(str, classes)))


def _array(values: Any) -> NDArray[Any]:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
