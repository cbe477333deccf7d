"""The page of transfer: what ships is shown with both accuracies, and a head is trained as any other run."""

from __future__ import annotations

import pytest

from latentlab.experiments import transfer
from latentlab.experiments.transfer import TRUNKS
from latentlab.experiments.transfer_source import SOURCE
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models import HasTrunk
from latentlab.runs.store import Store
from tests.conftest import mentions
from tests.pages.conftest import Open, words


def test_both_accuracies_are_shown_and_the_sources_table_with_what_it_guarantees(visited: Open) -> None:
    scores = transfer.TABLE.read()
    app = visited("transfer", detail="The source's table")
    assert not app.exception
    best = max(transfer.lines(scores), key=lambda line: line.mean[0] if line.trunk != transfer.SCRATCH else 0)
    assert mentions(app.info[0].value, best.trunk)
    sizes, source = (frame.value for frame in app.dataframe)
    assert list(sizes["trunk"]) == list(TRUNKS)
    assert (sizes["frozen"] > 0).tolist() == [not knobs.get("tune") for knobs in TRUNKS.values()]
    assert list(source["test, binary"]) == [f"{row.test:.4f}" for row in SOURCE]
    binary = visited("transfer", metric="binary", on="by people", detail="Every number")
    assert not binary.exception
    assert mentions(binary.info[0].value, "85.7%")
    assert len(binary.dataframe[1].value) == len({(score.trunk, score.labels) for score in scores})


@pytest.mark.usefixtures("no_worker")
def test_a_head_is_trained_on_a_trunk_and_shown(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    app = opened("transfer", detail="Try it")
    assert app.selectbox(key="trunk").value == transfer.SMALL
    app.selectbox(key="trunk").set_value("digits-cnn")
    app.selectbox(key="transfer-data").set_value("digits")
    app.number_input(key="transfer-epochs").set_value(2)
    app.button(key="transfer").click().run()
    assert not app.exception
    (job,) = queue.jobs(app_store)
    assert job.id in app.query_params["job"]
    assert (job.model, job.dataset, job.train["labels"]) == (transfer.MODEL, "digits", 70)
    list(perform(app_store, job.id))
    app.run()
    assert not app.exception
    run = app_store.read(job.id)
    assert issubclass(run.kind, HasTrunk)
    assert mentions(words(app), f"{1 - run.metrics['error']:.1%}", f"{run.size:,}", "29,760")
    assert run.size == 128 * 10 + 10
