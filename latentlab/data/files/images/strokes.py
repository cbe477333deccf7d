"""Drawings as JSON lines, as Quick, Draw! has them.

{"word": "moon", "recognized": true, "drawing": [[[x, …], [y, …]], …]}

A line is one drawing; each of its strokes is a list of its x, a list of its y, and in raw files one of its times, which
is not used. Lines that aren't so are left out and counted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import SPLIT_SEED, DataError, Kind
from latentlab.data.drawings import SIDE, Doubles, Drawing, Strokes, bitmaps
from latentlab.data.files.archives import MIB, counted, shown
from latentlab.data.files.arrays import Examples, Values

SUFFIXES = (".ndjson", ".jsonl")
MAX_FILE = 512 * MIB  # of a file, which is held while it is read
MAX_LINE = MIB  # of a drawing
MAX_STROKES, MAX_POINTS = 1_000, 20_000  # of a drawing
FARTHEST = 1e6  # of a point from the corner, in any unit
MAX_DRAWINGS = 1_000_000  # that are taken, of all classes
LONGEST_WORD = 100  # characters
AT_ONCE = 2_000  # drawings that are rendered together
HEAD = 65_536  # bytes of a file in which its first drawing begins
_KEYS = re.compile(rb'"drawing"\s*:\s*\[')
_WORD = re.compile(rb'"word"\s*:\s*"((?:[^"\\]|\\.)*)"')


class _Drawn(NamedTuple):
    word: str
    recognized: bool | None  # by the game; None where it isn't said
    strokes: Drawing


def holds_strokes(path: Path) -> bool:
    """Whether a file begins with a line that is a drawing and its word."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD).lstrip()
    except OSError:
        return False
    first = head.partition(b"\n")[0]
    return first[:1] == b"{" and _KEYS.search(first) is not None and _WORD.search(first) is not None


def read_strokes(names: Sequence[str], paths: Sequence[Path], most: int, name: str) -> Examples:
    """The drawings of some files as bitmaps of 28 × 28 pixels, their words as labels.

    Args:
        names: of the files.
        paths: where each of them is.
        most: of each word so many are taken, at random (seed 0).
        name: of the folder, the zip or the file, for messages.

    Raises:
        DataError: no drawing in one of the files, or more than can be held.
    """
    rng, found, n_of = np.random.default_rng(SPLIT_SEED), list[_Drawn](), Counter[str]()
    images, n_lines, left_out = list[NDArray[np.uint8]](), 0, 0
    for one, path in zip(names, paths, strict=True):
        where = name if len(names) == 1 else f"{name}: {shown(one)}"
        lines = _lines(path, where)
        chosen, n_bad = _choose(lines, most, n_of, rng)
        if n_bad == len(lines):
            raise DataError(f"{where} holds no line with a drawing and its word.")
        if len(found) + len(chosen) > MAX_DRAWINGS:
            raise DataError(f"{name} has more than {MAX_DRAWINGS:,} drawings to take; take fewer with --most.")
        n_lines, left_out = n_lines + len(lines), left_out + n_bad
        for first in range(0, len(chosen), AT_ONCE):
            images.append(bitmaps(Strokes.of([drawn.strokes for drawn in chosen[first : first + AT_ONCE]])))
        found += [drawn._replace(strokes=()) for drawn in chosen]
    n = len(found)
    taken = f", of {n_lines - left_out:,}: at most {most:,} of each word, at random" if n < n_lines - left_out else ""
    notes = [f"{counted(n, 'drawing')} rendered as images of {SIDE} x {SIDE} pixels, gray{taken}."]
    if left_out:
        notes.append(f"{counted(left_out, 'line')} skipped, as not a drawing with its word.")
    labels = np.array([drawn.word for drawn in found], object)
    return Examples(
        np.concatenate(images)[:, None], labels, _recognized(found), (), tuple(notes), Kind.IMAGE, label="word"
    )


def _lines(path: Path, where: str) -> list[bytes]:
    if (n_bytes := path.stat().st_size) > MAX_FILE:
        raise DataError(f"{where} has {n_bytes / MIB:,.0f} MiB; {MAX_FILE / MIB:,.0f} MiB of drawings are the most.")
    return [line for line in path.read_bytes().split(b"\n") if line.strip()]


def _choose(
    lines: Sequence[bytes], most: int, n_of: Counter[str], rng: np.random.Generator
) -> tuple[list[_Drawn], int]:
    """The drawings of some lines drawn at random, in their order, and how many lines were tried and are none.

    Args:
        lines: of a file.
        most: of each word.
        n_of: how many drawings of each word there are; changed.
        rng: draws them.
    """
    chosen, n_bad = dict[int, _Drawn](), 0
    for k in rng.permutation(len(lines)).tolist():
        hint = _WORD.search(lines[k]) if len(lines[k]) <= MAX_LINE else None
        if hint is not None and n_of[hint[1].decode("utf-8", "replace")] >= most:
            continue
        drawn = _drawing(lines[k])
        if drawn is None:
            n_bad += 1
        elif n_of[drawn.word] < most:
            n_of[drawn.word] += 1
            chosen[k] = drawn
    return [chosen[k] for k in sorted(chosen)], n_bad


def _drawing(line: bytes) -> _Drawn | None:
    """What a line holds; None if it is no drawing."""
    if len(line) > MAX_LINE:
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    word, drawing, recognized = (record.get(key) for key in ("word", "drawing", "recognized"))
    if not isinstance(word, str) or not 0 < len(word.strip()) <= LONGEST_WORD or not isinstance(drawing, list):
        return None
    if not 0 < len(drawing) <= MAX_STROKES:
        return None
    strokes = list(_strokes(drawing))
    if len(strokes) < len(drawing) or sum(map(len, strokes)) > MAX_POINTS:
        return None
    return _Drawn(word.strip(), recognized if isinstance(recognized, bool) else None, strokes)


def _strokes(drawing: Sequence[Any]) -> Iterator[Doubles]:
    """The strokes of a drawing up to the first that is none."""
    for stroke in drawing:
        if not isinstance(stroke, list) or len(stroke) not in (2, 3):
            return
        try:
            points = np.array(stroke[:2], np.float64)
        except (ValueError, TypeError, OverflowError):
            return
        if points.ndim != 2 or not points.shape[1] or not (np.abs(points) < FARTHEST).all():
            return
        yield points.T


def _recognized(found: Sequence[_Drawn]) -> dict[str, Values]:
    """Whether the game recognised each drawing; nothing where one doesn't say it."""
    said = [drawn.recognized for drawn in found]
    return {} if None in said else {"recognized": np.array(said, bool)}
