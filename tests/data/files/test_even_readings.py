"""Readings made even: resampled and filled against pandas, rows at rest and of the same time, clocks that were set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from latentlab.__main__ import main
from latentlab.data import DataError
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.readings.even import TimedRows, prepared
from latentlab.data.files.readings.notes import about_times
from latentlab.data.files.readings.preparation import Missing, Preparation, SameTime, microseconds
from tests.conftest import mentions, numbers_in

NAMES = ("a", "b")


def uneven(seed: int, n: int = 400) -> pd.DataFrame:
    """Readings at uneven times, of which a third is missing, with a hole of two hours."""
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2024-05-01 22:11:07") + pd.to_timedelta(
        np.sort(rng.choice(60 * n, n, replace=False)), unit="s"
    )
    frame = pd.DataFrame(rng.normal(size=(n, 2)), times, NAMES).mask(rng.uniform(size=(n, 2)) < 1 / 3)
    frame["word"] = [f"w{k}" for k in range(n)]
    return frame[(frame.index < times[150]) | (frame.index > times[150] + pd.Timedelta("2h"))]


def seconds(index: pd.Index) -> np.ndarray:
    return np.asarray(index.to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6)


def given(frame: pd.DataFrame, file: np.ndarray | None = None) -> TimedRows:
    zeros = np.zeros(len(frame), np.int64)
    columns = {"word": frame["word"].to_numpy(object), "when": frame.index.astype(str).to_numpy(object)}
    x = frame[list(NAMES)].to_numpy(np.float32)
    return TimedRows(x, columns, seconds(frame.index), zeros if file is None else file, zeros)


def run(frame: pd.DataFrame, how: Preparation, file: np.ndarray | None = None) -> TimedRows:
    return prepared(given(frame, file), "when", NAMES, how)


def assert_same(found: np.ndarray, frame: pd.DataFrame) -> None:
    np.testing.assert_allclose(found, frame[list(NAMES)].to_numpy(np.float32), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("step", ["1 min", "7 min", "90 s", "15 min", "0.5 h", "1 day"])
@pytest.mark.parametrize("seed", [0, 1])
def test_steps_are_those_of_pandas(step: str, seed: int) -> None:
    frame = uneven(seed)
    mixed = frame.sample(frac=1, random_state=seed)
    found, known = run(mixed, Preparation(step)), frame.resample(pd.Timedelta(step))
    mean, words = known[list(NAMES)].mean(), known["word"].last().fillna("")
    assert_same(found.x, mean)
    assert np.array_equal(found.times, seconds(mean.index))
    assert found.columns["word"].tolist() == words.tolist()
    assert found.columns["when"].tolist() == mean.index.strftime("%Y-%m-%d %H:%M:%S").tolist()
    n_empty = int((known.size() == 0).sum())
    assert (n_empty in numbers_in(found.notes[-1])) == (n_empty > 0)


@pytest.mark.parametrize("most", [1, 3, 50])
@pytest.mark.parametrize("seed", [0, 1])
def test_missing_readings_are_filled_as_pandas_does(most: int, seed: int) -> None:
    frame = uneven(seed)
    mean = frame.resample(pd.Timedelta("1 min"))[list(NAMES)].mean()
    carried = run(frame, Preparation("1 min", Missing.CARRY, most))
    assert_same(carried.x, mean.ffill(limit=most))
    assert int(mean.isna().sum().sum() - np.isnan(carried.x).sum()) in numbers_in(carried.notes[-1])
    between = mean.interpolate("time", limit=most, limit_area="inside")
    assert_same(run(frame, Preparation("1 min", Missing.INTERPOLATE, most)).x, between)


@pytest.mark.parametrize("missing", [Missing.CARRY, Missing.INTERPOLATE])
def test_nothing_is_filled_across_a_break(missing: Missing) -> None:
    """Uneven times without a step: what lies between two breaks is filled by itself. A file and rest are breaks."""
    frame = uneven(2)
    apart = np.diff(seconds(frame.index))
    run_of = np.concatenate([[0], np.cumsum(apart > 1.5 * np.median(apart))])
    groups = frame[list(NAMES)].groupby(run_of, group_keys=False)
    if missing is Missing.CARRY:
        known = groups.ffill(limit=4)
    else:
        known = groups.apply(lambda part: part.interpolate("time", limit=4, limit_area="inside"))
    assert_same(run(frame, Preparation(missing=missing, most=4)).x, known)
    even = pd.DataFrame(
        {"a": [1, np.nan, np.nan, 4], "b": [9.0, 9, 9, 9], "word": ""}, pd.date_range("2024", periods=4)
    )
    two = run(even, Preparation(missing=missing), np.array([0, 0, 1, 1]))
    assert np.isfinite(two.x[:, 0]).tolist() == [True, missing is Missing.CARRY, False, True]
    even.loc[even.index[1], "b"] = 0
    rested = run(even, Preparation(missing=missing, rest="b", least=1))
    assert np.isfinite(rested.x[:, 0]).tolist() == [True, False, True]


@pytest.mark.parametrize("same", SameTime)
def test_rows_of_the_same_time_stay_or_become_one(same: SameTime) -> None:
    frame = uneven(3)
    frame.index = frame.index.floor("2min")
    groups, found = frame.groupby(level=0), run(frame, Preparation(same_time=same))
    n_again = len(frame) - groups.ngroups
    assert n_again in numbers_in(found.notes[-1])
    if same is SameTime.KEEP:
        assert_same(found.x, frame)
    else:
        assert_same(found.x, groups[list(NAMES)].mean() if same is SameTime.MEAN else groups.nth(0))
        assert found.columns["word"].tolist() == groups.nth(0)["word"].tolist()


def test_a_step_is_a_length_of_time() -> None:
    for text in ("15 min", "90 minutes", "2 hours", "1 D", "0.25 s", "3 W", "5 ms", "7 m", "1.5 days"):
        assert microseconds(text) == microseconds(text.lower()) == pd.Timedelta(text).value // 1_000
    for text in ("15", "3 bananas", "1 M", "-3 s", "1e9 d", "nan s", "0 s", "5 ns", "min 3", "9" * 99 + " s", "\x00"):
        with pytest.raises(DataError) as found:
            Preparation(text)
        assert str(found.value).count(".") <= 3


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """Four days of readings, five minutes apart, with nights, a row that is missing and two columns of sensors."""
    times = pd.date_range("2024-06-01", periods=4 * 24 * 12, freq="5min")
    light = np.maximum(0, 800 * np.sin((times.hour + times.minute / 60 - 6) / 12 * np.pi))
    row = np.arange(len(times), dtype=float)
    frame = pd.DataFrame({"time": times, "light": light, "row": row + 0.5})
    frame.loc[700, "row"] = None
    frame.to_csv(tmp_path / "plant.csv", index=False)
    return tmp_path / "plant.csv"


def rows_of(opened: Opened) -> np.ndarray:
    return np.concatenate([part.x.numpy()[..., 1] for part in opened.splits])


def test_nights_are_left_out_and_no_window_goes_across_one(plant: Path) -> None:
    light = pd.read_csv(plant)["light"].to_numpy()
    rest = Preparation(rest="light", least=20)
    opened = read_path(plant, ReadOptions(preparation=rest))
    assert any(mentions(one, "light", f"{(light < 20).sum():,}", f"{len(light):,}") for one in opened.summary)
    assert (light[np.floor(rows_of(opened)).astype(int)] >= 20).all()
    windows = rows_of(read_path(plant, ReadOptions(window=5, preparation=rest)))
    assert (np.diff(windows, axis=1) == 1).all()  # none across a night, or across the missing row
    filled = rows_of(read_path(plant, ReadOptions(window=5, preparation=Preparation(missing=Missing.INTERPOLATE))))
    assert (windows == 698.5).any()
    assert (filled == 700.5).any()
    even = read_path(plant, ReadOptions(preparation=Preparation("1 h", rest="light", least=20)))
    assert set(np.diff(np.sort(rows_of(even))[:8]).round()) == {12}


@pytest.mark.parametrize(
    "how",
    [
        Preparation("1 ms"),
        Preparation(rest="nothing"),
        Preparation(rest="time", least=1),
        Preparation(rest="light", least=9_999),
    ],
)
def test_what_cannot_be_prepared_is_refused(plant: Path, how: Preparation) -> None:
    with pytest.raises(DataError) as found:
        read_path(plant, ReadOptions(preparation=how))
    assert mentions(str(found.value), how.rest or how.step)


@pytest.mark.parametrize(
    "bad", [{"most": 0}, {"most": 10_001}, {"least": float("nan")}, {"least": float("inf")}, {"step": "dark"}]
)
def test_numbers_that_cannot_be_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Preparation(**bad)


def test_flags_of_the_command_line_say_it(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--step", "1 h", "--missing", "carry", "--fill_steps", "2", "--same_time", "mean", "--rest", "light", "5"]
    assert main(["data", str(plant), *flags]) == 0
    assert mentions(capsys.readouterr().out, "1 hour")
    assert main(["data", str(plant), "--rest", "light", "dark"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_rows_without_a_time_cannot_be_prepared(tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text("a,b,kind\n" + "\n".join(f"{k},{k * k},x{k % 2}" for k in range(30)))
    with pytest.raises(DataError):
        read_path(tmp_path / "words.csv", ReadOptions(preparation=Preparation("1 h")))


def berlin(begin: str, n: int, step: str) -> np.ndarray:
    """Times on a clock in Berlin, as a logger without a zone writes them, in seconds."""
    local = pd.date_range(begin, periods=n, freq=step, tz="UTC").tz_convert("Europe/Berlin").tz_localize(None)
    return seconds(local)


@pytest.mark.parametrize(
    ("times", "n_said"),
    [
        (berlin("2024-10-26", 600, "5min"), 2),  # set back on the 27th
        (berlin("2024-03-30", 600, "5min"), 2),  # set forward on the 31st
        (berlin("2024-06-01", 600, "5min"), 1),
    ],
)
def test_an_hour_that_comes_twice_or_not_at_all_is_said(times: np.ndarray, n_said: int) -> None:
    notes = about_times("when", times, np.zeros(len(times), np.int64))
    assert len(notes) == n_said
    late = np.append(times, [times[-1] + 5 * 3_600, times[-1] + 12 * 3_600])
    gaps = about_times("when", np.append(late, np.nan), np.zeros(len(late) + 1, np.int64))
    assert numbers_in(gaps[-1])[:3] == [2, 1.5, 7]
    assert len(gaps) == n_said + 1


def test_of_times_in_no_order_no_clock_is_said_to_be_set() -> None:
    times = np.random.default_rng(0).permutation(berlin("2024-06-01", 600, "5min"))
    zeros = np.zeros(len(times), np.int64)
    assert len(about_times("when", times, zeros)) == 1
    assert about_times("when", np.full(3, np.nan), zeros[:3]) == ()
    assert len(about_times("when", times[:1], zeros[:1])) == 1
