"""Columns of Arrow's tables, as Parquet and Feather files hold them, as arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from latentlab.data.files.arrays import Values
from latentlab.data.files.tables.cells import lists, numbers, plain

BYTES = "bytes"  # the field of a structure that holds an image, as Hugging Face stores it


def class_names(metadata: dict[bytes, bytes] | None) -> dict[str, tuple[str, ...]]:
    """Column -> names of its classes, from what Hugging Face writes into a file's metadata."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        kinds = {str(column): kind for column, kind in features.items()}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return {}
    found = {}
    for column, kind in kinds.items():
        names = (
            kind.get("names") if isinstance(kind, dict) and kind.get("_type", "ClassLabel") == "ClassLabel" else None
        )
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            found[column] = tuple(names)
    return found


def values(name: str, column: Any) -> Values | None:
    """A chunked array as a column of a table; None where it holds what no column can.

    Raises:
        DataError: lists of numbers in text that were cut off when they were written.
    """
    import pyarrow as pa  # type: ignore[import-untyped]

    kind = column.type
    if pa.types.is_struct(kind):
        if BYTES not in [kind.field(k).name for k in range(kind.num_fields)]:
            return None
        column = pa.chunked_array([chunk.field(BYTES) for chunk in column.chunks], kind.field(BYTES).type)
        kind = column.type
    if _is_list(kind):
        return _stacked(column.chunks)
    if pa.types.is_nested(kind):
        return None
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _bytes(column.to_pylist())
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_temporal(kind):
        column = column.cast(pa.string()) if not pa.types.is_duration(kind) else column.cast(pa.int64())
    elif kind == pa.null():
        return np.full(len(column), "", object)
    series = column.to_pandas()
    if series.dtype.kind in "biuf":
        return plain(series)
    found = numbers(series, ".")
    if found is None:
        words = plain(series)
        found = lists(name, words)
        found = words if found is None else found
    return found


def _bytes(cells: Sequence[bytes | None]) -> Values:
    """The contents of files, or text that was written as bytes."""
    out = np.empty(len(cells), object)
    out[:] = [cell or b"" for cell in cells]
    try:
        words = [cell.decode() for cell in out]
    except UnicodeDecodeError:
        return out
    out[:] = words
    return out


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _stacked(chunks: Sequence[Any]) -> Values | None:
    """Lists of numbers, and lists of those, as (N, D) float32; NaN where a row has none, or not as many as most."""
    rows, widths = [], []
    for chunk in chunks:
        flat, width = _flat(chunk)
        if flat is None:
            return None
        rows.append(flat)
        widths.append(width)
    if not rows:
        return None
    counts = np.concatenate(widths)
    if not len(counts) or not (d := int(np.bincount(counts).argmax())) or (counts == d).mean() < 0.5:
        return None
    out = np.full((len(counts), d), np.nan, np.float32)
    with np.errstate(over="ignore"):
        good = np.repeat(counts == d, counts)
        out[counts == d] = np.concatenate(rows)[good].reshape(-1, d)
    return out


def _flat(array: Any) -> tuple[Values | None, Values]:
    """The numbers of all rows of an array of lists, end to end, and how many each row has; None where they are none."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    n = np.ones(len(array), np.int64)
    inner = array
    owner = np.arange(len(array))
    while _is_list(inner.type):
        lengths = np.asarray(pc.list_value_length(inner).fill_null(0).to_numpy(zero_copy_only=False), np.int64)
        owner = np.repeat(owner, lengths)
        inner = inner.flatten()
    if not (pa.types.is_integer(inner.type) or pa.types.is_floating(inner.type) or pa.types.is_boolean(inner.type)):
        return None, n
    with np.errstate(over="ignore"):
        flat = inner.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32)
    return flat, np.bincount(owner, minlength=len(array)).astype(np.int64)
