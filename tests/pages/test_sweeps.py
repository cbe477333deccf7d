"""The page of sweeps: what ships is shown at once; a new one is queued, paused, taken up again and compared."""

from __future__ import annotations

import pytest

from latentlab.analysis.sweep import compare, interval
from latentlab.experiments import sketches
from latentlab.experiments import sweep as shipped
from latentlab.jobs import queue
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from tests.conftest import mentions
from tests.pages.conftest import Open, words


def test_it_opens_with_a_verdict_on_what_ships_and_tests_the_best_setting_alone(visited: Open) -> None:
    app = visited("sweeps")
    assert not app.exception
    scores = shipped.TABLE.read()
    found = shipped.trained(scores)
    compared = compare(found.scores, True)
    best = compared.best or 0
    assert mentions(app.info[0].value, *(f"{value:g}" for value in found.settings[best].values()))
    assert app.metric[0].value == str(interval([score.test for score in scores[3 * best : 3 * best + 3]]))
    assert len(app.get("plotly_chart")) == 2
    table = visited("sweeps", detail="All settings").dataframe[0].value
    assert list(table["z_dim"]) == [found.settings[k]["z_dim"] for k in compared.order]
    assert list(table["clearly worse"][1:]) == [lead.low > 0 for lead in compared.leads[1:]]


def test_the_numbers_of_the_source_stand_beside_ours(visited: Open) -> None:
    scores = sketches.TABLE.read()
    found = sketches.of_table(scores, "Batch size")
    compared = compare(found.scores, True)
    app = visited("sweeps", sweep="sketches-batch_size", detail="All settings")
    assert not app.exception
    table, hers = app.dataframe[0].value, sketches.TABLES["Batch size"]
    assert list(table["batch_size"]) == [found.settings[k]["batch_size"] for k in compared.order]
    assert list(table["source, best epoch"]) == [hers[k].best for k in compared.order]
    assert mentions(app.info[0].value, f"{found.settings[compared.best or 0]['batch_size']}")
    tested = hers[compared.best or 0].key == sketches.chosen(scores)[0].setting
    assert len(app.metric) == tested  # nobody has looked at the others


@pytest.mark.usefixtures("no_worker")
def test_a_sweep_is_started_paused_taken_up_again_and_compared(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    app = opened("sweeps", detail="New sweep")
    app.text_input(key="sweep-values-z_dim").set_value("2, x")
    app.button(key="start-sweep").click().run()
    assert not app_store.root.exists()
    assert mentions(app.error[0].value, "z_dim", "x")
    app.text_input(key="sweep-values-z_dim").set_value("1, 3")
    app.number_input(key="sweep-seeds").set_value(1)
    app.number_input(key="sweep-epochs-digits").set_value(1)
    app.button(key="start-sweep").click().run()
    assert not app.exception
    (sweep,) = sweeps.sweeps(app_store)
    assert dict(sweep.grid) == {"z_dim": [1, 3]}
    assert sweep.id in app.query_params["sweep"]
    assert queue.queue(app_store) == list(sweep.runs)
    app.button(key="pause-sweep").click().run()
    assert {queue.status(app_store, run_id).state for run_id in sweep.runs} == {"paused"}
    app.button(key="go-on-sweep").click().run()
    for run_id in sweep.runs:
        list(perform(app_store, run_id))
    app.run()
    assert not app.exception
    assert mentions(app.info[0].value, "z_dim 1", "z_dim 3")
    bounds = {app_store.read(run_id).metrics["bound"] for run_id in sweep.runs}
    assert app.metric[0].value in {f"{bound:.4g}" for bound in bounds}
    assert mentions(words(opened("sweeps", sweep="not-here")), "not-here")
