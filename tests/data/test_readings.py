"""Readings from a table: columns by name, gaps, and times in their order."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.data import DataError
from latentlab.data.files.readings.of_sensors import MOST, read_readings
from tests.conftest import mentions

SENSORS = ("current, A", "b")


def test_columns_are_found_by_name_and_rows_are_sorted_by_time() -> None:
    content = (
        'b,when,time,"current, A"\r\n1,x,2026-01-01 10:02,2\r\n3,x,2026-01-01 10:00,\r\n5,x,,6\r\n'
        "7,x,2026-01-01 10:02,bad\r\n9,x,2026-01-01 10:01,inf\r\n"
    )
    found = read_readings("x.csv", content.encode(), SENSORS)
    assert found.numbers[:, 1].tolist() == [3, 9, 1, 7]
    assert found.numbers[2].tolist() == [2, 1]
    assert [bool(row != row) for row in found.numbers[:, 0]] == [True, True, False, True]
    assert found.times is not None
    assert (found.times - found.times[0]).tolist() == [0, 60, 120, 120]
    for parts in (("1 reading", "time"), ("back 2",), ("1 reading", "same time"), (3, "current, A")):
        assert any(mentions(note, *parts) for note in found.notes), parts


def test_other_dialects_and_more_rows_than_are_taken() -> None:
    rows = "\n".join(f"{k},5;{k}" for k in range(MOST + 5))
    found = read_readings("x.csv", f"current, A;b\n{rows}\n".encode(), SENSORS)
    assert found.times is None
    assert len(found.numbers) == MOST
    assert found.numbers[-1].tolist() == [MOST - 0.5, MOST - 1]
    assert any(mentions(note, f"{MOST:,}", f"{MOST + 5:,}") for note in found.notes)


def test_a_sensor_that_changes_its_unit_is_named() -> None:
    rng = np.random.default_rng(0)
    warm = 20 + rng.normal(size=200).cumsum() / 10
    kelvin = np.where(np.arange(200) < 120, warm, warm + 273.15)
    times = np.datetime64("2026-01-01T00:00") + np.arange(200)
    for column, n in ((warm, 0), (kelvin, 1)):
        rows = "\n".join(f"{at},{one:.3f},1" for at, one in zip(times, column, strict=True))
        found = read_readings("x.csv", f'time,"current, A",b\n{rows}\n'.encode(), SENSORS)
        assert sum(mentions(note, "current, A", "K") for note in found.notes) == n


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", b"", "empty"),
        ("x.csv", b"b,c\n1,2\n", "current, A"),
        ("x.csv", b"\x00\x01\xff" * 99, "text"),
        ("x.csv", b'"current, A",b\n', "rows"),
        ("x.csv", b'"current, A",b\nnan,1\n2,\n', "each sensor"),
        ("x.csv", b'"current, A",b\n2,word\n3,other\n', "each sensor"),
        ("x.png", b"\x89PNG", "table"),
        ("x.parquet", b"PAR1", "x.parquet"),
    ],
)
def test_what_can_not_be_watched_is_a_sentence(name: str, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        read_readings(name, content, SENSORS)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
