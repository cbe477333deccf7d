"""Messages come back as they were sent, and what breaks the rules is rejected before memory is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from socket import socket, socketpair

import numpy as np
import pytest

from latentlab.remote import wire
from latentlab.remote.wire import TYPES, WireError, receive, send


@pytest.fixture
def ends() -> Iterator[tuple[socket, socket]]:
    one, other = socketpair()
    with one, other:
        yield one, other


def post(connection: socket, header: bytes, after: bytes = b"") -> None:
    connection.sendall(len(header).to_bytes(4, "little") + header + after)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4), (1,)])
def test_a_message_comes_back(ends: tuple[socket, socket], dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.random.default_rng(0).normal(size=shape) * 50).astype(dtype)
    send(ends[0], {"call": "encode", "n": 3}, {"x": array, "again": array})
    words, arrays = receive(ends[1])
    assert words == {"call": "encode", "n": 3}
    assert list(arrays) == ["x", "again"]
    for found in arrays.values():
        assert found.dtype == dtype
        assert found.shape == shape
        assert np.array_equal(found, array)


def test_a_view_with_strides_is_sent_as_its_values(ends: tuple[socket, socket]) -> None:
    array = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, 1::2].T
    send(ends[0], {}, {"x": array})
    assert np.array_equal(receive(ends[1]).arrays["x"], array)


@pytest.mark.parametrize(
    "header",
    [
        b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'{"words": 3, "arrays": []}', b'{"words": {}, "arrays": [1]}',
        b'{"words": {}, "arrays": [["x", "object", [1]]]}', b'{"words": {}, "arrays": [["x", "float32", [-1]]]}',
        b'{"words": {}, "arrays": [["x", "float32", [1.5]]]}', b'{"words": {}, "arrays": [["x", "float32", [true]]]}',
        b'{"words": {}, "arrays": [["x", "float32", [1000000, 1000000]]]}',
        b'{"words": {}, "arrays": [[1, "uint8", []]]}',
        json.dumps({"words": {}, "arrays": [["x", "uint8", [1] * 40]]}).encode(),
        json.dumps({"words": {}, "arrays": [["x", "float32", [1 << 24]]] * 99}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_message_is_rejected(ends: tuple[socket, socket], header: bytes) -> None:
    post(ends[0], header)
    with pytest.raises(OSError):  # noqa: PT011 of any kind
        receive(ends[1])


def test_what_is_cut_off_is_rejected(ends: tuple[socket, socket]) -> None:
    post(ends[0], json.dumps({"words": {}, "arrays": [["x", "uint8", [5]]]}).encode(), b"abc")
    ends[0].close()
    with pytest.raises(EOFError):
        receive(ends[1])


def test_a_header_longer_than_the_limit_is_not_read(
    ends: tuple[socket, socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_HEADER", 100)
    post(ends[0], b" " * 101)
    with pytest.raises(OSError):  # noqa: PT011 the connection's own
        receive(ends[1])


def test_too_much_is_not_sent(ends: tuple[socket, socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ARRAYS", 100)
    with pytest.raises(WireError):
        send(ends[0], {}, {"x": np.zeros(26, np.float32)})
