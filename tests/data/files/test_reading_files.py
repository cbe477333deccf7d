"""Readings in several files: as a logger writes them, and tiny ones in the layouts of SKAB and NAB, against pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from latentlab.data import DataError
from latentlab.data.files.file_sets import table_of
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from tests.conftest import mentions
from tests.data.files.conftest import write_folder, write_zip

SENSORS = ("Accelerometer1RMS", "Current", "Pressure", "Temperature")
N = 120
HOW = pytest.mark.parametrize("how", ["folder", "zip"])


def text(frame: pd.DataFrame, sep: str) -> bytes:
    return bytes(frame.to_csv(index=False, sep=sep), "utf-8")


def skab() -> dict[str, pd.DataFrame]:
    """Two files with anomalies, and one without."""
    rng, out = np.random.default_rng(0), dict[str, pd.DataFrame]()
    for k, name in enumerate(("anomaly-free/anomaly-free.csv", "valve1/0.csv", "other/1.csv")):
        times = pd.date_range(f"2020-03-0{k + 1} 10:00", periods=N, freq="s")
        frame = pd.DataFrame({"datetime": times} | {one: rng.normal(size=N) for one in SENSORS})
        if k:
            frame["anomaly"] = ((np.arange(N) >= 50 * k) & (np.arange(N) < 50 * k + 15)).astype(float)
            frame["changepoint"] = frame["anomaly"].diff().abs().fillna(0)
        out[name] = frame
    return out


def nab() -> tuple[dict[str, pd.DataFrame], dict[str, list[list[str]]]]:
    """Two files of the same times, with a window each, and what a detector said of one."""
    rng, times = np.random.default_rng(0), pd.date_range("2014-04-01", periods=N, freq="5min")
    names = ("realKnownCause/machine.csv", "realAWSCloudwatch/cpu.csv")
    frames = {one: pd.DataFrame({"timestamp": times, "value": rng.normal(size=N)}) for one in names}
    windows = {
        one: [[f"{times[30 + k]}.000000", f"{times[40 + k]}.000000"], [f"{times[90]}", f"{times[95]}"]]
        for k, one in enumerate(names)
    }
    return frames, windows | {"artificialNoAnomaly/missing.csv": []}


def opened(tmp_path: Path, how: str, files: dict[str, bytes], options: ReadOptions | None = None) -> Opened:
    path = write_zip(tmp_path / "a.zip", files) if how == "zip" else write_folder(tmp_path / "a", files)
    return read_path(path, options or ReadOptions())


def every(found: Opened) -> pd.DataFrame:
    """The examples in all parts with their file and class."""
    parts = []
    for part, rows in zip(found.splits, found.rows, strict=True):
        frame = pd.DataFrame(part.x.numpy()[..., -1, :] if part.x.dim() > 2 else part.x.numpy(), columns=found.features)
        frame["file"] = found.columns["file"][rows]
        frame["label"] = [part.classes[k] if k >= 0 else "" for k in part.y.tolist()]
        parts.append(frame)
    return pd.concat(parts)


@HOW
def test_skab_is_one_table_with_a_class_and_no_window_across_files(tmp_path: Path, how: str) -> None:
    frames = skab()
    files = {f"SKAB/data/{name}": text(frame, ";") for name, frame in frames.items()}
    found = opened(tmp_path, how, {**files, "SKAB/README.md": b"# SKAB"})
    assert found.features == SENSORS
    assert found.roles is not None
    assert (found.roles.time, found.splits.train.classes) == ("datetime", ("anomaly", "normal"))
    for name, part in every(found).groupby("file"):
        frame = next(one for key, one in frames.items() if str(name).endswith(key))
        known = frame.set_index(frame["Pressure"].astype(np.float32))
        bad = known["anomaly"] > 0 if "anomaly" in known else pd.Series(False, known.index)
        expected = np.where(bad.loc[part["Pressure"].to_numpy()], "anomaly", "normal")
        assert part["label"].tolist() == expected.tolist()
        assert len(part) > 0.8 * N
    windows = opened(tmp_path, how, files, ReadOptions(window=4))
    whole = np.concatenate([frame[[*SENSORS]].to_numpy(np.float32) for frame in frames.values()])
    place = {row.tobytes(): k for k, row in enumerate(whole)}
    for part in windows.splits:
        at = np.array([[place[row.tobytes()] for row in window] for window in part.x.numpy()])
        assert (np.diff(at, axis=1) == 1).all()
        assert (at[:, 0] // N == at[:, -1] // N).all()
    assert every(windows)["file"].nunique() == 3


@HOW
def test_nab_has_its_windows_as_classes(tmp_path: Path, how: str) -> None:
    frames, windows = nab()
    files = {f"NAB/data/{name}": text(frame, ",") for name, frame in frames.items()}
    files["NAB/labels/combined_windows.json"] = json.dumps(windows).encode()
    files["NAB/labels/combined_labels.json"] = b"{}"
    files["NAB/results/numenta/realKnownCause/machine.csv"] = b"timestamp,value,label\n1,2,3\n"
    files["NAB/requirements.txt"] = b"numpy\npandas==1.0\n"
    found = opened(tmp_path, how, files)
    assert found.features == ("value",)
    all_rows = every(found)
    assert set(all_rows["file"].str.split("data/").str[-1]) == set(frames)
    for name, part in all_rows.groupby("file"):
        key = str(name).split("data/")[-1]
        frame = frames[key].assign(label="normal")
        for begin, end in windows[key]:
            frame.loc[frame["timestamp"].between(begin, end), "label"] = "anomaly"
        known = dict(zip(frame["value"].astype(np.float32), frame["label"], strict=True))
        assert part["label"].tolist() == [known[value] for value in part["value"].to_numpy()]
    assert any(mentions(one, "2 files") for one in found.summary)


def test_files_of_a_logger_are_joined_by_what_they_share(tmp_path: Path) -> None:
    frames = {name: frame.drop(columns=["anomaly", "changepoint"], errors="ignore") for name, frame in skab().items()}
    frames["valve1/0.csv"]["extra"] = 1.0
    files = {name: text(frame, ",") for name, frame in frames.items()} | {"notes.csv": b"who,what\nme,7\nyou,8\n"}
    found = opened(tmp_path, "folder", files)
    assert found.features == SENSORS
    assert any(mentions(one, "extra") for one in found.summary)
    assert any(mentions(one, "notes.csv", "datetime") for one in found.summary)
    assert found.splits.train.classes == ()
    first = table_of(tmp_path / "a", 20)
    assert first is not None
    assert (first.files, first.time, first.n_rows) == ("file", "datetime", 60)


@pytest.mark.parametrize(
    "windows",
    [b"[]", b"{", b'{"realKnownCause/machine.csv": 3}', b'{"realKnownCause/machine.csv": [["x", "y"]]}',
     b'{"realKnownCause/machine.csv": [["2014-04-01"]]}', b'{"none.csv": []}', b"\xff", b"[" * 100_000,
     b'{"realKnownCause/machine.csv": [[{}, null]]}'],
)  # fmt: skip
def test_windows_that_are_none_are_one_sentence(tmp_path: Path, windows: bytes) -> None:
    frames, _ = nab()
    files = {f"data/{name}": text(frame, ",") for name, frame in frames.items()}
    with pytest.raises(DataError) as found:
        opened(tmp_path, "folder", files | {"labels/combined_windows.json": windows})
    assert mentions(str(found.value), "combined_windows.json")


def test_tables_that_are_no_readings_stay_files_of_which_one_is_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        opened(tmp_path, "folder", {"a.csv": b"x,y\n1,2\n3,4\n", "b.csv": b"x,y\n1,2\n3,4\n"})
    with pytest.raises(DataError):
        opened(
            tmp_path / "2", "folder", {"a.csv": b"date,y\n2024-01-01,2\n2024-01-02,4\n", "b.csv": b"x,y\n1,2\n3,4\n"}
        )
