"""Several .npy files as one data set: numbered pieces of one array end to end, the others by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import counted, listing
from latentlab.data.files.arrays import Examples, Stored
from latentlab.data.files.containers.named_arrays import WORDS, end_to_end, examples_of
from latentlab.data.files.containers.numpy_files import stored_npy
from latentlab.data.files.options import ReadOptions

SUFFIX = ".npy"
NUMBERED = re.compile(r"(.*?)[-_. ]*(\d+)(?:[-_]of[-_]\d+)?")
PIECES = {"part", "parts", "shard", "chunk", "batch", "piece", "block"}  # words for a piece of an array


def read_arrays(names: Sequence[str], paths: Sequence[Path], options: ReadOptions, name: str) -> Examples:
    """The examples among .npy files, see `named_arrays`; a file's name without its suffix is that of its array.

    Args:
        names: of the files, with / between the parts.
        paths: where each of them is.
        options: which of them are what, as far as that is said.
        name: of the folder or the zip, for messages.

    Raises:
        DataError: no array can be the examples, or one that was chosen can't be read.
    """
    start = len(os.path.commonpath([os.path.dirname(one) for one in names]))
    stored, unread = dict[str, Stored](), dict[str, DataError]()
    for one, path in zip(names, paths, strict=True):
        key = one[start:].lstrip("/")[: -len(SUFFIX)]
        try:
            stored[key] = stored_npy(path)
        except DataError as error:
            unread[key] = error
    whole, notes = _pieces_joined(stored, name)
    found = examples_of(whole, options, name, unread)
    return found._replace(notes=(*found.notes, *notes))


def _pieces_joined(stored: Mapping[str, Stored], name: str) -> tuple[Mapping[str, Stored], tuple[str, ...]]:
    """The arrays, numbered pieces joined in the order of their numbers under the name that they share.

    They are pieces where their name says so, where only the last has fewer rows, or where another array has pieces of
    as many rows.

    Raises:
        DataError: there are only numbered arrays, and they may be an example each.
    """
    numbered: dict[str, dict[int, str]] = {}
    for key in stored:
        if match := NUMBERED.fullmatch(key):
            numbered.setdefault(match[1], {})[int(match[2])] = key
    groups = {stem: [keys[k] for k in sorted(keys)] for stem, keys in numbered.items()}
    groups = {stem: keys for stem, keys in groups.items() if _have_equal_rows([stored[key] for key in keys])}
    n_rows = {stem: [stored[key].shape[0] for key in keys] for stem, keys in groups.items()}
    whole, notes = dict(stored), list[str]()
    for stem, keys in groups.items():
        words = [word for word in WORDS.findall(stem) if word.lower() not in PIECES]
        called = len(words) < len(WORDS.findall(stem)) or all("of" in WORDS.findall(key) for key in keys)
        *first, last = n_rows[stem]
        shorter = len({*first}) == 1 and last < first[0]
        if called or shorter or list(n_rows.values()).count(n_rows[stem]) > 1:
            for key in keys:
                del whole[key]
            whole["_".join(words) or "data"] = end_to_end([stored[key] for key in keys])
            notes.append(
                f"{counted(len(keys), 'piece')} joined end to end, in order of their numbers: {listing(keys)}."
            )
        elif len(keys) == len(stored):
            raise DataError(
                f"{name} has {len(keys):,} arrays, {listing(keys)}: if each is one example, save np.stack of them; if"
                " they are pieces of one array, call them part_0, part_1 and so on."
            )
    return whole, tuple(notes)


def _have_equal_rows(ones: Sequence[Stored]) -> bool:
    """Whether there are several arrays, with rows of one shape and kind."""
    alike = {(one.shape[1:], one.is_numeric) for one in ones if one.shape}
    return len(ones) > 1 and len(alike) == 1 and all(one.shape for one in ones)
