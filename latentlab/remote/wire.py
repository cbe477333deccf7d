"""Messages between the process of a model of the user's own and those that show it: words as JSON, and plain arrays.

A message is a header in JSON and the bytes of its arrays, one after the other, over a connection of this machine only.
Nothing else is ever read, so neither side can make the other run code. The first message of a connection has to hold
the token of the server. Sizes are checked before memory is taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from socket import IPPROTO_TCP, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, TCP_NODELAY, socket
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Mapping[str, Array]

HOST = "127.0.0.1"
MAX_HEADER = 1 << 22  # bytes
MAX_ARRAYS = 1 << 30  # bytes, of a message together
BUFFER = 1 << 21  # bytes
TYPES = ("float32", "int64", "uint8", "float16")
MAX_DIMENSIONS = 8


def prepare(connection: socket) -> socket:
    """A connection that sends small parts at once, and holds a batch of images on the way."""
    connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    for side in (SO_SNDBUF, SO_RCVBUF):
        connection.setsockopt(SOL_SOCKET, side, BUFFER)
    return connection


class WireError(OSError):
    """A message that breaks the rules; the connection can't be used any more."""


class Message(NamedTuple):
    """A question or an answer."""

    words: dict[str, Any]
    arrays: dict[str, Array]


def send(connection: socket, words: Mapping[str, Any], arrays: Arrays | None = None) -> None:
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
    header = json.dumps({"words": words, "arrays": outline}).encode()
    connection.sendall(len(header).to_bytes(4, "little") + header)
    for array in plain.values():
        connection.sendall(_bytes(array))


def receive(connection: socket) -> Message:
    """The next message.

    Raises:
        OSError, EOFError: the other side is gone or too slow, or what it sends is no message.
    """
    length = bytearray(4)
    _fill(connection, memoryview(length))
    n_bytes = int.from_bytes(length, "little")
    if n_bytes > MAX_HEADER:
        raise WireError("That is no message.")
    content = bytearray(n_bytes)
    _fill(connection, memoryview(content))
    try:
        header = json.loads(content)
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
        _fill(connection, _bytes(array))
        arrays[name] = array
    return Message(words, arrays)


def _bytes(array: Array) -> memoryview:
    """Of an array in the order of C."""
    return memoryview(array.reshape(-1).view(np.uint8).data)


def _fill(connection: socket, content: memoryview) -> None:
    done = 0
    while done < len(content):
        n = connection.recv_into(content[done:])
        if not n:
            raise EOFError
        done += n


def _is_plain(name: object, dtype: object, shape: tuple[object, ...]) -> bool:
    sizes = all(type(size) is int and 0 <= size <= MAX_ARRAYS for size in shape)
    return isinstance(name, str) and dtype in TYPES and len(shape) <= MAX_DIMENSIONS and sizes
