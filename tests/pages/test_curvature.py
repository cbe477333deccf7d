"""The page Curvature: what ships is shown at once, the rest is measured in the background."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest

from latentlab.analysis.curvature.subsets import Difference, Subset
from latentlab.experiments.curvature import of_run as run_curvature
from latentlab.experiments.curvature.of_run import Settings
from latentlab.runs import measured
from latentlab.runs.shipped import SHIPPED_RUNS
from tests.pages.conftest import Open, keys_of, shows, waits_for, words


def stored(run_id: str, epoch: int | None = None) -> Any:
    """The numbers that ship with a run."""
    tensors = measured.read(SHIPPED_RUNS, run_id)
    return run_curvature.stored(tensors, SHIPPED_RUNS.load(run_id, epoch), "digits", Settings())


def traces(app: Any) -> dict[str, Any]:
    """What is drawn in the main picture, by name."""
    return {trace.get("name", ""): trace for trace in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]}


def test_it_opens_with_the_numbers_that_ship_and_compares_two_runs(visited: Open) -> None:
    app = visited("curvature", beside="digits-sgd")
    found = traces(app)
    ends = [stored("digits-rmsprop"), stored("digits-sgd")]
    for title, one in zip(("Digits, RMSProp", "Digits, SGD"), ends, strict=True):
        assert found[f"largest: {title}"]["y"][-1] == pytest.approx(one.largest)
        assert found[f"smallest: {title}"]["y"][-1] == pytest.approx(-one.smallest)
        assert len(found[f"largest: {title}"]["y"]) == 7
    assert shows(app, f"{ends[0].largest:.3g}", f"{ends[1].largest:.3g}")
    assert app.dataframe[0].value["value"].iloc[1] == pytest.approx(ends[0].largest)
    assert not app.button or not waits_for(app, "curvature")


def test_each_snapshot_and_each_tab_is_shown(visited: Open) -> None:
    one = stored("digits-sgd", 1)
    app = visited("curvature", run="digits-sgd", detail="Spectrum per layer", **{"curvature-snapshot": "1"})
    assert not app.exception
    table = app.dataframe[1].value
    assert list(table["layer"]) == ["conv1", "conv2", "fc1", "logits"]
    assert table.iloc[:, 2].tolist() == pytest.approx(one.blocks[:, 0].tolist())
    assert sum(table["parameters"]) == 1378
    app = visited("curvature", detail="Numbers of the source")
    assert not app.exception
    assert len(app.dataframe) >= 4


def test_how_much_data_a_run_needs_is_a_number_and_a_share(helper: dict[str, Future[Any]], opened: Open) -> None:
    app = opened("curvature", detail="How much data", pairs="5")
    assert not app.exception
    (key,) = (key for key in helper if "subsets" in key)
    helper[key].set_result(
        tuple(Subset(n, end, 2.0, Difference(0.3, 0.1, 0.9, 40.0, 2.0)) for n in (1257, 63) for end in ("LA", "SA"))
    )
    app.run()
    table = app.dataframe[1].value
    assert sorted(set(table["examples"])) == [63, 1257]
    assert table["share"].tolist() == pytest.approx([100 * n / 1257 for n in (63, 1257)] * 2)
    assert shows(app, 200, "15.9%")  # of the Hessian, of all


def test_what_is_not_known_is_measured_in_the_background(helper: dict[str, Future[Any]], opened: Open) -> None:
    app = opened("curvature", examples="100", pairs="3")
    assert waits_for(app, "curvature") or len(helper) == 7
    last = next(key for key in helper if " end " in key)
    helper[last].set_result(stored("digits-rmsprop"))
    next(key for key in helper)
    app.run()
    assert app.dataframe[0].value["value"].iloc[1] == pytest.approx(stored("digits-rmsprop").largest)


@pytest.mark.parametrize(("run_id", "says"), [("moons-gan", "players"), ("mnist-cnn-small", "417,482")])
def test_what_has_no_hessian_or_takes_long_is_said(visited: Open, run_id: str, says: str) -> None:
    app = visited("curvature", run=run_id)
    assert not app.exception
    assert says in words(app)
    assert (f"measure {run_id}" in keys_of(app, "button")) == (run_id == "mnist-cnn-small")
