"""What is long as a word of the address: compressed, in letters that an address takes, and checked when it is read."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

import numpy as np
from numpy.typing import NDArray


def pack(content: bytes) -> str:
    """Bytes as a word."""
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


def unpack(word: str, most: int) -> bytes | None:
    """What `pack` made a word of; None of anything else, and of more than `most` bytes."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", word):
        return None
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), most)
    except (binascii.Error, zlib.error):
        return None
    return content if inflate.eof and not inflate.unused_data else None


def unpack_text(word: str, most: int) -> str | None:
    """The text that `pack` made a word of; None of anything else, and of more than `most` bytes."""
    try:
        return (unpack(word, most) or b"\xff").decode()
    except UnicodeDecodeError:
        return None


def pack_ids(ids: NDArray[np.integer], n: int) -> str:
    """Some of n examples as a word: a bit for each."""
    chosen = np.zeros(n, bool)
    chosen[ids] = True
    return pack(np.packbits(chosen).tobytes())


def unpack_ids(word: str, n: int) -> NDArray[np.int64] | None:
    """(M,) ascending: which of n examples a word of `pack_ids` names; None of anything else."""
    content = unpack(word, -(-n // 8))
    if content is None or len(content) != -(-n // 8):
        return None
    ids = np.flatnonzero(np.unpackbits(np.frombuffer(content, np.uint8)))
    return ids if not len(ids) or ids[-1] < n else None
