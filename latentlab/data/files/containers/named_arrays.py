"""Named arrays, as .npz, .mat, HDF5 and safetensors hold them: which are the examples, the labels and the rest.

x, images, embeddings, …                     the examples
y, labels, target, …                         the labels
train_images, x_test, set.valid.labels, …    the same in parts, which are kept
ids, filenames, …; captions, …               what names an example, and what describes it
any other with a row for each example        columns
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import listing, shown
from latentlab.data.files.arrays import Examples, Stored, Values, rows_as_examples
from latentlab.data.files.axes import examples_first
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.splitting import SPLITS, parts_of
from latentlab.data.files.tables.labels import WIDEST, class_names, interpret, plain

DATA_KEYS = (
    "x", "images", "image", "imgs", "img", "data", "arr_0", "embeddings", "embedding", "embeds", "emb", "features",
    "feature", "feats", "feat", "fea", "vectors", "vector", "codes", "latents", "z", "activations", "samples", "inputs",
    "input", "signals", "series", "spectra", "faces", "pixels",
)  # fmt: skip
LABEL_KEYS = ("y", "labels", "label", "target", "targets", "class", "classes", "gnd", "gt", "category")
ANYWHERE = ("labels", "label", "targets", "target")  # that may also be a part of a longer name: fine_labels
NAME_KEYS = ("class_names", "label_names", "target_names", "classes", "names")
ID_KEYS = ("id", "ids", "filename", "filenames", "file_names", "name", "names", "paths", "keys", "uuid", "barcodes")
TITLE_KEYS = ("title", "titles", "caption", "captions", "text", "texts", "sentences", "prompts")
PARTS = {
    "train": 0, "training": 0, "tr": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2,
    "te": 2,
}  # fmt: skip
MOST_NAMED = 6  # arrays with their shapes
WORDS = re.compile(r"[xyXY](?=[Tt]rain|[Tt]est|[Vv]al)|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class _Rest(NamedTuple):
    columns: dict[str, Values]  # (N,) each
    classes: tuple[str, ...]
    unused: list[str]


def examples_of(
    stored: Mapping[str, Stored], options: ReadOptions, name: str, unread: Mapping[str, DataError] | None = None
) -> Examples:
    """The examples among named arrays, with their labels, their columns and their parts.

    Args:
        stored: the arrays by their names.
        options: which of them are what, as far as that is said.
        name: of the file, for a message.
        unread: why others can't be read.

    Raises:
        DataError: no array can be the examples, or one that was chosen isn't there or can't be read.
    """
    unread = unread or {}
    whole, split = _joined(stored, options.vector)
    known = [*dict.fromkeys((*whole, *stored, *unread))]
    for requested in options.named:
        if requested not in known:
            raise DataError(f"{name} has no array called {shown(requested)}, only {listing(known) or 'none'}.")
    arrays = {key: one for key, one in whole.items() if key not in options.drop}
    key = _data_key(arrays, options.vector, name, unread)
    x = arrays.pop(key).read()
    label = _label_key(arrays, x.shape) if options.label is None else options.label
    raw = arrays.pop(label).read() if label in arrays else None
    x, turned = examples_first(x, _lengths(raw, arrays, x.shape), name)

    labels = interpret(raw, len(x), label)
    rest = _rest(arrays, len(x), labels.values)
    columns = labels.columns | rest.columns
    split = None if split is None or len(split) != len(x) else split
    part = _named(SPLITS, columns) if options.split is None else options.split
    if split is None and part in columns and (split := parts_of(columns[part])) is not None:
        del columns[part]
    found = Examples(
        x, labels.values, columns, (), (*turned, *labels.notes), None, split, rest.classes,
        options.id or _named(ID_KEYS, columns), options.title or _named(TITLE_KEYS, columns), label or "label",
    )  # fmt: skip
    found = rows_as_examples(found, name, options.channels)
    objects = [one for one in unread if one not in options.drop]
    notes = [f"Left out, as they hold no numbers or text that can be read: {listing(objects)}."] if objects else []
    if rest.unused:
        notes.append(f"Not used: {listing(rest.unused)}.")
    return found._replace(notes=(*found.notes, *notes))


def _joined(stored: Mapping[str, Stored], chosen: Sequence[str]) -> tuple[Mapping[str, Stored], Values | None]:
    """The arrays, those of parts joined under the name that they share, and (N,) the part of each row if there are any.

    An array that was chosen by its whole name is no part.
    """
    bases: dict[str, dict[int, str]] = {}
    for key in stored:
        base, part = _base(key)
        if part is not None:
            bases.setdefault(base, {}).setdefault(part, key)
    able = {base: parts for base, parts in bases.items() if _is_data({part: stored[k] for part, k in parts.items()})}
    base = _named(DATA_KEYS, able) or _partly(DATA_KEYS, able) or next(iter(able), "")
    if not able or any(one in stored for one in chosen):
        return stored, None
    sizes = {part: stored[key].shape[0] for part, key in sorted(able[base].items())}
    whole = {base: end_to_end([stored[able[base][part]] for part in sizes])}
    used = set(able[base].values())
    for other, parts in bases.items():
        ones = [
            stored.get(parts.get(part, ""), _missing(stored[next(iter(parts.values()))], n))
            for part, n in sizes.items()
        ]
        if other != base and _fit(ones, list(sizes.values())):
            whole[other] = end_to_end(ones)
            used |= set(parts.values())
    whole |= {key: one for key, one in stored.items() if key not in used}
    return whole, np.repeat(list(sizes), list(sizes.values()))


def _base(key: str) -> tuple[str, int | None]:
    """A name without that of the part, and which part it is.

    >>> _base("set.trainLabels"), _base("X_test"), _base("size")
    (('Labels', 0), ('X', 2), ('size', None))
    """
    words, leaf = WORDS.findall(key), WORDS.findall(_leaf(key))
    parts = [PARTS[word.lower()] for word in words if word.lower() in PARTS]
    if len(parts) != 1:
        return key, None
    return "_".join(word for word in leaf if word.lower() not in PARTS) or "data", parts[0]


def _leaf(key: str) -> str:
    """A name without those of the groups or structures that it lies in."""
    return re.split("[/.]", key)[-1]


def _is_data(parts: Mapping[int, Stored]) -> bool:
    """Whether examples in parts: those for training, and others of the same shape."""
    ones = list(parts.values())
    return 0 in parts and len(parts) > 1 and _fit(ones, [one.shape[0] if one.shape else 0 for one in ones], 2)


def _fit(ones: Sequence[Stored], sizes: Sequence[int], least: int = 1) -> bool:
    """Whether arrays have so many rows each, of one shape and one kind of values."""
    if any(len(one.shape) < least or one.shape[0] != n for one, n in zip(ones, sizes, strict=True)):
        return False
    numeric = {one.is_numeric for one in ones}
    return len({one.shape[1:] for one in ones}) == 1 and len(numeric) == 1 and (least == 1 or numeric == {True})


def _missing(like: Stored, n: int) -> Stored:
    """What stands for the labels of a part that has none."""
    value = -1 if like.is_numeric else ""
    shape = (n, *like.shape[1:])
    return Stored(shape, like.dtype, lambda: np.full(shape, value))


def end_to_end(ones: Sequence[Stored]) -> Stored:
    """Arrays with rows of one shape as one."""
    shape = (sum(one.shape[0] for one in ones), *ones[0].shape[1:])
    return Stored(shape, ones[0].dtype, lambda: np.concatenate([one.read() for one in ones]))


def _data_key(arrays: Mapping[str, Stored], chosen: Sequence[str], name: str, unread: Mapping[str, DataError]) -> str:
    if len(chosen) > 1:
        raise DataError(f"{name} has several arrays of which one is the examples: choose one of {listing(chosen)}.")
    if chosen:
        if chosen[0] in arrays:
            return chosen[0]
        raise unread.get(chosen[0]) or DataError(f"{name}: {shown(chosen[0])} is left out, and chosen.")
    able = {key: one for key, one in arrays.items() if one.is_numeric and len(one.shape) > 1 and 0 not in one.shape}
    found = _named(DATA_KEYS, able) or _partly(DATA_KEYS, able) or (next(iter(able)) if len(able) == 1 else "")
    if found:
        return found
    if refused := _named(DATA_KEYS, unread) or (next(iter(unread), "") if not able else ""):
        raise unread[refused]
    if not able and (found := _named(DATA_KEYS, arrays) or next(iter(arrays), "")):
        return found  # what is wrong with it is said when it is looked at
    shapes = [f"{shown(key)} {one.shape}" for key, one in able.items()]
    raise DataError(
        f"{name} has several arrays and none called {', '.join(DATA_KEYS[:4])} or the like; choose one with --vector:"
        f" {', '.join(shapes[:MOST_NAMED]) or 'it is empty'}."
    )


def _label_key(arrays: Mapping[str, Stored], shape: tuple[int, ...]) -> str:
    """The array of the labels: one that fits examples of a shape, or else one that can't be anything else."""
    able = {key: one for key, one in arrays.items() if one.shape and len(one.shape) <= 2}
    fits = {key: one for key, one in able.items() if {*one.shape} & {shape[0], shape[-1]}}
    others = [key for key in able if _leaf(key).lower() not in NAME_KEYS]
    return _named(LABEL_KEYS, fits) or _partly(ANYWHERE, fits) or _named(LABEL_KEYS, others)


def _lengths(raw: Values | None, others: Mapping[str, Stored], shape: tuple[int, ...]) -> set[int]:
    """How many examples there may be, by their labels or else by what else has a value for each."""
    ends = {shape[0], shape[-1]} if shape else set()
    by_labels = set() if raw is None else {max(raw.shape, default=0)} if 1 in raw.shape else set(raw.shape)
    return by_labels & ends or {max(one.shape) for one in others.values() if _is_list(one.shape)} & ends


def _is_list(shape: tuple[int, ...]) -> bool:
    """Whether a vector, as (N,), (N, 1) or (1, N)."""
    return 1 <= len(shape) <= 2 and max(shape) == math.prod(shape) > 0


def _rest(arrays: Mapping[str, Stored], n: int, labels: Values | None) -> _Rest:
    rest = _Rest({}, (), [])
    for key, array in arrays.items():
        try:
            columns = _columns(key, array, n)
            if not columns and not rest.classes and _leaf(key).lower() in NAME_KEYS and _is_list(array.shape):
                rest = rest._replace(classes=class_names(array.read(), labels))
                columns = {} if rest.classes else None
        except DataError:  # it isn't needed
            columns = None
        if columns is None:
            rest.unused.append(key)
        else:
            rest.columns.update(columns)
    return rest


def _columns(key: str, array: Stored, n: int) -> dict[str, Values] | None:
    """An array with one or a few values for each example, as columns; None for any other."""
    if _is_list(array.shape) and max(array.shape) == n:
        return {key: plain(array.read().reshape(-1))}
    if len(array.shape) != 2 or array.shape[0] != n or not array.is_numeric or not array.shape[1] <= WIDEST:
        return None
    values = array.read()
    return {f"{key}[{k}]": values[:, k] for k in range(values.shape[1])}


def _named(keys: Sequence[str], found: Iterable[str]) -> str:
    """The first of the keys that is there, in any case and in any group; empty for none."""
    names = list(reversed(list(found)))
    by_lower = {_leaf(one).lower(): one for one in names} | {one.lower(): one for one in names}
    return next((by_lower[key] for key in keys if key in by_lower), "")


def _partly(keys: Sequence[str], found: Iterable[str]) -> str:
    """The first of the keys that is a word of a name that is there."""
    words = {one: {word.lower() for word in WORDS.findall(one)} for one in found}
    return next((one for key in keys for one in words if key in words[one]), "")
