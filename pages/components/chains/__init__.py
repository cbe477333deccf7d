"""Animated chains: their steps go to the browser as raw bytes, where they are played at any speed.

The component knows moves only, so every sampler has its animation: where a chain was, its proposal, whether it was
accepted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.box import Box
from pages.components import LOOK, WIRE, digest, framed, sources

FULL = 65_535  # a coordinate at the far side of the box


_chains = st.components.v2.component(
    "latentlab.chains",
    html=sources("chains", "chains.html"),
    css=LOOK + sources("chains", "chains.css"),
    js=WIRE + sources("chains", "chains.js"),
)


@dataclass(frozen=True)
class Film:
    """Moves of c chains in a box of the plane, T steps.

    Attributes:
        start: (c, 2).
        positions: (T, c, 2) after each step.
        proposals: (T, c, 2) tried at each step.
        accepted: (T, c) bool.
        box: what is shown.
        density: (n, n) of what is sampled, row 0 the lowest y; any scale. None where it isn't known.
        data: (m, 2) examples to show behind the chains; may be empty.
        names: of the two axes.
        paths: (T, L, c, 2) from where a chain was to its proposal; None where that is no path.
    """

    start: NDArray[np.floating]
    positions: NDArray[np.floating]
    proposals: NDArray[np.floating]
    accepted: NDArray[np.bool_]
    box: Box
    density: NDArray[np.floating] | None
    data: NDArray[np.floating]
    names: Sequence[str]
    paths: NDArray[np.floating] | None = None


def pack(film: Film) -> bytes:
    """What chains.js reads: a header, the truth along x (float32), places (uint16 pairs), then single bytes."""
    n_steps, n_chains = film.accepted.shape
    side = 0 if film.density is None else len(film.density)
    truth, shade = np.empty(0, "<f4"), b""
    if film.density is not None:
        density = np.nan_to_num(np.asarray(film.density, np.float64), posinf=0)
        truth = (density.sum(0) / (density.sum() or 1.0)).astype("<f4")
        shade = (255 * np.sqrt(density / (density.max() or 1.0))).astype(np.uint8).tobytes()
    paths = np.empty((n_steps, 0, n_chains, 2)) if film.paths is None else film.paths
    places = [film.start, film.positions, film.proposals, film.data, paths]
    body = truth.tobytes() + b"".join(_places(part, film.box) for part in places)
    body += film.accepted.astype(np.uint8).tobytes() + shade
    head = {
        "steps": n_steps,
        "chains": n_chains,
        "side": side,
        "points": len(film.data),
        "path": paths.shape[1],
        "box": [*film.box.low, *film.box.high],
        "names": list(film.names),
    }
    name = digest(json.dumps(head).encode(), body)
    return framed({"id": name, **head}) + body


def chains(key: str, film: Film) -> None:
    """Draw the chains and the buttons that move them; nothing comes back."""
    _chains(key=key, data=pack(film))


def _places(xy: NDArray[np.floating], box: Box) -> bytes:
    """Pairs of uint16 in the box; what lies outside is put on its edge, NaN in its corner."""
    low, high = np.array(box.low), np.array(box.high)
    share = np.nan_to_num((np.asarray(xy, np.float64) - low) / (high - low)).clip(0, 1)
    return bytes((share * FULL + 0.5).astype("<u2").tobytes())
