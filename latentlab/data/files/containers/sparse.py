"""Sparse matrices, as SciPy and AnnData save them: made dense where memory allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MIB
from latentlab.data.files.arrays import Examples, Stored, Values, as_examples

MAX_DENSE = 1024 * MIB  # bytes as float32: what the library can keep
FORMATS = ("csr", "csc", "coo")


def is_sparse(stored: Mapping[str, Stored]) -> bool:
    """Whether the arrays are those of `scipy.sparse.save_npz`."""
    return {"format", "shape", "data"} <= stored.keys() and stored["format"].shape == ()


def read_sparse(stored: Mapping[str, Stored], name: str) -> Examples:
    """The rows of a matrix that `scipy.sparse.save_npz` saved, as vectors.

    Raises:
        DataError: damaged, of another format than `FORMATS`, or too large to be dense.
    """
    word = stored["format"].read().item()
    kind = word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)
    if kind not in FORMATS:
        raise DataError(f"{name} is a sparse matrix of the kind {kind[:9]}; save it again after .tocsr().")
    parts = ("row", "col") if kind == "coo" else ("indices", "indptr")
    if not set(parts) <= stored.keys():
        raise DataError(f"{name} is a damaged sparse matrix: it has no {' and '.join(parts)}.")
    shape = tuple(int(side) for side in _whole(stored["shape"].read(), name))
    found = as_examples(dense(kind, [stored[one].read() for one in ("data", *parts)], shape, name), None, name)
    return found._replace(notes=(*found.notes, f"A sparse matrix ({kind}), made dense."))


def dense(kind: str, parts: Sequence[Values], shape: tuple[int, ...], name: str) -> Values:
    """A sparse matrix (N, D) as float32.

    Args:
        kind: one of `FORMATS`.
        parts: (V,) the values that are not 0; (V,) their rows (`coo`, `csc`) or columns (`csr`); (V,) their columns
            (`coo`), or where each row (`csr`) or column (`csc`) starts, and the end.
        shape: of the matrix.
        name: of the file, for a message.

    Raises:
        DataError: the parts don't fit each other, or it would be too large.
    """
    from scipy.sparse import coo_array

    if len(shape) != 2 or min(shape) < 1:
        raise DataError(f"{name} has the shape {shape}; a sparse matrix of (N, D) is needed.")
    if (n_bytes := math.prod(shape) * 4) > MAX_DENSE:
        raise DataError(
            f"{name} is a sparse matrix of {shape[0]:,} x {shape[1]:,}, which takes {n_bytes / MIB:,.0f} MiB when it is"
            f" dense, and {MAX_DENSE / MIB:,.0f} are the most; reduce it before, for example by scikit-learn's"
            " TruncatedSVD(50).fit_transform(X), and save that with numpy.save."
        )
    data, first, second = parts
    if data.ndim != 1 or data.dtype.kind not in "biuf":
        raise DataError(f"{name} is a damaged sparse matrix: its values are no list of numbers.")
    first, second = _whole(first, name), _whole(second, name)
    if kind != "coo":
        n = shape[kind == "csc"]
        counts = np.diff(second)
        if len(second) != n + 1 or second[0] != 0 or (counts < 0).any() or second[-1] != len(data):
            raise DataError(f"{name} is a damaged sparse matrix: its rows or columns don't end where its values do.")
        starts = np.repeat(np.arange(n), counts)
        first, second = (starts, first) if kind == "csr" else (first, starts)
    with np.errstate(over="ignore"):
        values = data.astype(np.float32)
    try:
        return np.asarray(coo_array((values, (first, second)), shape=shape).toarray())
    except ValueError as error:
        raise DataError(f"{name} is a damaged sparse matrix: {str(error).rstrip('.')}.") from error


def _whole(values: Values, name: str) -> Values:
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise DataError(f"{name} is a damaged sparse matrix: its indices are no list of whole numbers.")
    return values.astype(np.int64)
