"""What can be taken away from a map: its examples with the user's rows, ids and columns, places and neighbours."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.maps.trustworthiness import overlap
from latentlab.analysis.neighbours import as_distance, neighbours
from latentlab.figures.sheets import sheet_png
from pages.shared.downloads import download
from pages.shared.example_table import Column, distinct, identity, numbers, others, table_csv
from pages.shared.per_example import terms
from pages.shared.point_colours import K
from pages.shared.spaces import INPUT, Floats, Space, compared

ACROSS = 15  # images beside each other on a sheet
MOST_IMAGES = 2_000  # on a sheet
MOST_PAIRS = 4e8  # of examples whose distances are computed while one waits: of more the neighbours are left out


def exports(space: Space, places: Floats, ids: NDArray[np.int64], what: str) -> None:
    """Buttons that download some examples as a table, for a program, or as a sheet of images.

    Args:
        space: of the examples.
        places: (N, 2 or 3) on the map.
        ids: (M,) which of them.
        what: the end of the files' name.
    """
    if space.examples.rows is not None:
        ids = ids[space.examples.rows[ids].argsort(kind="stable")]
    name = f"{space.of.run.id if space.of.run is not None else space.of.dataset}-{what}"
    about = "With the places x and y, the nearest neighbours among all, and how many of them the map keeps"
    if len(ids) == len(space.z):
        about += "; Embedding Atlas opens it"
    if not has_neighbours(space, ids):
        about = "With the places x and y; the neighbours of so many would take too long, so they are left out"
    with st.container(horizontal=True):
        download("CSV", lambda: csv_of(space, places, ids), f"{name}.csv")
        download("npz", lambda: npz_of(space, places, ids), f"{name}.npz")
        download("Parquet", lambda: parquet_of(space, places, ids), f"{name}.parquet", about)
        if space.is_image and len(ids) <= MOST_IMAGES:
            download("PNG", lambda: sheet_png(space.data.x.numpy()[ids], min(ACROSS, len(ids))), f"{name}.png")


def csv_of(space: Space, places: Floats, ids: NDArray[np.int64]) -> str:
    """One row an example; a number is written so that it is read as the same."""
    return table_csv(distinct([*identity(space, ids), *_places(places, ids), *_rest(space, ids)]))


def npz_of(space: Space, places: Floats, ids: NDArray[np.int64]) -> bytes:
    """Arrays: the examples x as they were given, their classes y, the numbers z of the map, the places xy, the rest."""
    y = space.data.y.numpy()[ids]
    arrays: list[Column] = [("x", space.examples.own.numpy()[ids]), ("y", y), ("z", space.z[ids]), ("xy", places[ids])]
    arrays += [("classes", np.array(space.data.classes, str)), *identity(space, ids), *others(space, ids)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # NumPy's own takes no array that is called file
        for name, values in distinct(arrays).items():
            plain = values.astype(str) if values.dtype.kind == "O" else np.ascontiguousarray(values)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, plain, allow_pickle=False)
    return out.getvalue()


def parquet_of(space: Space, places: Floats, ids: NDArray[np.int64]) -> bytes:
    """One row an example, with its nearest neighbours among all examples of the map, the nearest first.

    `neighbour_ids` are the user's ids, else rows, and `neighbour_distances` are how far they are. In a file of all
    examples `neighbors` has them as Embedding Atlas reads them: ids, which count the rows of the file from 0, and
    distances. `faithfulness` is the share of an example's nearest neighbours that are its neighbours on the map.
    """
    ours: list[tuple[str, Any]] = [*identity(space, ids), *_places(places, ids)]
    if has_neighbours(space, ids):
        ours += _neighbours(space, ids)
        if len(space.z) > K + 1:
            ours.append(("faithfulness", overlap(compared(space), places, K, ids)))
    table = distinct([*ours, *_rest(space, ids)])
    out = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values) for name, values in table.items()}), out)
    return out.getvalue()


def has_neighbours(space: Space, ids: NDArray[np.int64]) -> bool:
    """Whether the neighbours of some examples are found while one waits."""
    return len(space.z) > 1 and len(ids) * len(space.z) <= MOST_PAIRS


def _neighbours(space: Space, ids: NDArray[np.int64]) -> list[tuple[str, pa.Array]]:
    """Who is nearest to each of some examples by the user's name, and how far; and for a viewer, in a file of all."""
    z = compared(space)
    found = neighbours(z, z[ids], min(K, len(z) - 1), own=ids)
    (_, named), *_ = identity(space, found.index.ravel())
    far = _lists(found.index.shape, as_distance(found.distance, space.of.metric))
    ours = [("neighbour_ids", _lists(found.index.shape, named)), ("neighbour_distances", far)]
    if len(ids) < len(z):
        return ours
    row = _lists(found.index.shape, ids.argsort()[found.index])
    return [("neighbors", pa.StructArray.from_arrays([row, far], ["ids", "distances"])), *ours]


def _lists(shape: tuple[int, ...], values: NDArray[Any]) -> pa.Array:
    """(N, k) values as a column of N lists."""
    return pa.ListArray.from_arrays(np.arange(shape[0] + 1, dtype=np.int32) * shape[1], pa.array(values.ravel()))


def _places(places: Floats, ids: NDArray[np.int64]) -> list[Column]:
    return list(zip("xyz", places[ids].T, strict=False))


def _rest(space: Space, ids: NDArray[np.int64]) -> list[Column]:
    """The user's other columns, the numbers of examples that are no images, terms of the loss, and the codes."""
    given = [] if space.is_image else numbers(space, ids)
    codes = zip(space.axes, space.z[ids].T, strict=True) if space.is_image or space.of.layer != INPUT else ()
    return [*others(space, ids), *given, *((name, each[ids]) for name, each in terms(space.of).items()), *codes]
