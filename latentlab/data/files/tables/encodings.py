"""The bytes of a text file as UTF-8, whichever encoding they were written in, unpacked if they are gzipped."""

from __future__ import annotations

import codecs
import zlib
from typing import NamedTuple

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import FREE_BYTES, MAX_BYTES, MAX_RATIO, MIB, check_inflated_size

MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NAMES = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a"})  # that no text holds
SAMPLE = 1 << 12  # bytes


class Text(NamedTuple):
    """A text in UTF-8, without a byte order mark."""

    content: bytes
    encoding: str  # in which it was written, as a reader knows it


def unpacked(name: str, content: bytes) -> bytes:
    """What a gzipped file holds; another one as it is.

    Raises:
        DataError: damaged, or more than the limits.
    """
    if not content.startswith(b"\x1f\x8b"):
        return content
    most = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * len(content)))
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    parts, left, n_bytes = list[bytes](), content, 0
    try:
        while left and n_bytes <= most:
            parts.append(unzip.decompress(left, min(64 * MIB, most + 1 - n_bytes)))
            n_bytes += len(parts[-1])
            left = unzip.unconsumed_tail
            if unzip.eof:  # a file may have several parts
                left = unzip.unused_data if unzip.unused_data.startswith(b"\x1f\x8b") else b""
                unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if left else unzip
    except zlib.error as error:
        raise DataError(f"{name} is not a gzipped file, or a damaged one.") from error
    check_inflated_size(name, n_bytes, len(content))
    if not unzip.eof:
        raise DataError(f"{name} is cut off: its gzipped content has no end.")
    return b"".join(parts)


def as_utf8(name: str, content: bytes) -> Text:
    """A text in UTF-8: by its byte order mark, else by its zero bytes, else UTF-8 or Windows-1252.

    Raises:
        DataError: it is no text.
    """
    mark, encoding = next(((mark, one) for mark, one in MARKS if content.startswith(mark)), (b"", ""))
    content = content[len(mark) :]
    encoding = encoding or _by_zeros(content[:SAMPLE])
    encoding = encoding or ("utf-8" if _is(content, "utf-8") else "cp1252")
    if encoding != "utf-8":
        try:
            content = content.decode(encoding).encode()
        except ValueError as error:
            raise DataError(f"{name} is not text, or a damaged one: save it as text in UTF-8.") from error
    elif mark and not _is(content, "utf-8"):
        raise DataError(f"{name} begins as text in UTF-8 does, and isn't all of it: save it as text in UTF-8.")
    if content.translate(None, CONTROLS) != content:
        raise DataError(f"{name} is not text: it holds bytes that no text has; save it as text in UTF-8.")
    return Text(content, NAMES.get(encoding, "UTF-32"))


def _by_zeros(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of Latin letters and digits is zero."""
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) >= 4 and zeros.count(0) > 0.7 * len(zeros) and zeros.count(0) > 0.9 * sample.count(0):
            return encoding
    return ""


def _is(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except ValueError:
        return False
    return True
