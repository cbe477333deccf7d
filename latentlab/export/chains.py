"""The draws of chains as files: a table (CSV), arrays (npz), and NetCDF as ArviZ reads it.

In NetCDF the draws are the variable `position` (chain, draw, coordinate) of the group `posterior`; what is known of
each step, such as `acceptance_rate`, `lp`, `energy`, `n_steps` and `diverging`, lies in `sample_stats` under the names
of ArviZ's schema.
"""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pyarrow import csv

from latentlab.analysis.sampling import Experiment
from latentlab.export.csv_text import csv_text
from latentlab.settings import VERSION

Settings = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Draws:
    """The draws of C chains that weren't lost, T each after the burn-in.

    Attributes:
        positions: (C, T, d).
        chains: (C,) the number of each chain, from 0.
        steps: (T,) the number of each step, from 0, those of the burn-in counted.
        names: of the d coordinates.
        stats: name -> (C, T), what is known of each step.
        settings: of the experiment.
    """

    positions: NDArray[np.floating]
    chains: NDArray[np.int64]
    steps: NDArray[np.int64]
    names: tuple[str, ...]
    stats: Mapping[str, NDArray[Any]]
    settings: Settings


def draws_of(found: Experiment, burn_in: float, settings: Settings) -> Draws:
    """The draws of an experiment without a share of its steps at the start, with its step and the version added."""
    chains, first = found.chains, found.n_burnt(burn_in)
    kept = np.flatnonzero(~chains.lost)
    stats: dict[str, NDArray[Any]] = {"accepted": chains.accepted}
    if chains.log_alpha is not None:
        stats["acceptance_rate"] = np.exp(np.minimum(chains.log_alpha, 0))
    if chains.log_prob is not None:
        stats["lp"] = chains.log_prob
    if chains.energy is not None:
        stats["energy"] = chains.energy
    if chains.n_leapfrog is not None:
        stats["n_steps"] = chains.n_leapfrog
    if chains.diverged is not None:
        stats["diverging"] = chains.diverged
    assert chains.scales is not None
    stats["step_size"] = np.repeat(chains.scales[:, None], chains.accepted.shape[1], 1)
    return Draws(
        np.moveaxis(chains.positions[first:, kept], 0, 1),
        kept,
        np.arange(first, len(chains.positions)),
        found.names,
        {name: values[first:, kept].T for name, values in stats.items()},
        {**settings, "step": found.scale, "latentlab_version": VERSION},
    )


def draws_csv(draws: Draws) -> bytes:
    """A row for each draw, chain by chain: numbers of chain and step, coordinates, and what is known of the step."""
    n_chains, n_steps, d = draws.positions.shape
    columns: list[NDArray[Any]] = [np.repeat(draws.chains, n_steps), np.tile(draws.steps, n_chains)]
    columns += [*draws.positions.reshape(-1, d).T, *(values.ravel() for values in draws.stats.values())]
    table = pa.table({str(k): np.ascontiguousarray(column) for k, column in enumerate(columns)})
    out = io.BytesIO(csv_text([["chain", "draw", *draws.names, *draws.stats]]).encode())
    out.seek(0, io.SEEK_END)
    csv.write_csv(table, out, csv.WriteOptions(include_header=False))
    return out.getvalue()


def draws_npz(draws: Draws) -> bytes:
    """The arrays by their names, and the settings as JSON; nothing in it is pickled."""
    out = io.BytesIO()
    arrays: dict[str, Any] = {"position": draws.positions, "coordinate": np.array(draws.names)}
    arrays |= {"chain": draws.chains, "draw": draws.steps, **draws.stats}
    np.savez_compressed(out, settings=np.array(json.dumps(dict(draws.settings), ensure_ascii=False)), **arrays)
    return out.getvalue()


def why_no_netcdf() -> str:
    """What is to be installed for NetCDF, in a sentence; empty where nothing is."""
    missing = importlib.util.find_spec("h5netcdf") is None
    return "NetCDF files need h5netcdf: pip install 'latentlab[chains]'." if missing else ""


def draws_netcdf(draws: Draws) -> bytes:
    """NetCDF 4 with the groups `posterior` and `sample_stats`, and the settings as attributes of the file."""
    import h5netcdf
    import h5py

    out = io.BytesIO()
    axes = {"chain": draws.chains, "draw": draws.steps}
    with h5netcdf.File(out, "w") as file:
        file.attrs.update(draws.settings)
        for name in ("posterior", "sample_stats"):
            group = file.create_group(name)
            group.attrs.update({"inference_library": "latentlab", "inference_library_version": VERSION})
            group.dimensions = {axis: len(at) for axis, at in axes.items()}
            for axis, at in axes.items():
                group.create_variable(axis, (axis,), data=at)
        group = file["posterior"]
        group.dimensions["coordinate"] = len(draws.names)
        names = np.array(draws.names, object)
        group.create_variable("coordinate", ("coordinate",), h5py.string_dtype(), data=names)
        group.create_variable("position", (*axes, "coordinate"), data=draws.positions)
        for name, values in draws.stats.items():
            file["sample_stats"].create_variable(name, tuple(axes), data=_stored(values))
    return out.getvalue()


def _stored(values: NDArray[Any]) -> NDArray[Any]:
    """NetCDF has no type for true and false: bytes stand for them."""
    return values.astype(np.int8) if values.dtype == bool else values
