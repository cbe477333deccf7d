"""Readings that the user labelled with a class: `.labelled/<run id>.json` beside the runs, for runs that ship too.

The file has the class of each piece, its readings in the user's units, and the id of the training that they were last
given to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.runs.run import is_text
from latentlab.runs.store import Store
from latentlab.serialization import RunError, write, writing

FOLDER = ".labelled"
FORMAT = 1
MOST = 5_000  # readings of a run
MOST_NUMBERS = 1_000_000  # in them
MOST_BYTES = 64 << 20
LONGEST = 40  # characters of the name of a class


@dataclass(frozen=True, eq=False)
class Labelled:
    """Readings that follow each other, and what they are.

    Attributes:
        name: of the class.
        readings: (N, *shape) in the user's units, as a run takes them: one at a time, or windows.
        text: where they are from, in words.
    """

    name: str
    readings: NDArray[np.float64]
    text: str = ""


@dataclass(frozen=True, eq=False)
class AllLabelled:
    """All that was labelled with a run.

    Attributes:
        pieces: in the order in which they were labelled.
        training: the id of the training that they were last given to; empty for none.
    """

    pieces: tuple[Labelled, ...] = ()
    training: str = ""

    @property
    def n(self) -> int:
        """Readings in all."""
        return sum(len(one.readings) for one in self.pieces)


def checked_name(name: str) -> str:
    """The name of a class, with single spaces.

    Raises:
        RunError: it is empty, longer than `LONGEST`, or holds what no file in UTF-8 can.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST or not is_text(name) or not name.isprintable():
        raise RunError(f"The name of a class has between 1 and {LONGEST} characters.")
    return name


def read(store: Store, run_id: str) -> AllLabelled:
    """What was labelled with a run.

    Raises:
        RunError: not a possible id, or the file is damaged.
    """
    path = _path(store, run_id)
    try:
        if not path.is_file():
            return AllLabelled()
        if path.stat().st_size > MOST_BYTES:
            raise ValueError
        found = json.loads(path.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise ValueError
        pieces = tuple(Labelled(str(one["name"]), _numbers(one["readings"]), str(one["text"])) for one in found["all"])
        return AllLabelled(pieces, str(found["training"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError("The labels that were given to its readings can't be read.") from error


def add(store: Store, run_id: str, piece: Labelled) -> None:
    """Add readings with their class.

    Raises:
        RunError: more than are kept, no possible name, or they can't be written.
    """
    before = read(store, run_id)
    piece = Labelled(checked_name(piece.name), piece.readings, piece.text)
    numbers = sum(one.readings.size for one in (*before.pieces, piece))
    if before.n + len(piece.readings) > MOST or numbers > MOST_NUMBERS:
        raise RunError(f"At most {MOST:,} readings are labelled of a run, and {MOST_NUMBERS:,} numbers: undo some.")
    if not len(piece.readings) or not np.isfinite(piece.readings).all():
        raise RunError("Readings that are labelled have a number of each sensor.")
    _write(store, run_id, AllLabelled((*before.pieces, piece), before.training))


def undo(store: Store, run_id: str) -> None:
    """Take away what was labelled last.

    Raises:
        RunError: it can't be read or written.
    """
    before = read(store, run_id)
    _write(store, run_id, AllLabelled(before.pieces[:-1], before.training))


def given_to(store: Store, run_id: str, training: str) -> None:
    """Keep the id of the training that all of them were given to.

    Raises:
        RunError: as `undo`.
    """
    _write(store, run_id, AllLabelled(read(store, run_id).pieces, training))


@writing("What was labelled")
def _write(store: Store, run_id: str, found: AllLabelled) -> None:
    path = _path(store, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    pieces: Sequence[dict[str, Any]] = [
        {"name": one.name, "text": one.text, "readings": one.readings.tolist()} for one in found.pieces
    ]
    write(path, json.dumps({"format": FORMAT, "training": found.training, "all": pieces}).encode())


def _path(store: Store, run_id: str) -> Path:
    store.folder(run_id)  # which refuses what is no id
    return store.root / FOLDER / f"{run_id}.json"


def _numbers(rows: Any) -> NDArray[np.float64]:
    found = np.array(rows, np.float64)
    if found.ndim not in (2, 3) or not math.isfinite(found.sum()):
        raise ValueError
    return found
