"""Long values in the address: what was packed comes back, and nothing else does."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest

from pages.shared.packed import pack, pack_ids, unpack, unpack_ids


@pytest.mark.parametrize("content", [b"", b"a", b"1, 2\n3, 4", bytes(range(256)) * 4])
def test_what_was_packed_comes_back(content: bytes) -> None:
    word = pack(content)
    assert word.isascii()
    assert unpack(word, 2_000) == content


@pytest.mark.parametrize("n", [1, 7, 8, 500, 10_000])
def test_some_of_n_examples_come_back(n: int) -> None:
    rng = np.random.default_rng(n)
    for size in (0, 1, n):
        ids = np.sort(rng.permutation(n)[:size])
        found = unpack_ids(pack_ids(ids, n), n)
        assert found is not None
        np.testing.assert_array_equal(found, ids)


def test_some_hundred_of_many_examples_are_short() -> None:
    ids = np.random.default_rng(0).permutation(10_000)[:300]
    assert len(pack_ids(ids, 10_000)) < 1_000


@pytest.mark.parametrize(
    "word",
    ["", "a", "ab", "!", "é", "nonsense", pack(b"x")[:-2], pack(b"x") + "AAAA", pack(b"x") + "=", "A" * 100_000,
     base64.urlsafe_b64encode(zlib.compress(bytes(1_000_000))).decode().rstrip("=")],
    ids=lambda word: word[:12],
)  # fmt: skip
def test_anything_else_is_refused(word: str) -> None:
    assert unpack(word, 1_000) is None
    assert unpack_ids(word, 500) is None


def test_examples_beyond_the_last_are_refused() -> None:
    assert unpack_ids(pack_ids(np.array([11]), 12), 10) is None  # a bit where there is no example
    assert unpack_ids(pack_ids(np.array([3]), 30), 10) is None  # of another number of examples
