"""Windows of streams: by loops, in pieces of any size, and across breaks."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.windows import Windows, are_whole, newest, windows

RNG = np.random.default_rng(0)


def by_loops(readings: Doubles, n: int, breaks: set[int]) -> Doubles:
    """Each reading with those before it since the last break."""
    out = np.full((len(readings), n, readings.shape[1]), np.nan)
    for t in range(len(readings)):
        for lag in range(n):
            if t - lag < 0 or any(t - lag < at <= t for at in breaks):
                break
            out[t, n - 1 - lag] = readings[t - lag]
    return out


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("sizes", [[23], [1] * 23, [0, 3, 4, 1, 0, 15], [22, 1]])
def test_pieces_give_the_windows_of_the_whole(n: int, sizes: list[int]) -> None:
    readings, breaks = RNG.normal(size=(23, 2)), {4, 6, 7, 16}
    is_break = np.isin(np.arange(23), list(breaks))
    stream, found = Windows(n), []
    for start, size in zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True):
        found.append(stream.take(readings[start : start + size], is_break[start : start + size]))
        assert stream.before is None or len(stream.before) < n
    np.testing.assert_array_equal(np.concatenate(found), by_loops(readings, n, breaks))
    np.testing.assert_array_equal(Windows(n).take(readings), by_loops(readings, n, set()))


def test_whole_windows_and_their_newest_reading() -> None:
    readings = RNG.normal(size=(9, 2))
    found = windows(readings, 4)
    np.testing.assert_array_equal(found, by_loops(readings, 4, set())[3:])
    np.testing.assert_array_equal(newest(found, 4), readings[3:])
    np.testing.assert_array_equal(newest(found.reshape(6, 8), 4), readings[3:])
    assert windows(readings, 10).shape == (0, 10, 2)
    assert newest(found[:0], 4).shape == newest(np.zeros((0, 8)), 4).shape == (0, 2)
    assert are_whole(Windows(4).take(readings)).tolist() == [False] * 3 + [True] * 6
    assert are_whole(found[:0]).shape == (0,)
    assert windows(readings, 0) is readings
    assert newest(readings, 0) is readings
    assert Windows(0).take(readings) is readings
