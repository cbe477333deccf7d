"""MATLAB's files of version 5, by the format that MathWorks publish ("MAT-File Format", level 5).

Numbers, text, structures and cells of text are read; objects, functions and sparse matrices are not. Every length is
checked against what is there, so that a damaged file is an error and never more: SciPy's reader ends the process.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

HEADER = 128  # bytes before the first element
COMPRESSED, MATRIX = 15, 14  # kinds of elements
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CODECS = {1: "latin-1", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
CELL, STRUCTURE, TEXT = 1, 2, 4  # classes of matrices
NUMBERS = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
LOGICAL, COMPLEX = 0x0200, 0x0800  # flags
DEEPEST = 8  # structures within structures
MOST_CELLS = 1_000_000
MOST_BYTES = 1 << 31  # of an array; small numbers are packed more densely in the file


class FormatError(ValueError):
    """Bytes that are no file of the format."""


class _Element(NamedTuple):
    kind: int
    content: memoryview


def variables(content: bytes, most: int) -> Iterator[tuple[str, Any]]:
    """Name and value of each variable, in their order: an array, a dictionary of a structure's fields, or None.

    Args:
        content: of the file.
        most: bytes that all of it may inflate to.

    Raises:
        FormatError: damaged, or larger when inflated.
    """
    if len(content) < HEADER or content[126:128] not in (b"IM", b"MI"):
        raise FormatError("no header")
    order = "<" if content[126:128] == b"IM" else ">"
    for element in _elements(memoryview(content)[HEADER:], order):
        if element.kind == COMPRESSED:
            inflated = _inflate(element.content, most)
            most -= len(inflated)
            element = next(_elements(memoryview(inflated), order), _Element(0, memoryview(b"")))
        if element.kind == MATRIX:
            yield _matrix(element.content, order, 0)


def _inflate(packed: memoryview, most: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        out = inflate.decompress(packed, most + 1)
    except zlib.error as error:
        raise FormatError("damaged") from error
    if len(out) > most:
        raise FormatError(f"more than {most:,} bytes")
    return out


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    """The elements one after the other: a tag of 8 bytes and the content, or both in 8 bytes."""
    at = 0
    while at + 8 <= len(content):
        kind, n_bytes = struct.unpack_from(f"{order}II", content, at)
        if kind >> 16:  # both in 8 bytes
            kind, n_bytes, start = kind & 0xFFFF, kind >> 16, at + 4
            end = at + 8
        else:
            start = at + 8
            end = start + n_bytes if kind == COMPRESSED else start + -(-n_bytes // 8) * 8
        if n_bytes > min(len(content), end) - start:
            raise FormatError("cut off")
        yield _Element(kind, content[start : start + n_bytes])
        at = end


def _matrix(content: memoryview, order: str, depth: int) -> tuple[str, Any]:
    """Name and value."""
    parts = _elements(content, order)
    flags, sides, name = (next(parts, _Element(0, memoryview(b""))) for _ in range(3))
    if len(flags.content) < 4 or flags.kind != 6 or sides.kind != 5:
        raise FormatError("no matrix")
    (word,) = struct.unpack_from(f"{order}I", flags.content)
    shape = tuple(int(side) for side in _values(sides, order))
    if any(side < 0 for side in shape):
        raise FormatError("a negative side")
    title = bytes(name.content).decode("utf-8", "replace")
    kind, n = word & 0xFF, math.prod(shape)
    if kind in NUMBERS and not word & COMPLEX:
        dtype = np.dtype(bool if word & LOGICAL else NUMBERS[kind])
        if n * dtype.itemsize > MOST_BYTES:
            raise FormatError(f"more than {MOST_BYTES:,} bytes in {title[:40]}")
        return title, _shaped(_values(next(parts, None), order), shape).astype(dtype)
    if kind == TEXT:
        return title, _text(next(parts, None), shape, order)
    if kind == CELL and n <= MOST_CELLS and depth < DEEPEST:
        cells = [_matrix(one.content, order, depth + 1)[1] for one in parts if one.kind == MATRIX]
        texts = [str(one[0]) for one in cells if isinstance(one, np.ndarray) and one.dtype == object and len(one) == 1]
        return title, np.array(texts, object) if len(texts) == len(cells) == n else None
    if kind == STRUCTURE and n == 1 and depth < DEEPEST:
        return title, _structure(parts, order, depth)
    return title, None


def _structure(parts: Iterator[_Element], order: str, depth: int) -> dict[str, Any]:
    """The fields of one structure."""
    length, names = next(parts, None), next(parts, None)
    width = int(_values(length, order)[0]) if length and len(length.content) >= 4 else 0
    if not 0 < width <= 64 or names is None:
        raise FormatError("a structure without names")
    whole = bytes(names.content)
    keys = [whole[at : at + width].split(b"\0")[0].decode("utf-8", "replace") for at in range(0, len(whole), width)]
    values = [_matrix(one.content, order, depth + 1)[1] for one in parts if one.kind == MATRIX and len(one.content)]
    return dict(zip(keys, values, strict=False))


def _values(element: _Element | None, order: str) -> Any:
    """(n,) numbers."""
    if element is None or element.kind not in TYPES:
        raise FormatError("no numbers")
    dtype = np.dtype(order + TYPES[element.kind])
    if len(element.content) % dtype.itemsize:
        raise FormatError("cut off")
    return np.frombuffer(element.content, dtype)


def _shaped(values: Any, shape: tuple[int, ...]) -> Any:
    if len(values) != math.prod(shape):
        raise FormatError("of another length")
    return values.reshape(shape, order="F")


def _text(element: _Element | None, shape: tuple[int, ...], order: str) -> Any:
    """(rows,) str, each without the blanks at its end."""
    if element is None or element.kind not in CODECS or len(shape) != 2:
        raise FormatError("no text")
    codec = CODECS[element.kind]
    if codec.startswith("utf-") and codec != "utf-8":
        codec += "-le" if order == "<" else "-be"
    letters = list(bytes(element.content).decode(codec, "replace"))
    if len(letters) != math.prod(shape):
        return None
    rows = np.array(letters, object).reshape(shape, order="F")
    return np.array(["".join(row).rstrip() for row in rows], object)
