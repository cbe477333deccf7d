"""A Ray cluster of two nodes: a sweep whose worker and driver are killed, and workers that measure importance."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from latentlab import device
from latentlab.cluster import check_answers, connect
from latentlab.data import Splits
from latentlab.jobs import queue, ray_cluster
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.ray_cluster import RayCluster, train_there
from latentlab.jobs.sweep_engines import drive
from latentlab.models import MODELS, Trains
from latentlab.nn.initialise import initialise
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.importance.board import Weights
from latentlab.training.importance.ray_workers import RayWorkers
from latentlab.training.importance.worker import Worker
from tests.conftest import mentions, naming

HERE = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HERE, reason="ray isn't installed: pip install 'latentlab[ray]'")


def test_without_ray_a_cluster_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RunError, match=naming("latentlab[ray]")):
        connect("auto")


def test_an_address_without_a_cluster_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = f"127.0.0.1:{closed.getsockname()[1]}"
    for address in (free, "two words", "host:", "127.0.0.1:99999"):
        with pytest.raises(RunError, match=naming(address)):
            check_answers(address)


def test_a_machine_that_does_not_see_the_runs_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LATENTLAB_RUNS", "LATENTLAB_DATA"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    assert str(tmp_path / "runs") in train_there(str(tmp_path / "runs"), str(tmp_path), "", "a-job")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of two nodes, each with one processor."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    cluster.add_node(**node)
    yield cluster.address
    cluster.shutdown()


def tasks() -> list[int]:
    """The processes that run a task."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::train_there"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_sweep_goes_on_on_the_cluster_after_its_worker_and_its_driver_were_killed(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    planned = sweeps.plan("vae", "digits", {"z_dim": (2, 3)}, 1, {"hidden": 16}, {"epochs": 60})
    sweep, engine, killed = sweeps.go_on(store, planned), RayCluster(store, address), 0
    for now in drive(store, sweep, engine, every=0.1):
        if not killed and now.running == 2:  # a node each
            assert len(tasks()) == 2
            killed = tasks()[0]
            os.kill(killed, signal.SIGKILL)
        if max(engine._started.values()) == 2:  # it was noticed, and taken up
            break
    assert killed
    engine.close()
    deadline = time.monotonic() + 30
    while tasks() and time.monotonic() < deadline:  # they end with their driver
        time.sleep(0.1)
    assert not tasks()
    assert not store.runs()
    again = RayCluster(store, address)
    *_, last = drive(store, sweeps.go_on(store, planned), again, every=0.1)
    again.close()
    assert (last.done, last.failed) == (2, 0)
    assert {run.id for run in store.runs()} == set(sweep.runs)
    assert all(run.steps == 600 for run in store.runs())


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_the_app_queues_is_trained_by_its_cluster(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    monkeypatch.setattr(ray_cluster, "IDLE_SECONDS", 1.0)
    queued = queue.submit(store, "vae", "digits", {"hidden": 8}, {"epochs": 1})
    ray_cluster.work_on_cluster(store, address)
    assert [run.id for run in store.runs()] == [queued]
    assert not queue.jobs(store)


def test_a_cluster_that_is_gone_fails_what_is_queued_with_the_reason(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_cluster, "IDLE_SECONDS", 0.5)
    job_id = queue.submit(store, "vae", "digits", {"hidden": 8}, {"epochs": 1})
    ray_cluster.work_on_cluster(store, "nowhere")
    found = queue.status(store, job_id)
    assert found.state == "failed"
    assert mentions(found.message, "nowhere" if HERE else "latentlab[ray]")


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_on_each_node_measures_its_share_and_one_that_is_lost_only_ages_it(
    few_digits: Splits, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    data, weights, models = few_digits.train[:40], Weights(40), list[Trains]()
    for seed in range(3):
        model = MODELS["mlp"](MODELS["mlp"].Config(depth=1, hidden=8), data.spec)
        assert isinstance(model, Trains)
        initialise(model, device.generator(seed))
        models.append(model)
    crew = RayWorkers(
        models[0], data, TrainConfig(importance=True, importance_workers=2, refresh=7, exact=True), weights
    )
    for step, model in enumerate(models[:2]):
        crew.show(model.state_dict(), step)
        assert weights.version.tolist() == [step] * 40
        expected = Worker(model, data).norms(torch.arange(40), step)
        assert torch.allclose(weights.norm, expected, rtol=1e-6)
    crew.is_exact = False
    connect(address).kill(crew.workers[0])
    crew.show(models[2].state_dict(), 2)
    until = time.monotonic() + 60
    while int(crew.board.pull_weights().version[1::2].min()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert (weights.version[::2].tolist(), weights.version[1::2].tolist()) == ([1] * 20, [2] * 20)
    with pytest.raises(TrainingError):
        crew.measure_all(models[2].state_dict(), 3)
    crew.close()
    connect(address).shutdown()
