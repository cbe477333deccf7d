"""Tables of readings: what is a time, parts without neighbours, and windows against brute force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from latentlab.data import DataError, Kind, Library
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.readings.times import GAP, N_BLOCKS, blocks, iso_times, tells_time, times_of
from latentlab.data.files.tables.roles import Role, reassigned
from tests.conftest import mentions

N = 1_200
STAMPS = pd.date_range("2024-03-29 23:30", periods=N, freq="5min")
SECONDS = STAMPS.to_numpy().astype("datetime64[s]").astype(np.float64)
FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
)  # fmt: skip


def readings(times: Any = STAMPS, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"datetime": times, "row": np.arange(n, dtype=float) + 0.5, "flow (l/min)": rng.normal(size=n)})


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep=";" if path.suffix == ".txt" else ",")
    return path


def rows_of(opened: Opened) -> list[np.ndarray]:
    """The rows of the table that each part has, by the number that the column "row" holds."""
    return [np.sort(np.floor(part.x.numpy()[..., 0])).astype(int) for part in opened.splits]


@pytest.mark.parametrize("form", FORMATS)
def test_dates_are_read_in_any_form_that_people_write(form: str) -> None:
    words = np.array(STAMPS.strftime(form), object)
    assert times_of("when", words) == pytest.approx(SECONDS)
    assert tells_time("when", words)


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_seconds_from_1970_are_times_in_a_column_of_that_name(unit: int) -> None:
    assert times_of("Timestamp", (SECONDS * unit).astype(np.int64)) == pytest.approx(SECONDS)
    assert times_of("weight", SECONDS * unit) is None
    assert times_of("time", np.arange(100.0)) is None


def test_dates_that_are_no_times_of_readings_stay_what_they_are() -> None:
    rng = np.random.default_rng(0)
    births = np.array(STAMPS[rng.permutation(N)].strftime("%Y-%m-%d"), object)
    assert not tells_time("born", births)  # in no order
    assert tells_time("logged", np.array(STAMPS[::-1].astype(str), object))  # the newest first
    assert not tells_time("year", np.repeat(np.array(["2020-01-01", "2021-01-01"], object), N // 2))
    for cells in (["a", "b"], ["1-2-3 Main Street", "x"], ["", ""], ["192.168.1.1", "192.168.1.2"]):
        assert not tells_time("name", np.array(cells, object))


@pytest.mark.parametrize("days", [1, 40])
def test_blocks_have_a_gap_between_them_and_days_are_whole(days: int) -> None:
    times = np.sort(np.random.default_rng(1).uniform(0, days * 86_400, 4_000))
    part = blocks(times)
    assert part is not None
    counts = np.bincount(part + 1, minlength=4) / len(part)
    assert counts[2:] == pytest.approx([0.1, 0.1], abs=0.025)
    gap = round(GAP * len(times) / (N_BLOCKS if days == 1 else days))
    for low, high in ((0, 1), (0, 2), (1, 2)):
        apart = np.abs(np.subtract.outer(np.flatnonzero(part == low), np.flatnonzero(part == high))).min()
        assert apart > gap
    if days > 1:
        day = np.floor(times / 86_400)
        held = [set(day[part == k]) for k in (1, 2)]
        assert len(held[1]) == 4
        assert not held[0] & held[1]
        assert not held[1] & set(day[part == 0])
    again = blocks(times)
    assert again is not None
    assert np.array_equal(part, again)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".txt"])
def test_readings_are_divided_in_time_and_never_at_random(tmp_path: Path, suffix: str) -> None:
    opened = read_path(save(readings(), tmp_path / f"plant{suffix}"))
    parts = rows_of(opened)
    assert opened.roles is not None
    assert opened.roles.time == "datetime"
    assert opened.features == ("row", "flow (l/min)")
    nearest = min(np.abs(np.subtract.outer(parts[0], one)).min() for one in parts[1:])
    assert nearest > 1
    assert len(np.concatenate(parts)) == len(np.unique(np.concatenate(parts)))
    hours, of_day = (opened.columns[name] for name in opened.columns if name.startswith("datetime ("))
    when = SECONDS[np.floor(opened.splits.test.x.numpy()[:, 0]).astype(int)]
    assert hours[opened.rows.test] == pytest.approx((when - SECONDS[0]) / 3_600)
    assert of_day[opened.rows.test] == pytest.approx(when % 86_400 / 3_600)
    assert any(mentions(one, "datetime", "5 minutes") for one in opened.summary)


def test_rows_out_of_order_are_sorted_where_a_column_is_said_to_be_the_time(tmp_path: Path) -> None:
    frame = readings()
    mixed = save(frame.sample(frac=1, random_state=0), tmp_path / "mixed.csv")
    assert read_path(mixed).roles.time == ""  # type: ignore[union-attr]
    sorted_ones, opened = read_path(save(frame, tmp_path / "a.csv")), read_path(mixed, ReadOptions(time="datetime"))
    assert all(np.array_equal(a, b) for a, b in zip(rows_of(sorted_ones), rows_of(opened), strict=True))
    none = read_path(tmp_path / "a.csv", ReadOptions(time=""))
    assert sum(map(len, none.splits)) == N


def test_a_role_can_be_given_and_taken(tmp_path: Path) -> None:
    path = save(readings(), tmp_path / "a.csv")
    opened = read_path(path)
    assert opened.roles is not None
    assert opened.roles.of("datetime") is Role.TIME
    taken = reassigned(ReadOptions(), opened.roles, ["datetime", *opened.features], "datetime", Role.COLOUR)
    assert read_path(path, taken).roles.time == ""  # type: ignore[union-attr]
    again = reassigned(taken, opened.roles, ["datetime", *opened.features], "datetime", Role.TIME)
    assert again.time == "datetime"


def test_missing_doubled_and_repeated_times_are_said(tmp_path: Path) -> None:
    """The hour that a clock goes back comes twice; a logger that was off leaves a gap."""
    frame = readings()
    frame["datetime"] = frame["datetime"].dt.strftime("%Y-%m-%d %H:%M:%S")
    frame.loc[300:311, "datetime"] = frame.loc[288:299, "datetime"].to_numpy()
    frame.loc[[10, 20], "datetime"] = None
    opened = read_path(save(frame.drop(index=range(600, 700)), tmp_path / "a.csv"))
    assert any(mentions(one, "2 rows") for one in opened.summary)
    assert any(mentions(one, "12 rows") for one in opened.summary)
    windows = read_path(tmp_path / "a.csv", ReadOptions(window=6))
    x = np.concatenate([part.x.numpy() for part in windows.splits])
    assert (np.diff(x[:, :, 0]) < 50).all()  # none across what is left out


@pytest.mark.parametrize("window", [2, 7])
def test_windows_are_rows_that_follow_each_other_within_a_part(tmp_path: Path, window: int) -> None:
    frame = readings()
    frame["fault"] = np.where(np.arange(N) % 100 < 50, "none", "leak")
    path = save(frame, tmp_path / "a.csv")
    single, opened = read_path(path), read_path(path, ReadOptions(window=window))
    values = frame[["row", "flow (l/min)"]].to_numpy(np.float32)
    for rows, part in zip(rows_of(single), opened.splits, strict=True):
        assert part.kind is Kind.SEQUENCE
        assert part.names == ("row", "flow (l/min)")
        there = set(rows.tolist())
        whole = [k for k in range(window - 1, N) if all(k - i in there for i in range(window))]
        order = np.argsort(part.x[:, -1, 0].numpy())
        assert np.array_equal(part.x.numpy()[order], np.stack([values[k - window + 1 : k + 1] for k in whole]))
        words = [part.classes[k] for k in part.y[order].tolist()]
        assert words == [frame["fault"][k] for k in whole]


def test_windows_go_through_the_library_and_are_trained_on(tmp_path: Path) -> None:
    library = Library(tmp_path / "library")
    name = library.add(save(readings(), tmp_path / "a.csv"), ReadOptions(window=4))
    train = library.load(name).train
    assert train.shape == (4, 2)
    assert train.kind is Kind.SEQUENCE
    assert train.scale is not None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (ReadOptions(time="row"), ("row", "time")),
        (ReadOptions(time="when"), ("when",)),
        (ReadOptions(time="", window=5), ("--time",)),
        (ReadOptions(window=900), ("900",)),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, options: ReadOptions, named: tuple[str, ...]) -> None:
    path = save(readings(), tmp_path / "a.csv")
    with pytest.raises(DataError) as found:
        read_path(path, options)
    assert mentions(str(found.value), *named)
    with pytest.raises(DataError):
        ReadOptions(window=1_001)
    with pytest.raises(DataError):
        read_path(save(readings(STAMPS[:50], 50), tmp_path / "few.csv"), ReadOptions(window=3))


def test_marks_of_what_happened_are_no_input(tmp_path: Path) -> None:
    """As the Skoltech Anomaly Benchmark has them: anomaly and changepoint, 0.0 or 1.0, between semicolons."""
    frame = readings()
    frame["anomaly"], frame["changepoint"] = (np.arange(N) > 900).astype(float), (np.arange(N) == 900).astype(float)
    opened = read_path(save(frame, tmp_path / "valve.txt"))
    assert opened.features == ("row", "flow (l/min)")
    assert opened.splits.train.classes == ("0", "1")
    assert "changepoint" in opened.columns


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"])
def test_exact_times_are_read_as_pandas_reads_them(form: str) -> None:
    words = np.array([*STAMPS.strftime(form), ""], object)
    found = iso_times(words.tolist())
    assert found is not None
    known = pd.to_datetime(pd.Series(words[:-1])).to_numpy("datetime64[us]").astype(np.int64) / 1e6
    assert np.array_equal(found[:-1], known)
    assert np.isnan(found[-1])
    assert iso_times([*words[:3].tolist(), "2024-13-01"]) is None
