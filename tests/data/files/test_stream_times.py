"""Times of a stream: readings that come again, gaps and clocks, as they were planted; and files that are replaced."""

from __future__ import annotations

import json
import os
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from latentlab.data.files.readings.growing import GrowingFile, Piece
from latentlab.data.files.readings.stream_times import Event, StreamTimes

LONGEST = 4.0


def piece(times: list[str], first: int = 0) -> Piece:
    return Piece(np.arange(first, first + len(times), dtype=float)[:, None], times)


def taken(times: list[str], cuts: list[int]) -> tuple[list[Event], list[list[float]], StreamTimes]:
    """The events and the parts of a stream that comes in pieces; after each it is started again from its state."""
    stream, events, parts = StreamTimes(LONGEST), list[Event](), list[list[float]]()
    for begin, end in zip([0, *cuts], [*cuts, len(times)], strict=True):
        for one in stream.take(piece(times[begin:end], begin)):
            if isinstance(one, Event):
                events.append(one)
            else:
                parts.append(one.numbers[:, 0].tolist())
        stream = StreamTimes.of(json.loads(json.dumps(stream.state)), LONGEST)
    return events, parts, stream


FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%s")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cuts", [[], [60], [40, 41, 130]])
def test_what_happens_is_found_in_any_form_and_in_any_pieces(form: str, cuts: list[int]) -> None:
    step = np.ones(200, int)
    step[[20, 21, 90]] = 0  # come again
    step[[50, 150]] = 5, 3_600  # gaps; three steps without a reading are none
    step[170] = 4
    step[100] = 1 - 60  # an hour back
    times = pd.Timestamp("2024-10-26 12:30") + pd.to_timedelta(np.cumsum(step), unit="min")
    words = [f"{at.timestamp():.0f}" if form == "%s" else at.strftime(form) for at in times]
    events, parts, stream = taken(words, cuts)
    assert stream.n_again == 3 == sum(one.n for one in events if one.kind == "same time")
    assert [*chain(*parts)] == np.flatnonzero(step != 0).tolist()
    assert [(one.at, one.seconds) for one in events if one.kind == "gap"] == [(words[50], 300), (words[150], 216_000)]
    assert [(one.at, one.seconds) for one in events if one.kind == "clock"] == [(words[100], -3_540)]
    assert {50.0, 150.0} <= {part[0] for part in parts}
    assert [one.is_end for one in events] == [one.kind == "gap" for one in events]


def test_times_that_are_none_or_too_coarse_leave_readings_as_they_are() -> None:
    for words in ([""] * 9, [f"t{k}" for k in range(9)], ["1", "2", "2"], ["nan"] * 3, ["\x00"], ["9" * 400] * 2):
        events, parts, _ = taken(words, [])
        assert events == []
        assert [*chain(*parts)] == list(range(len(words)))
    coarse = [f"2024-05-01 10:00:{k // 10:02}" for k in range(100)]
    events, parts, stream = taken(coarse, [50])
    assert [one.kind for one in events] == ["coarse times"]
    assert [*chain(*parts)] == list(range(100))
    assert stream.n_again == 0
    some = ["2024-05-01 10:00:00", "", "2024-05-01 10:00:01", "no time", "2024-05-01 10:00:01"]
    assert taken(some, [])[1] == [[0, 1, 2, 3]]


def test_seconds_among_which_some_are_none() -> None:
    words = ["1700000000", "1700000060", "1700000060", "", "None", "1700000120.5", "1700000120.5"]
    events, parts, stream = taken(words, [])
    assert stream.n_again == 2
    assert [*chain(*parts)] == [0, 1, 3, 4, 5]
    assert [one.kind for one in events] == ["same time"]


def rows(*numbers: int) -> str:
    return "".join(f"{k}\n" for k in numbers)


def read(file: GrowingFile) -> list[tuple[str, list[float]]]:
    return [(one.is_new, one.numbers[:, 0].tolist()) for one in file.pieces()]


def test_of_a_file_that_is_replaced_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a\n" + rows(1, 2))
    file = GrowingFile(path, ("a",))
    assert read(file) == [("", [1, 2])]
    with path.open("a") as more:
        more.write(rows(3) + "4")  # not finished, and never will be
    path.rename(tmp_path / "log.1.csv")
    assert read(file) == [("", [3])]  # there is none of its name yet
    path.write_text("b;a\n7;5\n" + "8;6\n" * 9)  # longer than the old one, with other columns
    assert read(file) == [("", [4]), ("replaced", [5] + [6] * 9)]
    assert read(file) == []
    path.write_text("a\n")  # cut, and filled later
    assert read(file) == []
    path.write_text("a\n" + rows(*range(100)))
    assert read(file) == [("shrunk", [*range(100)])]
    os.truncate(path, 0)
    path.write_text("a\n" + rows(*range(1, 102)))  # cut and filled between two looks
    assert read(file) == [("replaced", [*range(1, 102)])]


def test_after_a_restart_another_file_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a\n" + rows(1, 2))
    (before,) = GrowingFile(path, ("a",)).pieces()
    path.write_text("a\n" + rows(1, 2, 3))
    assert read(GrowingFile(path, ("a",), before.offset, before.mark)) == [("", [3])]
    path.write_text("a\n" + rows(9, 8, 7))
    assert read(GrowingFile(path, ("a",), before.offset, before.mark)) == [("replaced", [9, 8, 7])]


def test_odd_lines_are_no_readings(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"\xef\xbb\xbfa;b\r\n1;x\r\n\r\n" + b"9" * 200_000 + b";\r\n\x00;\xff\r\n2\r\n")
    ((_, found),) = read(GrowingFile(path, ("a",)))
    assert np.array_equal(found, [1, np.nan, np.nan, 2], equal_nan=True) or found[1] == np.inf
    path.write_text('time;a\n"2024;1\n"x";2,5\n3;-4,25\n')
    (((_, found)),) = read(GrowingFile(path, ("a",)))
    assert np.array_equal(found, [np.nan, 2.5, -4.25], equal_nan=True)
