"""Messages between the process of a model of the user's own and those that show it: words as JSON, and plain arrays.

A message is a header in JSON and the bytes of its arrays, one after the other, over a connection of this machine only.
Nothing else is ever read, so neither side can make the other run code. The first message of a connection has to hold
the token of the server. Sizes are checked before memory is taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from multiprocessing import BufferTooShort
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Mapping[str, Array]

HOST = "127.0.0.1"
MAX_HEADER = 1 << 22  # bytes
MAX_ARRAYS = 1 << 30  # bytes, of a message together
TYPES = ("float32", "int64", "uint8", "float16")
MAX_DIMENSIONS = 8


class WireError(OSError):
    """A message that breaks the rules; the connection can't be used any more."""


class Message(NamedTuple):
    """A question or an answer."""

    words: dict[str, Any]
    arrays: dict[str, Array]


def send(connection: Connection, words: Mapping[str, Any], arrays: Arrays | None = None) -> None:
    """Send a message.

    Args:
        connection: to the other process.
        words: what JSON can hold.
        arrays: of one of `TYPES`, by name.

    Raises:
        OSError: the other side is gone, or the arrays are too large.
    """
    plain = {name: np.asarray(array, order="C") for name, array in (arrays or {}).items()}
    if sum(array.nbytes for array in plain.values()) > MAX_ARRAYS:
        raise WireError(f"More than {MAX_ARRAYS >> 20} MiB would be sent at once.")
    outline = [[name, array.dtype.name, array.shape] for name, array in plain.items()]
    connection.send_bytes(json.dumps({"words": words, "arrays": outline}).encode())
    for array in plain.values():
        if array.size:
            connection.send_bytes(array.reshape(-1).view(np.uint8).data)


def receive(connection: Connection) -> Message:
    """The next message.

    Raises:
        OSError, EOFError: the other side is gone, or what it sends is no message.
    """
    try:
        header = json.loads(connection.recv_bytes(MAX_HEADER))
        words, outline = header["words"], [(name, dtype, tuple(shape)) for name, dtype, shape in header["arrays"]]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise WireError("That is no message.") from error
    if not isinstance(words, dict) or not all(_is_plain(*one) for one in outline):
        raise WireError("That is no message.")
    if sum(math.prod(shape) * np.dtype(dtype).itemsize for _, dtype, shape in outline) > MAX_ARRAYS:
        raise WireError(f"A message holds more than {MAX_ARRAYS >> 20} MiB.")
    arrays = {}
    for name, dtype, shape in outline:
        array = np.empty(shape, dtype)
        try:
            n_bytes = connection.recv_bytes_into(array.reshape(-1).view(np.uint8).data) if array.size else 0
        except BufferTooShort as error:
            raise WireError("An array is longer than it was said to be.") from error
        if n_bytes != array.nbytes:
            raise WireError("An array is cut off.")
        arrays[name] = array
    return Message(words, arrays)


def _is_plain(name: object, dtype: object, shape: tuple[object, ...]) -> bool:
    sizes = all(type(size) is int and 0 <= size <= MAX_ARRAYS for size in shape)
    return isinstance(name, str) and dtype in TYPES and len(shape) <= MAX_DIMENSIONS and sizes
