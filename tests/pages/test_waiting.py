"""Waiting for the background process: what a page shows meanwhile, and when a task is done, fails or is cancelled."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler
from pickle import PicklingError
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latentlab.jobs.background import Background
from latentlab.training.incremental import TrainingProgress, TrainingTask, advance
from tests.conftest import mentions
from tests.pages.conftest import Open, cancel, shows


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    st.cache_resource.clear()


def counting() -> None:
    from functools import partial

    import streamlit as st

    from pages.shared.background import Waiting, run_task, show_tasks
    from pages.shared.visit import Slot

    cancelled: Slot[bool] = Slot("cancelled")
    if cancelled.get():
        st.text("cancelled")
        return
    tasks = [run_task(f"count {k}", partial(pow, k, 2)) for k in (1, 2)]
    waiting = Waiting("Counting", "MEANWHILE", partial(cancelled.set, True))
    show_tasks(tasks, waiting, "NO-COUNT")
    st.text(str([task.result for task in tasks]))


def test_it_says_how_far_it_is_until_the_results_are_there(
    helper: dict[str, Future[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_function(counting).run()
    assert app.text[0].value == "[None, None]"
    assert shows(app, "Counting", "0 of 2", "MEANWHILE")
    helper["count 1"].set_result(1)
    monkeypatch.setattr(Background, "progress", lambda _, key: 0.5 if key == "count 2" else None)
    monkeypatch.setattr(Background, "seconds", lambda _, key: 7.2 if key == "count 2" else 99.0)
    (bar,) = app.run().get("progress")
    assert app.text[0].value == "[1, None]"
    assert bar.proto.value == 75  # one is done, and half of the other
    assert mentions(bar.proto.text, "Counting", "7 s", "1 of 2")
    helper["count 2"].set_result(4)
    app.run()
    assert app.text[0].value == "[1, 4]"
    assert not shows(app, "Counting")
    assert not app.get("progress")
    assert not app.button


def test_cancel_forgets_what_runs(helper: dict[str, Future[Any]]) -> None:
    app = AppTest.from_function(counting).run()
    app.button[0].click().run()
    assert app.text[0].value == "cancelled"
    assert not helper


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ValueError("All are the same.\nTraceback"), "All are the same."),
        (PicklingError("Can't pickle <lambda>"), "Can't pickle <lambda>"),
        (AttributeError("Can't pickle local object 'f'"), "Can't pickle local object 'f'"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_failure_is_one_sentence_and_the_rest_of_the_page_is_there(
    helper: dict[str, Future[Any]], error: BaseException, why: str
) -> None:
    app = AppTest.from_function(counting).run()
    for asked in helper.values():
        asked.set_exception(error)
    app.run()
    assert not app.exception
    assert [one.value for one in app.error] == [f"NO-COUNT: {why}"]
    assert app.text[0].value == "[None, None]"
    assert not app.button


def test_what_ended_with_its_process_can_be_tried_again(helper: dict[str, Future[Any]]) -> None:
    app = AppTest.from_function(counting).run()
    helper["count 1"].set_result(1)
    helper["count 2"].set_exception(BrokenProcessPool("A process was terminated abruptly"))
    app.run()
    assert not app.exception
    assert len(app.error) == 1
    app.button[0].click().run()
    assert not app.error
    assert not helper["count 2"].done()


def waiting(opened: Open, page: str, address: dict[str, str]) -> AppTest:
    """A page that waits for the background process, once what starts by a button was started."""
    app = opened(page, **address)
    return app.button(key="lab").click().run() if "lab" in {one.key for one in app.button} else app


PLACES = [
    ("clusters", {"method": "UMAP"}, "umap"),
    ("probes", {"run": "digits-cnn", "n": "500"}, "probe digits-cnn"),
    ("probes", {"run": "digits-cnn", "detail": "Pathology lab"}, "lab "),
    ("sampling", {"detail": "Side by side", "target": "mixture"}, "side by side"),
    ("score_field", {"behind": "basins"}, "fixed points"),
]


@pytest.mark.parametrize(("page", "address", "start"), PLACES, ids=[f"{place[0]}-{place[2]}" for place in PLACES])
def test_no_page_goes_down_with_its_task(
    opened: Open, helper: dict[str, Future[Any]], page: str, address: dict[str, str], start: str
) -> None:
    app = waiting(opened, page, address)
    assert not app.error
    for key, asked in helper.items():
        if key.startswith(start):
            asked.set_exception(PicklingError("unpicklable"))
    app.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "unpicklable" in app.error[0].value
    assert app.image or app.get("plotly_chart") or app.get("bidi_component")


@pytest.mark.parametrize(("page", "address", "start"), PLACES, ids=[f"{place[0]}-{place[2]}" for place in PLACES])
def test_what_was_cancelled_is_not_asked_for_until_the_visitor_wants_it(
    opened: Open, helper: dict[str, Future[Any]], page: str, address: dict[str, str], start: str
) -> None:
    def asked() -> list[str]:
        return [key for key in helper if key.startswith(start)]

    app = waiting(opened, page, address)
    assert asked()
    cancel(app, start)
    assert not app.exception
    assert not asked()
    app.run()
    assert not asked()


SENT = [*PLACES, *(("score_field", {"behind": "basins", "of-run": of}, "fixed points") for of in ("Exact", "Points"))]


@pytest.mark.parametrize(("page", "address", "start"), SENT)
def test_what_pages_ask_for_can_be_sent(
    opened: Open,
    helper: dict[str, Future[Any]],
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    address: dict[str, str],
    start: str,
) -> None:
    calls: dict[str, tuple[Any, ...]] = {}

    def note(self: Background, key: str, *call: Any, owner: str | None = None) -> Future[Any]:  # noqa: ARG001
        calls[key] = call
        return helper.setdefault(key, Future())

    monkeypatch.setattr(Background, "submit", note)
    waiting(opened, page, address)
    sent = [ForkingPickler.dumps(call) for key, call in calls.items() if key.startswith(start)]
    assert sent


def test_a_visitor_neither_sees_nor_stops_the_live_training_of_another(
    opened: Open, helper: dict[str, Future[Any]]
) -> None:
    one, other = (opened("score_field", run="moons-dae", **{"of-run": "Train now"}) for _ in range(2))
    for app in (one, other):
        app.button(key="live-start").click().run()
    first, second = [key for key in helper if key.endswith(" 0")]
    network = TrainingTask("dae", {"hidden": 128}, {"epochs": 3}, np.zeros((4, 2), np.float32))
    state = advance(network, TrainingProgress(), 5).state
    helper[first].set_result(TrainingProgress(state, 20, 3_200, 1.5, ((20, 0.5),)))
    assert shows(one.run(), "20 of 3,200")
    assert not shows(other.run(), "20 of 3,200")
    one.button(key="live-stop").click().run()
    assert list(helper) == [second]
