"""A sweep trains each setting with each seed once, whatever happens to the processes on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from latentlab.jobs import queue, worker
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.sweep import Sweep
from latentlab.jobs.sweep_engines import LocalWorkers, drive, ensure_workers
from latentlab.jobs.sweep_results import chosen_measure, measures, padded, scores_on_test, trained
from latentlab.jobs.worker import perform
from latentlab.knobs import KnobError, Value
from latentlab.models import LOSS, MODELS
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from tests.conftest import naming

pytestmark = pytest.mark.training

GRID: dict[str, tuple[Value, ...]] = {"z_dim": (2, 3), "learning_rate": (1e-3, 1e-2)}
TWO: dict[str, tuple[Value, ...]] = {"z_dim": (2, 3)}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")


def planned(grid: Mapping[str, Sequence[Value]] = GRID, n_seeds: int = 2, **train: Value) -> Sweep:
    return sweeps.plan("vae", "digits", grid, n_seeds, {"hidden": 8, "layers": 1}, {"epochs": 1, **train})


class Here:
    """Trains in this process: each job wholly, but for those that it is killed in, after their first report."""

    def __init__(self, store: Store, kills: int = 0) -> None:
        self.store, self.kills = store, kills
        self.trained: Counter[str] = Counter()

    def tend(self, waiting: Sequence[str]) -> None:
        for run_id in waiting[:1]:
            self.trained[run_id] += 1
            for _ in perform(self.store, run_id):
                if self.kills > 0:
                    self.kills -= 1
                    break

    def close(self) -> None: ...


def done(store: Store, sweep: Sweep, engine: Here, **how: Any) -> list[sweeps.Progress]:
    return list(drive(store, sweep, engine, every=0.0, **how))


# what is planned


@pytest.mark.parametrize(
    ("grid", "n_seeds", "names"),
    [
        ({}, 2, ()),
        ({"z_dim": (2,)}, 2, ()),
        ({"z_dim": ()}, 2, ()),
        ({"z_dim": (2, 2)}, 2, ("z_dim",)),
        ({"z_dim": (2, 0)}, 2, ("z_dim", 0)),
        ({"z_dim": (2, "3")}, 2, ("z_dim",)),
        ({"seed": (0, 1)}, 2, ("seed",)),
        ({"nothing": (0, 1)}, 2, ("nothing",)),
        ({"z_dim": (2, 3)}, 0, (0,)),
        ({"z_dim": (2, 3)}, 21, (21, 20)),
        ({"z_dim": tuple(range(1, 102))}, 2, (202, 200)),
        ({"network": ("conv", "mlp"), "width": (256, 64), "hidden": (10_000_000,)}, 2, ("hidden",)),
    ],
)
def test_what_is_no_sweep_is_said_before_anything_is_written(
    store: Store, grid: dict[str, tuple[Value, ...]], n_seeds: int, names: tuple[object, ...]
) -> None:
    with pytest.raises((RunError, KnobError), match=naming(*names)):
        sweeps.go_on(store, planned(grid, n_seeds))
    assert not store.root.exists()


@pytest.mark.parametrize(("model", "dataset"), [("none", "digits"), ("vae", "none")])
def test_an_unknown_model_or_data_set_is_said(model: str, dataset: str) -> None:
    with pytest.raises(RunError, match=naming("none")):
        sweeps.plan(model, dataset, {"z_dim": (2, 3)}, 1, {}, {})


def test_each_training_has_its_setting_and_its_seed(store: Store) -> None:
    sweep = sweeps.go_on(store, planned())
    assert sweep.settings == [{"z_dim": z, "learning_rate": rate} for z in (2, 3) for rate in (1e-3, 1e-2)]
    jobs = [queue.read(store, run_id) for run_id in sweep.runs]
    found = [(job.config["z_dim"], job.train["learning_rate"], job.train["seed"]) for job in jobs]
    assert found == [(z, rate, seed) for z in (2, 3) for rate in (1e-3, 1e-2) for seed in (0, 1)]
    assert all((job.config["hidden"], job.train["epochs"]) == (8, 1) for job in jobs)
    assert len({job.title for job in jobs}) == len(jobs)
    assert queue.queue(store) == list(sweep.runs)


# who is killed


def test_a_sweep_is_trained_and_the_same_request_trains_nothing_again(store: Store) -> None:
    sweep, engine = sweeps.go_on(store, planned(TWO)), Here(store)
    said = done(store, sweep, engine)
    assert [now.done for now in said] == [0, 1, 2, 3, 4]
    assert (said[-1].fraction, said[-1].failed, said[-1].is_live) == (1, 0, False)
    again = sweeps.go_on(store, planned(TWO))
    assert again.runs == sweep.runs
    assert done(store, again, engine)[0].done == 4
    assert set(engine.trained.values()) == {1}
    assert [one.id for one in sweeps.sweeps(store)] == [sweep.id]
    assert planned(TWO, epochs=2).id != sweep.id


def test_what_a_killed_driver_and_a_killed_worker_left_is_taken_up(store: Store) -> None:
    sweep, engine = sweeps.go_on(store, planned(TWO, epochs=2)), Here(store, kills=1)
    first = drive(store, sweep, engine, every=0.0)
    next(first)
    first.close()  # type: ignore[attr-defined]
    (left,) = engine.trained
    assert queue.status(store, left).state == "interrupted"
    assert done(store, sweeps.go_on(store, planned(TWO, epochs=2)), engine)[-1].done == 4
    assert engine.trained[left] == 2
    run = store.read(left)
    undisturbed = queue.submit(store, "vae", "digits", dict(run.config), dict(run.train))
    list(perform(store, undisturbed))
    assert run.metrics == store.read(undisturbed).metrics


def test_a_worker_that_is_always_killed_is_given_up(store: Store) -> None:
    sweep, engine = sweeps.go_on(store, planned(TWO, 1)), Here(store, kills=1_000)
    last = done(store, sweep, engine, tries=2)[-1]
    assert (last.done, last.failed) == (0, 2)
    assert set(engine.trained.values()) == {3}  # at first, and two more times


def test_a_paused_sweep_goes_on_and_what_was_deleted_is_trained_anew(store: Store) -> None:
    sweep = sweeps.go_on(store, planned(TWO, 1))
    sweeps.pause(store, sweep)
    assert {queue.status(store, run_id).state for run_id in sweep.runs} == {"paused"}
    store.delete(sweep.runs[0])
    assert sweeps.progress(sweeps.statuses(store, sweep))[:5] == (2, 0, 0, 0, 2)
    again = sweeps.go_on(store, planned(TWO, 1))
    assert again.runs[1] == sweep.runs[1]
    assert again.runs[0] != sweep.runs[0]
    assert set(queue.queue(store)) == set(again.runs)


@pytest.mark.parametrize(
    "change",
    [
        {"runs": ["../../etc"]},
        {"runs": []},
        {"seeds": ["0"]},
        {"grid": {"z_dim": [0, 1]}},
        {"model": "none"},
        {"id": "another"},
        {"more": 1},
    ],
)
def test_a_damaged_file_is_said_and_left_out(store: Store, change: dict[str, Any]) -> None:
    sweep = sweeps.go_on(store, planned(TWO, 1))
    (path,) = (store.root / ".sweeps").glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert sweeps.sweeps(store) == []
    with pytest.raises(RunError, match=naming(sweep.id)):
        sweeps.read(store, sweep.id)
    with pytest.raises(RunError, match=naming("no-such")):
        sweeps.read(store, "no-such")


def test_workers_are_started_as_many_as_are_of_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr("latentlab.jobs.sweep_engines.ensure_worker", lambda _, slot: started.append(slot))
    LocalWorkers(store, 3).tend(["a", "b"])
    LocalWorkers(store, 1).tend(["a", "b"])
    assert started == [0, 1, 0]


def test_the_app_has_a_worker_a_gpu_and_one_that_drives_its_cluster(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps.go_on(store, planned(TWO, 1))
    started: list[int] = []
    monkeypatch.setattr("latentlab.jobs.sweep_engines.ensure_worker", lambda _, slot: started.append(slot))
    monkeypatch.setattr("latentlab.device.n_slots", lambda: 8)
    ensure_workers(store)
    assert started == [0, 1]
    monkeypatch.setenv("LATENTLAB_CLUSTER", "auto")
    ensure_workers(store)
    assert started == [0, 1, 0]


def test_workers_of_two_slots_take_different_jobs_and_none_that_is_being_trained(store: Store) -> None:
    sweep = sweeps.go_on(store, planned(TWO, 1))
    assert [worker._next(store, slot) for slot in (0, 1, 2)] == [*sweep.runs, sweep.runs[0]]
    training = perform(store, sweep.runs[0])
    next(training)
    queue.write_status(store.folder(sweep.runs[0]), queue.Status("queued"))
    assert [worker._next(store, slot) for slot in (0, 1)] == [sweep.runs[1]] * 2
    training.close()  # type: ignore[attr-defined]


# what came of it


def test_scores_are_those_of_the_validation_split_and_the_test_split_is_of_one_setting(store: Store) -> None:
    sweep = sweeps.go_on(store, planned(TWO, epochs=2))
    measure = chosen_measure(MODELS["vae"])
    assert np.isnan(trained(store, sweep, measure).scores).all()
    done(store, sweep, Here(store))
    found = trained(store, sweep, measure)
    assert found.curves.shape == (2, 2, 2)
    for k, run_id in enumerate(sweep.runs):
        rows = [row["valid_bound"] for row in store.history(run_id) if "valid_bound" in row]
        assert found.curves[k // 2, k % 2].tolist() == rows
        assert found.scores[k // 2, k % 2] == rows[-1]
    expected = [store.read(run_id).metrics["bound"] for run_id in sweep.runs[2:]]
    assert scores_on_test(store, sweep, 1, measure) == expected
    store.delete(sweep.runs[0])
    assert np.isnan(trained(store, sweep, measure).scores).tolist() == [[True, False], [False, False]]


def test_with_patience_the_score_is_that_of_the_parameters_that_were_kept(store: Store) -> None:
    sweep = sweeps.go_on(store, planned(TWO, 1, epochs=4, patience=1, learning_rate=0.3))
    done(store, sweep, Here(store))
    found = trained(store, sweep, chosen_measure(MODELS["vae"], LOSS))
    assert found.scores[:, 0] == pytest.approx(np.nanmin(found.curves[:, 0], axis=1))


@pytest.mark.parametrize("name", MODELS)
def test_settings_are_compared_by_something_that_no_knob_changes_where_the_model_has_it(name: str) -> None:
    kind = MODELS[name]
    found = measures(kind)
    assert {one.term for one in found} <= {*kind.units, *kind.set_units, LOSS}
    assert found[0].term == kind.headline.term or kind.headline.term == LOSS
    assert found[0].term != LOSS or len(found) == 1
    if kind.headline.term != LOSS:
        assert found[0].higher_is_better == kind.headline.higher_is_better
    with pytest.raises(RunError, match=naming("nothing", *(one.term for one in found))):
        chosen_measure(kind, "nothing")


def test_curves_of_several_lengths_are_filled_with_nan() -> None:
    found = padded([[1.0], [], [2.0, 3.0]])
    assert np.isnan(found).tolist() == [[False, True], [True, True], [False, False]]
    assert found[2].tolist() == [2, 3]
