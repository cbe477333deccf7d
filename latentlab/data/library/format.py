"""The files of a saved data set: written from what was opened, read without trust.

data.json           what it is, for a list: a few kilobytes
arrays.safetensors  train.x, train.y, train.rows (and valid, test); column.<k>; scale.low, scale.span of vectors
text.json           {"<k>": the k-th column, where it is text}
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentlab.data.dataset import UNLABELLED, DataError, Dataset, Kind, Splits, kind_of
from latentlab.data.files.archives import MIB, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.read import Opened
from latentlab.data.files.splitting import Index, Rows
from latentlab.data.files.tables.factors import factors_of
from latentlab.data.files.tables.roles import MAX_CLASSES
from latentlab.data.library.scaling import Scale, about, fitted, read_scale
from latentlab.serialization import MAX_TENSORS, RunError, read_tensors

SCHEMA = 3  # 1 has no kind, id and title; 2 has no factors
MAX_CARD = 8 * MIB
MAX_TEXT = 512 * MIB
LONGEST = 1 << 16  # numbers of a vector
LARGEST = 4096  # pixels of a side
PARTS = Splits._fields
DIMENSIONS = {Kind.IMAGE: 3, Kind.VECTOR: 1, Kind.PLANE: 1, Kind.SEQUENCE: 2}
COLUMNS = (torch.bool, torch.int64, torch.float64)
_KINDS: dict[str, type] = {
    "source": str,
    "fingerprint": str,
    "n": int,
    "shape": list,
    "kind": str,
    "classes": list,
    "features": list,
    "columns": list,
    "id": str,
    "title": str,
    "summary": list,
    "factors": list,
}


@dataclass(frozen=True)
class Card:
    """What is known of a saved data set before its arrays are read."""

    source: str  # the name of the file or folder that it came from
    fingerprint: str  # of all that it holds
    n: int  # examples
    shape: tuple[int, ...]  # of one
    kind: Kind
    classes: tuple[str, ...]
    features: tuple[str, ...]
    columns: tuple[str, ...]
    id: str  # the column that names an example; empty where none does
    title: str  # the column that describes one in words; empty where none does
    summary: tuple[str, ...]
    factors: tuple[str, ...] = ()  # the columns that made the examples


def to_files(opened: Opened, source: str) -> tuple[Card, dict[str, Tensor], dict[str, bytes]]:
    """The card, the tensors of `arrays.safetensors`, and the content of the other files, by name.

    Raises:
        DataError: more than can be kept, or text that no file can hold.
    """
    source = shown(source)
    shape = opened.splits.train.shape
    kind = opened.splits.train.kind
    if max(shape) > (LARGEST if kind is Kind.IMAGE else LONGEST):
        raise DataError(f"{source} has examples of shape {shape}; {LONGEST:,} numbers or {LARGEST:,} pixels are most.")
    if sum(part.x.nbytes for part in opened.splits) > MAX_TENSORS - 64 * MIB:
        raise DataError(f"{source} takes more than a gigabyte; take fewer examples, or smaller ones.")
    tensors: dict[str, Tensor] = {}
    for name, part, rows in zip(PARTS, opened.splits, opened.rows, strict=True):
        tensors |= {f"{name}.x": part.x, f"{name}.y": part.y, f"{name}.rows": torch.from_numpy(rows.copy())}
    text = {}
    for k, (name, column) in enumerate(opened.columns.items()):
        if column.dtype.kind in "biuf":
            tensors[f"column.{k}"] = torch.from_numpy(_plain(column))
        else:
            text[str(k)] = _words(column, f"{source}: {shown(name)}")
    summary = opened.summary
    scale = opened.scale
    if scale is None and kind is not Kind.IMAGE:
        scale = fitted(opened.splits.train.x, opened.scaling)
        summary = summary if scale is None else (*summary, about(scale, opened.scaling))
    if scale is not None:
        tensors |= scale.tensors
    columns = _different(map(_printable, opened.columns))
    named = dict(zip(opened.columns, columns, strict=True))
    card = Card(
        source,
        "",
        len(np.unique(np.concatenate(opened.rows))),
        shape,
        kind,
        _different(map(shown, opened.splits.train.classes)),
        tuple(map(_printable, opened.features)),
        columns,
        named.get(opened.id, ""),
        named.get(opened.title, ""),
        summary,
        tuple(named[one] for one in opened.factors),
    )
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    words = json.dumps(text).encode()
    card = dataclasses.replace(card, fingerprint=_fingerprint(card, tensors, words))
    content = json.dumps({"schema": SCHEMA, **dataclasses.asdict(card)}, indent=1).encode()
    if len(content) > MAX_CARD or len(words) > MAX_TEXT:
        raise DataError(f"{source} holds too much text to be kept; leave out columns.")
    return card, tensors, {"text.json": words, "data.json": content}


def read_card(folder: Path) -> Card:
    """What `data.json` says.

    Raises:
        DataError: it is missing or can't be used.
    """
    values = _read_json(folder / "data.json", MAX_CARD)
    schema = values.pop("schema", None)
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise DataError("data.json is of another format; a newer LatentLab may have written it.")
    if schema == 1:
        values |= {"kind": _kind_by_shape(values.get("shape")), "id": "", "title": ""}
    if schema < 3:
        values |= {"factors": []}
    if values.keys() != _KINDS.keys() or any(type(values[name]) is not kind for name, kind in _KINDS.items()):
        raise DataError("data.json has fields that are missing, unknown or of the wrong kind.")
    shape, classes = values["shape"], values["classes"]
    kind = values["kind"] = _kind(values["kind"])
    limit = LARGEST if kind is Kind.IMAGE else LONGEST
    if len(shape) != DIMENSIONS[kind] or not all(type(side) is int and 0 < side <= limit for side in shape):
        raise DataError("The shape in data.json can't be.")
    if kind is Kind.IMAGE and shape[0] not in (1, 3):
        raise DataError("The shape in data.json can't be.")
    for name in ("classes", "features", "columns", "summary", "factors"):
        if not all(type(word) is str and word == _printable(word) for word in values[name]):
            raise DataError(f"The {name} in data.json are not all text.")
    if len(classes) > MAX_CLASSES or (values["features"] and len(values["features"]) != shape[-1]):
        raise DataError("The classes or the features in data.json can't be so many.")
    named = [*values["factors"], *filter(None, (values["id"], values["title"]))]
    if not {*named} <= {*values["columns"]} or len({*values["factors"]}) != len(values["factors"]):
        raise DataError("A column that data.json names isn't there, or is named twice.")
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Card(**(values | lists))


def read_files(folder: Path, name: str) -> tuple[Opened, Scale | None]:
    """A saved data set as it was opened, and the map to [0, 1] for vectors that aren't there.

    Raises:
        DataError: a file is missing, damaged, or doesn't fit the others.
    """
    card = read_card(folder)
    try:
        tensors = read_tensors(folder / "arrays.safetensors")
    except RunError as error:
        raise DataError(str(error)) from error
    text = _read_json(folder / "text.json", MAX_TEXT)
    parts, rows, columns = list[Dataset](), list[Index](), dict[str, Values]()
    for k, column in enumerate(card.columns):
        columns[column] = _column(card, tensors.pop(f"column.{k}", None), text.pop(str(k), None))
    factors = factors_of(columns, card.factors)
    for part in PARTS:
        x, y, where = (tensors.pop(f"{part}.{what}", None) for what in ("x", "y", "rows"))
        if x is None or y is None or where is None or not _is_part(card, x, y, where):
            raise DataError("The arrays don't fit what data.json says.")
        made = None if factors is None else factors[where]
        parts.append(Dataset(name, x, y, card.classes, card.kind, card.features, factors=made))
        rows.append(where.numpy())
    scale = read_scale(tensors, card.shape) if card.kind is not Kind.IMAGE else None
    if tensors or text or len(columns) != len(card.columns):
        raise DataError("There are arrays or columns that data.json doesn't know.")
    opened = Opened(
        Splits(*parts), Rows(*rows), card.summary, columns, card.features, card.id, card.title, factors=card.factors
    )
    return opened, scale


def _kind(word: object) -> Kind:
    try:
        return Kind(str(word))
    except ValueError as error:
        raise DataError("The kind in data.json is unknown.") from error


def _kind_by_shape(shape: object) -> str:
    return (kind_of(tuple(shape)) if isinstance(shape, list) else Kind.VECTOR).value


def _is_part(card: Card, x: Tensor, y: Tensor, rows: Tensor) -> bool:
    dtype = torch.uint8 if card.kind is Kind.IMAGE else torch.float32
    if x.dtype != dtype or tuple(x.shape[1:]) != card.shape or not len(x):
        return False
    if any(index.dtype != torch.int64 or index.shape != x.shape[:1] for index in (y, rows)):
        return False
    if not 0 <= int(rows.min()) <= int(rows.max()) < card.n:
        return False
    return UNLABELLED <= int(y.min()) <= int(y.max()) < len(card.classes) and bool(x.isfinite().all())


def _column(card: Card, numbers: Tensor | None, words: object) -> Values:
    if words is None and numbers is not None and numbers.shape == (card.n,) and numbers.dtype in COLUMNS:
        return np.asarray(numbers.numpy())
    if numbers is None and isinstance(words, list) and len(words) == card.n and all(type(one) is str for one in words):
        return np.array(words, object)
    raise DataError("A column doesn't fit what data.json says.")


def _read_json(path: Path, limit: int) -> dict[str, Any]:
    try:
        if path.stat().st_size > limit:
            raise DataError(f"{path.name} is too large to be one.")
        values = json.loads(path.read_bytes())
    except (OSError, RecursionError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path.name} is missing or damaged.") from error
    if not isinstance(values, dict):
        raise DataError(f"{path.name} is not a JSON object.")
    return values


def _plain(column: Values) -> Values:
    """Booleans, int64 or float64: what comes back equal from a file."""
    if column.dtype.kind == "b":
        return column.copy()
    whole = column.dtype.kind in "iu" and not (column.dtype.kind == "u" and (column > np.iinfo(np.int64).max).any())
    return column.astype(np.int64 if whole else np.float64)


def _words(column: Values, name: str) -> list[str]:
    try:
        values = column.tolist()
    except ValueError as error:
        raise DataError(f"{name} holds characters that don't exist.") from error
    return [_printable(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)) for one in values]


def _printable(word: str) -> str:
    """Text that UTF-8 can hold: the name of a file may be none."""
    return word.encode("utf-8", "replace").decode()


def _different(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a mark where one would be there twice: shortened or mended, two may have become alike."""
    out = dict[str, None]()
    for name in names:
        while name in out:
            name += "'"
        out[name] = None
    return tuple(out)


def _fingerprint(card: Card, tensors: Mapping[str, Tensor], words: bytes) -> str:
    digest = hashlib.blake2b(words, digest_size=16)
    factors = [card.factors] if card.factors else []
    digest.update(json.dumps([card.classes, card.features, card.columns, *factors]).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.numpy().data)
    return digest.hexdigest()
