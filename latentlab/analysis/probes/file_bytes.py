"""The bytes of an image's file: the same information as its pixels, and hardly anything that a probe can read.

Alain, thesis (2018), §9.3.1, Fig. 9.1: a picture of a lion and the hex dump of its file. By the data processing
inequality no layer adds information about the class, I(X; Z) ≤ I(X; Y) for X → Y → Z; what layers change is how easily
it is read. A file that is compressed without loss has all of it, and a linear probe of its bytes is close to chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.probes.linear_probe import Probe, linear_probe

ROW = 47  # bytes of a row in the source, whose offsets are 0x2f apart
PIXELS, BYTES, BITS = "its pixels", "the bytes of its file", "the bits of its file"


def hex_dump(file: bytes, row: int = ROW) -> str:
    """The bytes of a file as lines: the offset of the first of a row, and each as two hexadecimal digits.

    >>> print(hex_dump(b"lion", 3))
    00000 6c 69 6f
    00003 6e
    """
    return "\n".join(f"{start:05x} {file[start : start + row].hex(' ')}" for start in range(0, len(file), row))


def parsed_dump(dump: str) -> bytes:
    """The file that `hex_dump` wrote down."""
    return b"".join(bytes.fromhex(line.partition(" ")[2]) for line in dump.splitlines())


def readable(
    files: Sequence[bytes], pixels: Floats, y: Labels, sizes: tuple[int, int, int], n_classes: int
) -> Mapping[str, Probe]:
    """A probe of the pixels, of the bytes and of the bits of N files, those of shorter files filled up with zeros.

    Args:
        files: N.
        pixels: (N, d) from 0 to 1.
        y: (N,) labels.
        sizes: of the examples that are fitted to, that choose the penalty, and that are tested on.
        n_classes: K.

    Raises:
        ValueError: as `linear_probe`.
    """
    values = np.zeros((len(files), max(map(len, files))), np.uint8)
    for k, file in enumerate(files):
        values[k, : len(file)] = np.frombuffer(file, np.uint8)
    bits = np.unpackbits(values, axis=1).astype(np.float32)
    read: dict[str, Floats] = {PIXELS: pixels, BYTES: np.divide(values, 255, dtype=np.float32), BITS: bits}
    cut, end = sizes[0], sum(sizes[:2])
    valid, test = slice(cut, end), slice(end, end + sizes[2])
    return {
        name: linear_probe(h[:cut], y[:cut], valid=(h[valid], y[valid]), test=(h[test], y[test]), n_classes=n_classes)
        for name, h in read.items()
    }
