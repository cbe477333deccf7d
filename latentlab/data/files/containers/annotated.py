"""AnnData's tables of cells in an HDF5 file: X or obsm are vectors, obs are columns, var names the numbers of X."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import listing, shown
from latentlab.data.files.arrays import Examples, Stored
from latentlab.data.files.containers.named_arrays import examples_of
from latentlab.data.files.containers.sparse import MAX_DENSE, dense
from latentlab.data.files.options import ReadOptions

CELL_TYPES = ("cell_type", "celltype", "cell_types", "leiden", "louvain", "clusters", "cluster")  # labels of cells
SPARSE = {"csr_matrix": "csr", "csc_matrix": "csc", "csr": "csr", "csc": "csc"}


def cells(about: Mapping[str, Any], stored: Mapping[str, Stored], options: ReadOptions, name: str) -> Examples:
    """The examples of an .h5ad file: X, or what of obsm is chosen by `options.vector`.

    Args:
        about: the attributes: the index of obs and of var, the kind and the shape of a sparse X.
        stored: its data sets.
        options: which of them are what, as far as that is said.
        name: of the file, for a message.

    Raises:
        DataError: damaged, too large, or no such vectors.
    """
    reduced = {key.removeprefix("obsm/"): one for key, one in stored.items() if key.startswith("obsm/")}
    arrays, index = _columns(about, "obs", stored)
    chosen = [one.removeprefix("obsm/") for one in options.vector] or ["X"]
    if len(chosen) > 1 or chosen[0] not in ("X", *reduced):
        raise DataError(f"{name} has no vectors called {listing(chosen)}, only {listing(['X', *reduced])}.")
    (vector,) = chosen
    arrays[vector] = reduced[vector] if vector != "X" else _matrix(about, stored, name, list(reduced))
    by_lower = {key.lower(): key for key in reversed(list(arrays))}
    label = next((by_lower[one] for one in CELL_TYPES if one in by_lower), None)
    options = dataclasses.replace(
        options,
        vector=(vector,),
        label=label if options.label is None else options.label,
        id=options.id or index,
    )
    found = examples_of(arrays, options, name)
    others = [one for one in ("X", *reduced) if one != vector]
    note = f"Vectors from {shown(vector)}" + (f"; choose others with --vector: {listing(others)}." if others else ".")
    names = _columns(about, "var", stored)
    features = tuple(map(str, names[0][names[1]].read())) if vector == "X" and names[1] else ()
    features = features if found.x.shape[1:] == (len(features),) else ()
    return found._replace(features=features, notes=(*found.notes, note))


def _columns(about: Mapping[str, Any], key: str, stored: Mapping[str, Stored]) -> tuple[dict[str, Stored], str]:
    """The columns of a table in a group, and which of them names the rows; empty for none."""
    columns = {}
    for name in stored:
        group, _, one = name.partition("/")
        if group != key:
            continue
        if "/" not in one:
            columns[one] = stored[name]
        elif one.endswith("/codes") and (words := stored.get(f"{name.removesuffix('codes')}categories")):
            columns[one.removesuffix("/codes")] = _categorical(stored[name], words)
    index = about.get(key, "")
    return columns, index if index in columns else ""


def _categorical(codes: Stored, categories: Stored) -> Stored:
    def read() -> Any:
        at, words = codes.read(), np.array([*map(str, categories.read()), ""], object)
        if at.dtype.kind not in "iu" or at.max(initial=-1) >= len(words) - 1 or at.min(initial=0) < -1:
            raise DataError("A column of categories is damaged.")
        return words[at]

    return Stored(codes.shape, np.dtype(object), read)


def _matrix(about: Mapping[str, Any], stored: Mapping[str, Stored], name: str, reduced: list[str]) -> Stored:
    """X, dense or sparse."""
    if "X" in stored:
        return stored["X"]
    word, shape = about.get("kind", ""), tuple(about.get("shape", ()))
    if word not in SPARSE or len(shape) != 2 or not {"X/data", "X/indices", "X/indptr"} <= stored.keys():
        raise DataError(f"{name}: X holds no numbers that can be read.")
    if shape[0] * shape[1] * 4 > MAX_DENSE and reduced:
        raise DataError(
            f"{name}: X is a sparse matrix of {shape[0]:,} x {shape[1]:,}, too large to be made dense; choose other"
            f" vectors with --vector: {listing(reduced)}."
        )
    parts = [stored[f"X/{one}"] for one in ("data", "indices", "indptr")]
    kind = SPARSE[word]
    return Stored(shape, np.dtype(np.float32), lambda: dense(kind, [part.read() for part in parts], shape, name))
