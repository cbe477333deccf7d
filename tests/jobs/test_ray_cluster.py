"""A sweep on a Ray cluster of two nodes, whose worker and whose driver are killed on the way."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentlab.jobs import ray_cluster
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.ray_cluster import RayCluster, train_there
from latentlab.jobs.sweep_engines import drive
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from tests.conftest import naming

HERE = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HERE, reason="ray isn't installed: pip install 'latentlab[ray]'")


def test_without_ray_a_cluster_is_one_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RunError, match=naming("latentlab[ray]")):
        RayCluster(store, "auto")


def test_an_address_without_a_cluster_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = f"127.0.0.1:{closed.getsockname()[1]}"
    for address in (free, "two words", "host:", "127.0.0.1:99999"):
        with pytest.raises(RunError, match=naming(address)):
            ray_cluster._check_answers(address)


def test_a_machine_that_does_not_see_the_runs_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LATENTLAB_RUNS", "LATENTLAB_DATA"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    assert str(tmp_path / "runs") in train_there(str(tmp_path / "runs"), str(tmp_path), "", "a-job")


@pytest.fixture
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
