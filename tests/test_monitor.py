"""`latentlab monitor`: alarms as JSON lines from a growing file, a pipe, after a restart; and what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latentlab.__main__ import main
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Rule, alarms
from latentlab.analysis.monitoring.scores import scores
from latentlab.cli import monitored
from latentlab.data import UNLABELLED, DataError, Dataset, Kind
from latentlab.data.builtin.photovoltaic import plant
from latentlab.data.files.readings.growing import GrowingFile
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.experiments.monitoring.streams import PlantDays
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from tests.html import Page

RUN = "photovoltaic-vae"
NAMES = plant.SENSORS


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store without runs of the user's own, over what ships."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))


@pytest.fixture(scope="module")
def day() -> tuple[Doubles, int]:
    """A clear day on which half a submodule is shaded from noon on."""
    stream = PlantDays().stream("PS50", 80, "clear", 0.5)
    return stream.readings, stream.begin


@pytest.fixture(scope="module")
def of_windows() -> tuple[Run, Dataset]:
    """An untrained autoencoder of windows of four readings, whose scores have no noise, and normal windows."""
    x = torch.rand(60, 4, 2, generator=generator(0))
    scale = Scale(np.tile([1.0, -3.0], (4, 1)), np.tile([2.0, 5.0], (4, 1)))
    examples = Dataset("waves", x, torch.full((60,), UNLABELLED), (), Kind.SEQUENCE, ("a", "b"), scale)
    run = Run(
        "windows", "Windows", "ae", "waves", {"network": "gru", "state_dim": 8, "z_dim": 1}, {}, (4, 2), (), 1, 1.0,
        "2026-01-01T00:00:00+00:00", 0, Kind.SEQUENCE, ("a", "b"),
    )  # fmt: skip
    return run, examples


def write(path: Path, readings: Doubles, names: tuple[str, ...] = NAMES, mode: str = "w", sep: str = ",") -> None:
    with path.open(mode, newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=sep)
        if mode == "w":
            out.writerow(("Time", *names))
        out.writerows([f"t{k}", *row] for k, row in enumerate(readings.tolist()))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["monitor", RUN, *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_fault_is_an_alarm_with_its_sensor(
    day: tuple[Doubles, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings, begin = day
    write(tmp_path / "day.csv", readings, sep=";")
    found = said(capsys, "--input", str(tmp_path / "day.csv"))
    assert [found[0]["event"], found[-1]["event"]] == ["start", "end"]
    assert (found[-1]["readings"], found[-1]["skipped"], found[-1]["open"]) == (len(readings), 0, False)
    assert found[-1]["alarms"] == sum(one["event"] == "alarm" for one in found)
    promised = found[0]["false alarms"]
    assert promised["low"] < promised["value"] <= 0.01 < promised["high"]
    alarm = max(found[1:-1], key=lambda one: one["n"])
    assert begin <= alarm["raised"] <= begin + 5
    assert alarm["time"] == f"t{alarm['peak_at']}"
    assert alarm["sensors"][0]["name"] == "voltage, V"  # the shaded submodule is bypassed
    worst = alarm["sensors"][0]
    assert worst["read"] == pytest.approx(readings[alarm["peak_at"], 1])
    assert worst["read"] < worst["expected"]


def test_after_a_restart_it_goes_on_as_if_nothing_had_happened(
    day: tuple[Doubles, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings, begin = day
    path, state = tmp_path / "day.csv", tmp_path / "state.json"
    flags = ["--input", str(path), "--state", str(state)]
    write(path, readings[: begin + 40])
    with path.open("a") as file:
        file.write("t9,1.0,2")  # a line that isn't finished
    first = said(capsys, *flags)
    assert first[-1]["open"]
    assert [one["event"] for one in first].count("raised") == 1
    path.write_bytes(path.read_bytes().rpartition(b"\n")[0] + b"\n")
    write(path, readings[begin + 40 :], mode="a")
    second = said(capsys, *flags)
    assert [one["event"] for one in second].count("raised") == 0
    alarm = max((one for one in second if one["event"] == "alarm"), key=lambda one: one["n"])
    assert alarm["start"] in range(begin, begin + 3)
    assert second[-1]["readings"] == len(readings)
    write(path, readings[:50])  # another file in its place
    third = said(capsys, *flags)
    assert "shrunk" in [one["event"] for one in third]
    assert third[-1]["readings"] == len(readings) + 50


def test_a_pipe_of_json_lines_with_gaps_is_watched(
    day: tuple[Doubles, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readings, begin = day
    lines = [json.dumps(dict(zip(NAMES, row, strict=True))) for row in readings[begin - 10 : begin + 30].tolist()]
    lines[2], lines[3], lines[4] = "{broken", "[1, 2]", json.dumps(dict.fromkeys(NAMES[1:], 1.0) | {NAMES[2]: None})
    lines[-1] = json.dumps(dict.fromkeys(NAMES, 1e300))  # beyond single precision
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    found = said(capsys, "--input", "-")
    (skipped,) = [one for one in found if one["event"] == "skipped"]
    assert (skipped["readings"], skipped["first"]) == (3, 2)
    assert skipped["not a number"] == list(NAMES)
    assert found[-1]["skipped"] == 3
    assert any(one["event"] == "alarm" and one["start"] >= 10 for one in found)


def test_what_cannot_be_read_is_one_sentence(
    day: tuple[Doubles, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, state = tmp_path / "day.csv", tmp_path / "state.json"
    write(path, day[0][:20, :5], NAMES[:5])
    state.write_text('{"offset": Infinity}')
    for flags in (
        ["--input", str(path)],  # a column is missing
        ["--input", str(tmp_path / "none.csv")],
        ["--input", str(path), "--rate", "1e-6"],
        ["--input", str(path), "--least", "0"],
        ["--input", str(path), "--report", str(tmp_path / "none" / "report.html")],
        ["--input", str(path), "--state", str(state)],
    ):
        assert main(["monitor", RUN, *flags]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "Traceback" not in err
    assert main(["monitor", "moons-adgm", "--input", str(path)]) == 1
    assert main(["monitor", "no-such-run", "--input", str(path)]) == 1


def test_a_file_is_followed_until_someone_ends_it(
    day: tuple[Doubles, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readings, begin = day
    path, waits = tmp_path / "day.csv", list[float]()
    write(path, readings[: begin + 1])

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt
        write(path, readings[begin + 1 : begin + 20], mode="a")

    monkeypatch.setattr("latentlab.cli.monitor.time.sleep", wait)
    found = said(capsys, "--input", str(path), "--follow")
    assert found[-1]["readings"] == begin + 20
    assert [one["event"] for one in found[-3:]] == ["raised", "alarm", "end"]
    assert found[-3]["start"] == found[-2]["start"]


def test_windows_of_pieces_are_the_windows_of_the_whole(
    of_windows: tuple[Run, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, examples = of_windows
    store, model = Store.default(), run.build()
    initialise(model, generator(0))
    store.save(run, model, [], examples)
    rng = np.random.default_rng(0)
    readings = np.array([1.0, -3.0]) + np.array([2.0, 5.0]) * rng.uniform(size=(90, 2))
    readings[[30, 31, 32, 33, 52, 78]] += 9  # faults; the window of the last one lies across a gap in time
    readings[60, 1] = np.nan
    minute = np.arange(90) + 200 * (np.arange(90) >= 77)
    rows = [f"2026-01-01 {m // 60:02}:{m % 60:02},{a},{b}\n" for m, (a, b) in zip(minute, readings, strict=True)]

    assert examples.scale is not None
    whole = np.array([k >= 3 and not 60 <= k <= 63 and not 77 <= k <= 79 for k in range(90)])
    every = np.stack([readings[max(0, k - 3) : k + 1] for k in np.flatnonzero(whole)])
    expected = np.full(90, np.nan)
    expected[whole] = scores(model.eval(), examples.scale.to_unit(torch.from_numpy(every)), 1, generator(0))
    threshold = float(np.nanquantile(expected, 0.8))
    spans = alarms(expected, Rule(threshold, 2, 1))
    assert len(spans) > 2

    monkeypatch.setattr(monitored, "MOST_NUMBERS", 40)  # five windows at once
    path, found = tmp_path / "a.csv", []
    for flags in (["--report", str(tmp_path / "a.html")], ["--state", str(tmp_path / "state.json")]):
        path.write_text("time,a,b\n")
        for end in (90,) if "--report" in flags else (2, 31, 32, 70, 90):
            with path.open("a") as file:
                file.writelines(rows[len(path.read_text().splitlines()) - 1 : end])
            rule = ["--threshold", str(threshold), "--least", "2", "--gap", "1", "--draws", "1"]
            assert main(["monitor", run.id, "--input", str(path), *rule, *flags]) == 0
            found += [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        ended = [one for one in found if one["event"] == "alarm"]
        if "--state" in flags:
            assert len(ended) >= len(spans) - 1  # the last one may still be open
            spans = spans[: len(ended)]
        assert [(one["start"], one["end"], one["peak_at"]) for one in ended] == [
            (one.start, one.end, one.peak_at) for one in spans
        ]
        for one in ended:
            assert one["peak"] == pytest.approx(expected[one["peak_at"]], rel=1e-4)
            assert {s["name"]: s["read"] for s in one["sensors"]} == pytest.approx(
                dict(zip("ab", readings[one["peak_at"]], strict=True))
            )
        assert sum(one.get("skipped", 0) for one in found if one["event"] == "end") >= 1
        found.clear()
    assert (tmp_path / "a.html").stat().st_size > 1_000


def test_a_file_is_taken_in_whole_lines_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    file = GrowingFile(path, ("b", "a"))
    with pytest.raises(DataError):
        list(file.pieces())
    path.write_text("a,b")
    assert not list(file.pieces())
    path.write_text("a,b,date\n1,2,x\n3,")
    (piece,) = file.pieces()
    assert piece.numbers.tolist() == [[2, 1]]
    assert list(piece.times) == ["x"]
    assert not list(file.pieces())
    with path.open("a") as more:
        more.write("4,y\nnan,7\n,,\n")
    (piece,) = file.pieces()
    assert np.array_equal(piece.numbers, np.array([[4, 3], [7, np.nan], [np.nan, np.nan]]), equal_nan=True)
    path.write_text("a,b\n5,6\n")
    (piece,) = file.pieces()
    assert piece.is_new
    assert piece.numbers.tolist() == [[6, 5]]
    path.write_text("a,c\n5,6\n7,8\n")
    with pytest.raises(DataError, match="“b”"):
        list(file.pieces())


def test_a_file_that_has_ended_is_taken_to_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1,5;-2,25\n1.003,5;,5")
    (first,) = GrowingFile(path, ("b", "a")).pieces()
    assert first.numbers.tolist() == [[-2.25, 1.5]]
    found = list(GrowingFile(path, ("b", "a")).pieces(is_last=True))
    assert np.concatenate([one.numbers for one in found]).tolist() == [[-2.25, 1.5], [0.5, 1003.5]]
    for content in (b"", b"a;b", b"\x00\x01" * 999):
        path.write_bytes(content)
        assert not list(GrowingFile(path, ("b", "a")).pieces())
        with pytest.raises(DataError, match="names"):
            list(GrowingFile(path, ("b", "a")).pieces(is_last=True))


def test_a_report_says_what_the_lines_say(
    day: tuple[Doubles, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readings = np.concatenate([day[0], day[0]])
    readings[5, 1], readings[7, 1], readings[7, 3] = np.nan, np.nan, np.nan
    path, to = tmp_path / "day.csv", tmp_path / "<b>report.html"
    write(path, readings)
    found = said(capsys, "--input", str(path), "--report", str(to))
    page = Page(to.read_text("utf-8"))
    rows = page.rows()
    facts = dict(rows)
    assert facts["Readings"] == [f"{len(readings):,}"]
    assert facts["Period"][0].startswith("t0 to ")
    assert facts["Skipped"][0].split(";")[0] == str(found[-1]["skipped"]) == "2"
    assert f"{NAMES[1]} (2)" in facts["Skipped"][0]
    assert f"{NAMES[3]} (1)" in facts["Skipped"][0]
    assert facts["Threshold"] == [f"{found[0]['threshold']:.6g} nats"]
    assert facts["Alarms"] == [str(found[-1]["alarms"])]
    assert str(to) in facts["Command"][0]
    listed = {row[0]: row[1:] for row in rows if row[0].startswith("t") and len(row[1]) == 5}
    known = [one for one in found if one["event"] == "alarm"]
    assert len(listed) == len(known) >= 2
    for one in known:
        end, n, peak, at, sensors = listed[f"t{one['start']}"][0]
        assert (end, int(n), float(peak), at) == (f"t{one['end'] - 1}", one["n"], one["peak"], one["time"])
        for text, sensor in zip(sensors.split("\n"), one["sensors"], strict=False):
            assert text.startswith(sensor["name"])
            numbers = [float(value) for value in re.findall(r"[-+]?[\d.]+(?:e[-+]\d+)?", text[len(sensor["name"]) :])]
            assert numbers == pytest.approx(
                [sensor[key] for key in ("read", "expected", "deviations")], rel=1e-3, abs=0.06
            )
    assert page.count("section") == min(10, len(known))


def test_times_and_units_are_said_between_the_alarms(
    day: tuple[Doubles, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day on whose morning some rows come twice, then the clock is set, and the voltage is in mV for two hours."""
    readings = day[0][: day[1]].copy()
    begin, minutes = len(readings) - 120, np.arange(len(readings))
    readings[begin:, 1] *= 1_000
    minutes[30:] -= 60
    minutes[begin + 90 :] += 600
    stamps = np.datetime64("2024-05-01T05:00") + minutes.astype("timedelta64[m]")
    order = [*range(10), 9, 9, *range(10, len(readings))]
    lines = [",".join([str(stamps[k]), *map(repr, readings[k].tolist())]) for k in order]
    path, state = tmp_path / "day.csv", tmp_path / "state.json"
    path.write_text("\n".join([",".join(("Time", *(f'"{name}"' for name in NAMES))), *lines[:-50], ""]))
    found = said(capsys, "--input", str(path), "--state", str(state))
    with path.open("a") as file:
        file.write("\n".join([*lines[-50:], ""]))
    found += said(capsys, "--input", str(path), "--state", str(state))
    of = {kind: [one for one in found if one["event"] == kind] for kind in ("same time", "clock", "gap", "unit", "end")}
    assert [one["readings"] for one in of["same time"]] == [2]
    assert [one["reading"] for one in of["clock"]] == [30]
    assert [one["reading"] for one in of["gap"]] == [begin + 90]
    assert [(one["reading"] - begin in range(3), one["sensor"]) for one in of["unit"]] == [(True, NAMES[1])]
    assert (of["end"][-1]["readings"], of["end"][-1]["left out"]) == (len(readings), 2)
    alarms = [one for one in found if one["event"] == "alarm"]
    assert any(one["end"] == begin + 90 for one in alarms)  # over when nothing was read
