"""The page Importance sampling: it opens on what ships, trains on the spot, and shows the gradients of a run."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from latentlab.experiments.importance import of_run as run_importance
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance.training import Setting
from latentlab.runs.store import SHIPPED
from tests.pages.conftest import Open, shows, words


def traces(app: Any, k: int = 0) -> dict[str, Any]:
    """What is drawn in a figure, by name; of a band and its line the line."""
    return {one.get("name", ""): one for one in json.loads(app.get("plotly_chart")[k].proto.spec)["data"]}


def test_it_opens_with_the_numbers_that_ship(helper: dict[str, Future[Any]], visited: Open) -> None:
    app = visited("importance_sampling", trainings="MNIST, η 0.01")
    own = [one for one in importance_tables.PROGRESS.read() if one.setting.startswith("mnist η 0.01")]
    last = [one for one in own if one.step == 2_000]
    by_method = {method: [one for one in last if one.method == method] for method in ("ISSGD", "SGD")}
    for name, of_name in by_method.items():
        assert traces(app)[name]["y"][-1] == pytest.approx(np.median([one.loss for one in of_name]))
        assert traces(app, 1)[name]["y"][-1] == pytest.approx(np.median([one.test_error for one in of_name]))
    ideal = traces(app, 2)["ideal"]["y"]
    assert ideal[-1] == pytest.approx(np.median([one.ideal for one in by_method["ISSGD"]]))
    assert set(traces(app, 2)) == {"ideal", "stale + c", "stale", "uniform"}
    assert shows(app, "1,000", "2,000")
    (key,) = helper  # the gradients of the run are measured meanwhile
    found = run_importance.heaviness(SHIPPED, SHIPPED / ".none", "digits-sgd", lambda _: None)
    helper[key].set_result(found)
    app.run()
    assert not app.exception
    assert f"{found.norms.max():.3g}" in "".join(str(one.proto.body) for one in app.get("html"))
    assert len(app.dataframe) == 1


def test_each_tab_is_shown(visited: Open) -> None:
    app = visited("importance_sampling", detail="The system")
    assert not app.exception
    assert shows(app, "512", "15", "570,000")  # bytes of 128 weights a step, and what the source keeps
    drawn = (traces(app, k) for k in range(len(app.get("plotly_chart"))))
    (lanes,) = (found for found in drawn if "weights, by a worker" in found)
    assert [count for _, count, _ in lanes["weights, by a worker"]["customdata"]] == [20] * 5
    app = visited("importance_sampling", detail="Theory", function="x²", mixed="1.0")
    assert not app.exception
    assert app.dataframe[0].value["Tr Σ"].tolist() == pytest.approx([3.875, 7.875, 4.208333, 6.299242, 18.275])
    assert shows(app, "1", "2")
    assert len(app.dataframe) == 6


def test_it_trains_on_the_spot_and_shows_what_was_planted(helper: dict[str, Future[Any]], visited: Open) -> None:
    app = visited("importance_sampling", trainings="Digits, now", wrong="10")
    key = next(key for key in helper if key.startswith("importance"))
    assert "wrong=0.1" in key
    whole = run_importance.live(Setting(depth=1, hidden=8, steps=2, every=1, wrong=0.1), lambda _: None)
    helper[key].set_result(whole)
    app.run()
    assert not app.exception
    assert traces(app)["SGD"]["x"] == [0, 1, 2]
    assert shows(app, len(whole.heaviness.wrong))
    assert " wrong" in "".join(str(one.proto.body) for one in app.get("html"))
    app = visited("importance_sampling", trainings="Digits, now")
    next(v for k, v in helper.items() if k.startswith("importance") and k != key).set_exception(ValueError("too fast"))
    app.run()
    assert "too fast" in words(app)
