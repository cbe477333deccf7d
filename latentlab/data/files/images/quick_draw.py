"""Files of Quick, Draw!, a class in each: bitmaps as NumPy arrays, or strokes as JSON lines.

full_numpy_bitmap_NAME.npy           (N, 784) bytes, the class is NAME; without the part before NAME too
full_simplified_NAME.ndjson          a drawing a line with its strokes, the class is the value of `word`; raw ones too

https://github.com/googlecreativelab/quickdraw-dataset
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import SPLIT_SEED, DataError, Kind
from latentlab.data.drawings import SIDE
from latentlab.data.files.archives import MAX_BYTES, MIB, counted, listing, shown
from latentlab.data.files.arrays import QUICK_DRAW, Examples, Stored, Values
from latentlab.data.files.containers.named_arrays import DATA_KEYS, LABEL_KEYS
from latentlab.data.files.containers.numpy_files import stored_npy
from latentlab.data.files.containers.several_arrays import NUMBERED, SUFFIX
from latentlab.data.files.images.folders import PARTS
from latentlab.data.files.images.strokes import SUFFIXES, holds_strokes, read_strokes
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.splitting import Shares

OFFICIAL = re.compile(r"(full[_/])?(numpy_bitmap|simplified|raw)[_/]", re.IGNORECASE)
SHARES = Shares(0.075, 0.225)  # as Burhanpurkar (2020) divided them
LICENCE = "Quick, Draw! data by Google, CC BY 4.0."
RESERVED = {*DATA_KEYS, *LABEL_KEYS, *PARTS, "mask", "masks"}  # names of arrays, and not of what people draw


def class_of(name: str) -> str:
    """The class in the name of a file.

    >>> class_of("full_numpy_bitmap_The%20Eiffel%20Tower.npy"), class_of("data/ice_cream.npy")
    ('The Eiffel Tower', 'ice cream')
    """
    last = unquote(PurePosixPath(name).name)
    stem = last[: -len(PurePosixPath(last).suffix)]
    return OFFICIAL.sub("", stem, count=1).replace("_", " ").strip() or stem


def is_official(name: str) -> bool:
    """Whether a file has a name that Google's have."""
    return OFFICIAL.match(unquote(PurePosixPath(name).name)) is not None


def are_bitmaps(names: Sequence[str]) -> bool:
    """Whether a folder's files can be bitmaps of a class each, by their names: what is in them isn't known yet."""
    arrays = [name for name in names if name.lower().endswith(SUFFIX)]
    if any(is_official(name) for name in arrays):
        return len(names) > 1
    words = [class_of(name).lower() for name in arrays]
    is_other = any(NUMBERED.fullmatch(word) or not RESERVED.isdisjoint(word.split()) for word in words)
    return len(arrays) == len(names) > 1 and not is_other


def are_drawings(names: Sequence[str], paths: Sequence[Path]) -> bool:
    """Whether files are of Quick, Draw!, as far as their heads say; some of them may be something else.

    Args:
        names: of the files, with / between the parts.
        paths: where each of them is.
    """
    if any(is_official(name) and name.lower().endswith(SUFFIX) for name in names) and len(names) > 1:
        return True
    if any(path.suffix.lower() in SUFFIXES and holds_strokes(path) for path in paths):
        return True
    return are_bitmaps(names) and all(_is_bitmaps(_header(path)) for path in paths)


def read_drawings(names: Sequence[str], paths: Sequence[Path], options: ReadOptions, name: str) -> Examples:
    """The drawings of files of Quick, Draw!, with their classes; of each class some at random (seed 0).

    Args:
        names: of the files, with / between the parts.
        paths: where each of them is.
        options: how many of a class are taken.
        name: of the folder or the zip, for messages.

    Raises:
        DataError: files of several kinds, one that holds no drawings or is damaged, or more than can be held.
    """
    strokes = [one for one, path in zip(names, paths, strict=True) if path.suffix.lower() in SUFFIXES]
    arrays = [one for one in names if one.lower().endswith(SUFFIX)]
    others = [one for one in names if one not in strokes and one not in arrays]
    if others or (strokes and arrays):
        kinds = [strokes[:1], arrays[:1], others[:1]]
        shown_kinds = " and ".join(shown(one) for kind in kinds for one in kind)
        raise DataError(f"{name} holds files of several kinds, {shown_kinds}; put those of Quick, Draw! by themselves.")
    found = read_strokes(names, paths, options.most, name) if strokes else _read_bitmaps(names, paths, options, name)
    if found.labels is not None:
        counts = Counter(found.labels.tolist())
        single = sorted(word for word, n in counts.items() if n == 1)
        if single and len(counts) > 1:
            note = f"One drawing only of {listing(single)}: a class of one can't be both trained on and tested."
            found = found._replace(notes=(*found.notes, note))
    is_google = bool(strokes) or any(map(is_official, names))
    return found._replace(notes=(*found.notes, LICENCE) if is_google else found.notes, shares=SHARES)


def _read_bitmaps(names: Sequence[str], paths: Sequence[Path], options: ReadOptions, name: str) -> Examples:
    stored = [_bitmaps(path, one, name) for one, path in zip(names, paths, strict=True)]
    rng = np.random.default_rng(SPLIT_SEED)
    words = [class_of(one) for one in names]
    chosen = [rng.permutation(one.shape[0])[: options.most] for one in stored]
    n = sum(map(len, chosen))
    if n * QUICK_DRAW > MAX_BYTES:
        raise DataError(
            f"{name} has {n:,} drawings to take, more than {MAX_BYTES / MIB:,.0f} MiB; take fewer with --most."
        )
    try:
        x = np.concatenate([_rows(one, rows) for one, rows in zip(stored, chosen, strict=True)])
    except DataError as error:
        raise DataError(f"{name} can't be used: {error}") from error
    labels = np.repeat(np.array(words, object), list(map(len, chosen)))
    there = sum(one.shape[0] for one in stored)
    taken = f", {n:,} of {there:,}: at most {options.most:,} of each class, at random" if n < there else ""
    note = f"{n:,} images of {SIDE} x {SIDE} pixels, gray, from {counted(len(names), 'file')} of a class each{taken}."
    return Examples(x.reshape(-1, 1, SIDE, SIDE), labels, {}, (), (note,), Kind.IMAGE)


def _rows(stored: Stored, rows: NDArray[np.int64]) -> Values:
    """Some rows in the order of the file; the others aren't held."""
    return np.asarray(stored.read()[np.sort(rows)].reshape(-1, QUICK_DRAW))


def _bitmaps(path: Path, one: str, name: str) -> Stored:
    try:
        found = stored_npy(path)
    except DataError as error:
        raise DataError(f"{name} can't be used: {error}") from error
    if not _is_bitmaps(found):
        what = f"{found.dtype} of shape {found.shape}"
        raise DataError(
            f"{name}: {shown(one)} holds {what}, and bitmaps of Quick, Draw! are rows of {QUICK_DRAW} bytes."
        )
    if not found.shape[0]:
        raise DataError(f"{name}: {shown(one)} holds no drawing.")
    return found


def _header(path: Path) -> Stored | None:
    try:
        return stored_npy(path)
    except (DataError, OSError):
        return None


def _is_bitmaps(found: Stored | None) -> bool:
    return found is not None and found.dtype == np.uint8 and found.shape[1:] in ((QUICK_DRAW,), (SIDE, SIDE))
