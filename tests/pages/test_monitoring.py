"""The page Monitoring: a stream with a fault, its alarms, which sensor, and which faults are found."""

from __future__ import annotations

import base64
import json
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
import torch

from latentlab.analysis.monitoring.drift import Drift
from latentlab.data import UNLABELLED, Dataset, Kind
from latentlab.data.builtin.photovoltaic.plant import SENSORS
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.experiments.monitoring import streams
from latentlab.experiments.monitoring.of_run import AllFaults, Found
from latentlab.experiments.monitoring.streams import PlantDays
from latentlab.runs import labelled
from latentlab.runs.labelled import Labelled
from latentlab.runs.store import Store
from latentlab.settings import READ_ONLY
from tests.pages.conftest import Open, path_of, shows, words
from tests.runs.test_store import saved


@pytest.fixture(autouse=True)
def few_normal_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the normal days every fortieth minute."""
    monkeypatch.setattr(streams, "EVERY", 40)


def drawn(app: Any) -> dict[str, Any]:
    """The main picture."""
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[0].proto.spec)
    return found


def alarms_of(app: Any) -> list[dict[str, Any]]:
    """The shaded spans."""
    return [shape for shape in drawn(app)["layout"]["shapes"] if shape["type"] == "rect"]


def test_it_opens_with_a_fault_that_is_noticed_and_the_sensor_that_shows_it(visited: Open) -> None:
    app = visited("monitoring")
    assert not app.exception
    stream = PlantDays().stream("PS75", 75, "mixed", 0.5)
    lines = [trace for trace in drawn(app)["data"] if trace.get("name") == "read"]
    assert len(lines) == 6
    begins = [shape["x0"] for shape in drawn(app)["layout"]["shapes"] if shape["line"].get("dash") == "dash"]
    assert stream.minute[stream.begin] in begins
    assert any(span["x1"] > stream.minute[stream.begin] for span in alarms_of(app))
    table = app.dataframe[0].value
    assert list(table["sensor"])[1] == "voltage, V"
    assert table["deviations"].abs().idxmax() in (0, 1)  # shade lowers what the string gives
    assert table["deviations"].abs().max() > 5


def test_without_a_fault_hardly_anything_is_flagged_and_a_higher_rate_flags_more(
    helper: dict[str, Future[Any]], visited: Open
) -> None:
    app = visited("monitoring", fault="none", detail="Map", change="temperature")
    assert not app.exception
    (asked,) = [key for key in helper if key.startswith("drift ")]
    drifts = np.outer(np.arange(8.0), np.eye(6)[4])
    helper[asked].set_result(Drift(np.ones(8), np.full(24, 2.0), np.zeros((8, 4)), drifts, np.full((24, 6), 1.0)))
    app.run()
    assert not app.exception
    assert f"“{SENSORS[4]}”" in words(app)
    assert "Report" in [one.proto.label for one in app.get("download_button")]
    n_before = len(alarms_of(app))
    app.select_slider(key="rate").set_value(0.1).run()
    assert len(alarms_of(app)) > n_before
    assert not [shape for shape in drawn(app)["layout"]["shapes"] if shape["line"].get("dash") == "dash"][1:]


def test_faults_and_costs_come_from_the_background(helper: dict[str, Future[Any]], visited: Open) -> None:
    faults = tuple(PlantDays().faults)
    names = ("vae", "isolation forest", "one-class SVM", "principal components", "nearest neighbours")
    scores = {name: 0.9 - 0.1 * k for k, name in enumerate(names)}
    rows = tuple(Found(fault, scores, 0.5, (3, None, 4)) for fault in faults)
    rng = np.random.default_rng(0)
    app = visited("monitoring", detail="Which faults are found", threshold="cost")
    assert not app.exception
    (asked,) = [key for key in helper if key.startswith("faults ")]
    helper[asked].set_result(AllFaults(rows, rng.normal(30, 1, size=500)))
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["fault"]) == list(faults)
    assert table["vae"].tolist() == pytest.approx([0.9] * len(faults))
    assert "never" in table["delay, minutes"][0]
    assert shows(app, f"{len(faults)} of {len(faults)}")
    numbers, n_figures = app.segmented_control(key="numbers"), list[int]()
    for view in ("next month", "confusions", "conditions added"):
        numbers.set_value(view).run()
        assert not app.exception
        n_figures.append(len(app.get("plotly_chart")))
        assert view != "next month" or shows(app, "30 normal days", "%")
    assert [n - n_figures[0] for n in n_figures] == [0, 2, 4]


def test_a_model_with_classes_names_one_or_says_unknown_and_shows_what_it_confuses(visited: Open) -> None:
    app = visited("monitoring", run="photovoltaic-sdgm", fault="open", detail="This alarm")
    assert not app.exception
    assert "Unknown" in words(app)
    app.session_state["detail"] = "Which faults are found"
    app.session_state["cells"] = "rows, %"
    app.run()
    assert not app.exception
    first = [json.loads(chart.proto.spec)["data"][0] for chart in app.get("plotly_chart")]
    (cells,) = [trace for trace in first if trace["type"] == "heatmap"]
    rows = [sum(float(text or 0) for text in row) for row in cells["text"]]
    assert len(rows) == 10
    assert rows == pytest.approx([100] * 10, abs=5)  # each is rounded to whole per cent


def level(app: Any) -> float:
    """The height of the threshold, on the axis of the scores."""
    (height,) = {shape["y0"] for shape in drawn(app)["layout"]["shapes"] if shape["y0"] == shape["y1"]}
    return float(height)


def csv(rows: np.ndarray[Any, Any], start: str = "2026-03-01T08:00") -> bytes:
    """Readings of the plant, a minute apart."""
    head = ",".join(["time", *(f'"{name}"' for name in SENSORS)])
    times = np.datetime64(start, "s") + 60 * np.arange(len(rows))
    lines = [f"{at},{','.join(map(str, row))}" for at, row in zip(times, rows.tolist(), strict=True)]
    return "\n".join([head, *lines]).encode()


def test_a_file_is_watched_survives_the_page_and_can_say_what_is_normal(visited: Open) -> None:
    stream = PlantDays().stream("open", 75, "clear", 0.5)
    rows = stream.readings[100:500].copy()
    rows[10, 2] = np.nan
    rows[:, 3] += 273.15
    app = visited("monitoring", readings="my own")
    assert not app.exception
    assert (
        len([trace for trace in drawn(app)["data"] if trace.get("name") == "read"]) == 6
    )  # until then a simulated one
    app.file_uploader[0].set_value(("day.csv", csv(rows), "text/csv")).run()
    assert not app.exception
    assert not app.error
    assert shows(app, "day.csv", "400", SENSORS[3], "unit", SENSORS[2])
    axis = drawn(app)["layout"]["xaxis"]
    assert axis["type"] == "date"
    score = drawn(app)["data"][-1]
    assert score["text"][0] == "08:00"
    app.switch_page(path_of("lessons")).run()
    app.switch_page(path_of("monitoring")).run()
    assert shows(app, "day.csv", "400")
    before = level(app)
    assert alarms_of(app)
    app.toggle(key="normal").set_value(True).run()
    assert not app.exception
    assert level(app) > before
    assert not alarms_of(app)  # fewer readings are above it than make an alarm
    app.file_uploader[0].set_value(("one.csv", csv(rows[:1]), "text/csv")).run()
    assert not app.exception
    assert app.toggle(key="normal").disabled
    app.file_uploader[0].set_value(("bad.csv", b"a,b\n1,2\n", "text/csv")).run()
    assert not app.exception
    assert any(SENSORS[0] in error.value for error in app.error)
    assert drawn(app)["data"]


def test_a_run_of_windows_has_no_score_before_its_first_window(helper: dict[str, Future[Any]], visited: Open) -> None:
    app = visited("monitoring", run="photovoltaic-windows-vae", detail="Map")
    assert not app.exception
    stream = PlantDays().stream("PS75", 75, "mixed", 0.5)
    score = numbers_of(drawn(app)["data"][-1]["y"])
    assert np.isnan(score[:14]).all()
    assert np.isfinite(score[14:]).all()
    read = next(trace for trace in drawn(app)["data"] if trace.get("name") == "read")
    assert numbers_of(read["y"]) == pytest.approx(stream.readings[:, 0])
    assert any(span["x1"] > stream.minute[stream.begin] for span in alarms_of(app))
    assert [key for key in helper if key.startswith("drift ")]


def test_windows_of_a_users_own_are_a_stream_and_a_file_gives_windows(opened: Open, app_store: Store) -> None:
    x = torch.rand(60, 4, 2, generator=generator(0))
    data = Dataset("mine", x, torch.full((60,), UNLABELLED), (), Kind.SEQUENCE, ("a", "b"), Scale.identity((4, 2)))
    saved(app_store, "mine", "ae", data, columns=("a", "b"), classes=())
    app = opened("monitoring", run="mine", fault="b: stuck", detail="This alarm")
    assert not app.exception
    first, second = [trace for trace in drawn(app)["data"] if trace.get("name") == "read"]
    assert numbers_of(first["y"]) == pytest.approx(x[:, -1, 0].numpy())  # the last reading of each window
    assert len(set(numbers_of(second["y"])[30:])) == 1
    assert list(app.dataframe[0].value["sensor"]) == ["a", "b"]
    opened_again = opened("monitoring", run="mine", readings="my own", detail="Map")
    assert not opened_again.exception
    rows = "".join(f"{k / 20},{k % 3}\n" for k in range(12))
    opened_again.file_uploader[0].set_value(("rows.csv", f"a,b\n{rows}".encode(), "text/csv")).run()
    assert not opened_again.exception
    assert not opened_again.error
    score = drawn(opened_again)["data"][-1]
    assert np.isnan(numbers_of(score["y"])).tolist() == [True] * 3 + [False] * 9
    opened_again.file_uploader[0].set_value(("few.csv", b"a,b\n1,2\n3,4\n", "text/csv")).run()
    assert not opened_again.exception
    assert any("4" in error.value for error in opened_again.error)


def numbers_of(values: Any) -> Any:
    """An axis of a figure, as plotly writes it."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.array([np.nan if value is None else value for value in values], np.float64)


def test_an_app_for_looking_takes_no_file(visited: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    assert all(one.disabled for one in visited("monitoring", readings="my own").file_uploader)


def test_an_alarm_is_labelled_undone_and_given_to_a_training(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setattr(
        "latentlab.experiments.monitoring.new_classes.train_with_labels", lambda *to: given.append(to[2])
    )
    labelled.add(app_store, "photovoltaic-vae", Labelled("cut", np.zeros((2, 6)), "another day"))
    app = opened("monitoring", fault="open", detail="This alarm")
    assert app.button(key="label").disabled  # it has no name yet
    app.selectbox(key="new-class").set_value("cut").run()
    app.button(key="label").click().run()
    assert not app.exception
    _, piece = labelled.read(app_store, "photovoltaic-vae").pieces
    assert piece.name == "cut"
    stream = PlantDays().stream("open", 75, "mixed", 0.5)
    found = [row for row in stream.readings.tolist() if row in piece.readings.tolist()]
    assert len(found) == len(piece.readings)  # they are those of the alarm
    app.button(key="label-undo").click().run()
    assert [one.text for one in labelled.read(app_store, "photovoltaic-vae").pieces] == ["another day"]
    app.button(key="train-labels").click().run()
    assert not app.exception
    assert given == ["photovoltaic-vae"]
    saved(app_store, "learned", model="vae", title="Knows more")
    labelled.given_to(app_store, "photovoltaic-vae", "learned")
    again = opened("monitoring", fault="open", detail="This alarm")
    assert not again.exception
    assert [len(table.value) for table in again.dataframe if "class" in table.value][-1] == 1
    assert shows(again, "Knows more") or any("Knows more" in one.value for one in again.success)
    assert any("run=learned" in link.proto.query_string for link in again.get("page_link"))
