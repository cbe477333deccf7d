"""The hex dump of a file, and what a probe reads of its bytes."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.probes.file_bytes import BITS, BYTES, PIXELS, ROW, hex_dump, parsed_dump, readable


@pytest.mark.parametrize("row", [1, 16, ROW])
@pytest.mark.parametrize("n", [0, 1, 47, 48, 3_000])
def test_a_dump_is_the_file_written_down(n: int, row: int) -> None:
    file = np.random.default_rng(0).integers(0, 256, n, np.uint8).tobytes()
    dump = hex_dump(file, row)
    assert parsed_dump(dump) == file
    offsets = [int(line[:5], 16) for line in dump.splitlines()]
    assert offsets == list(range(0, n, row))


def test_the_offsets_are_those_of_the_source() -> None:
    lines = hex_dump(bytes(0x81A9C + 2 * ROW)).splitlines()
    assert int("81acb", 16) - int("81a9c", 16) == ROW  # as in Fig. 9.1
    assert lines[1].startswith("0002f 00")


def test_a_bit_that_is_the_class_is_read_from_the_bits_and_a_product_of_two_from_nothing() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 256, (900, 4), np.uint8)
    files = [row.tobytes()[: 3 + k % 2] for k, row in enumerate(values)]
    lowest, both = values[:, 1] % 2, (values[:, 1] % 2) ^ (values[:, 2] % 2)
    pixels = lowest[:, None].astype(np.float32)
    found = readable(files, pixels, lowest.astype(np.int64), (600, 100, 200), 2)
    assert found[PIXELS].score.error == found[BITS].score.error == 0
    assert found[BYTES].score.error > 0.3
    assert [probe.kept or probe.weights.shape[1] for probe in found.values()] == [1, 4, 32]
    found = readable(files, pixels, both.astype(np.int64), (600, 100, 200), 2)
    assert all(probe.score.error > 0.3 for probe in found.values())
