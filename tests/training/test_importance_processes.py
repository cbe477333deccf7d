"""Workers that are processes: exact if they shall be, and, killed in the middle, a cause of age and never of bias."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from latentlab import device
from latentlab.data import Dataset, Splits
from latentlab.models import MODELS, Model, Trains
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.importance import processes
from latentlab.training.importance.board import Parameters, Weights
from latentlab.training.importance.crew import SimulatedWorkers
from latentlab.training.importance.processes import Processes, SharedBoard, measure
from latentlab.training.importance.sampler import ENGINES, ImportanceSampler
from latentlab.training.importance.worker import Worker
from latentlab.training.loop import train
from latentlab.training.state import TrainState

pytestmark = pytest.mark.training

N = 64


@pytest.fixture(scope="module")
def some(few_digits: Splits) -> Dataset:
    return few_digits.train[:N]


def mlp(data: Dataset, seed: int = 0) -> Trains:
    model = MODELS["mlp"](MODELS["mlp"].Config(depth=1, hidden=8), data.spec)
    assert isinstance(model, Trains)
    initialise(model, device.generator(seed))
    return model


def config(**knobs: object) -> TrainConfig:
    usual = {"optimizer": "sgd", "learning_rate": 0.1, "schedule": "constant", "batch_size": 16, "epochs": 2}
    own = {"importance": True, "engine": "processes", "importance_workers": 2, "refresh": 8}
    return TrainConfig(**{**usual, **own, **knobs})  # type: ignore[arg-type]


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_parameters_that_are_half_written_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.05)
    before, after = {"w": torch.ones(3), "n": torch.tensor(2)}, {"w": torch.arange(3.0), "n": torch.tensor(4)}
    board = SharedBoard(before, Weights(4))
    board.push_parameters(after, 9)
    found, version = board.pull_parameters()
    assert version == board.version == 9
    assert all(torch.equal(found[name], after[name]) for name in after)
    for part in (board._header[0], board._parameters["w"][1]):
        part += 1  # a write that has not ended; one whose bytes came in another order
        with pytest.raises(TimeoutError):
            board.pull_parameters()
        board._header[0] += board._header[0] % 2
        board.push_parameters(after, 9)
        assert torch.equal(board.pull_parameters()[0]["w"], after["w"])


def test_a_reader_meets_no_mixture_of_two_writes() -> None:
    board, stop = SharedBoard({"w": torch.zeros(5_000)}, Weights(1)), threading.Event()
    board.push_parameters({"w": torch.zeros(5_000)}, 0)

    def write() -> None:
        for k in itertools.takewhile(lambda _: not stop.is_set(), itertools.count(1)):
            board.push_parameters({"w": torch.full((5_000,), float(k))}, k)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            found, version = board.pull_parameters()
            assert found["w"].unique().tolist() == [version]
    finally:
        stop.set()
        writer.join()


def test_a_worker_measures_its_own_examples_again_whenever_there_is_something_new(some: Dataset) -> None:
    model, weights = mlp(some), Weights(N)
    board, rows = SharedBoard(model.state_dict(), weights), torch.arange(0, N, 2)
    given = (board, mlp(some, 5), some, rows, 10, 0, 0, os.getppid())
    worker = threading.Thread(target=measure, args=given)
    board.push_parameters(model.state_dict(), 3)
    worker.start()
    try:
        until(lambda: bool((weights.version[rows] == 3).all()))
        first = weights.norm.clone()
        board.push_parameters(mlp(some, 1).state_dict(), 4)
        until(lambda: bool((weights.version[rows] == 4).all()))
    finally:
        board.closed[0] = 1
        worker.join()
    reference = Worker(model, some)
    assert torch.allclose(first[rows], reference.norms(rows, 3), rtol=1e-6)
    assert not torch.allclose(first[rows], weights.norm[rows], rtol=1e-2)
    assert weights.version[1::2].tolist() == [-1] * (N // 2)  # another worker's
    measure(board, *given[1:-1], os.getpid())  # a board that is closed: it returns


@pytest.fixture
def sampler(some: Dataset) -> Iterator[ImportanceSampler]:
    found = ImportanceSampler(TrainState(mlp(some), config(exact=True, smoothing=0.05)), some)
    yield found
    found.close()


def test_a_killed_worker_ages_its_weights_and_biases_nothing(some: Dataset, sampler: ImportanceSampler) -> None:
    state, crew = sampler.state, sampler.crew
    assert isinstance(crew, Processes)
    weights = crew.board.pull_weights()
    assert weights is state.weights
    before: dict[str, torch.Tensor] = {}
    for metrics in train(state.model, Splits(some, some[:0], some[:0]), state.config, state, sampler.batches, 1):
        fresh = Worker(mlp(some), some)
        if metrics.step > 1:
            fresh.model.load_state_dict(before)
            assert torch.allclose(weights.norm, fresh.norms(torch.arange(N), metrics.step - 1), rtol=1e-6)
            assert weights.version.tolist() == [metrics.step - 1] * N  # exact: none is stale
        before = {name: value.clone() for name, value in state.model.state_dict().items()}
    crew.workers[0].kill()
    crew.workers[0].join()
    crew.board.push_parameters(state.model.state_dict(), state.step)
    until(lambda: bool((weights.version[1::2] == state.step).all()))
    assert int(weights.version[::2].max()) < state.step
    with pytest.raises(TrainingError):
        crew.measure_all(state.model.state_dict(), state.step)

    crew.is_exact = False  # with what is there, without waiting for the one that is gone
    gradients = each_gradient(state.model, some)
    drawn = []
    for k in range(100):
        for batch in sampler.batches(some, 16, device.generator(k)):
            drawn.append((batch.weight.double()[:, None] * gradients[sampler.rows]).mean(0))
    estimates = torch.stack(drawn) @ torch.nn.functional.normalize(gradients.mean(0), dim=0)
    error = float(estimates.std() / math.sqrt(len(estimates)))
    assert abs(float(estimates.mean()) - float(gradients.mean(0).norm())) < 3 * error
    assert error < 0.02 * float(gradients.mean(0).norm())
    sampler.close()
    assert not any(worker.is_alive() for worker in crew.workers)


def each_gradient(model: Model, data: Dataset) -> torch.Tensor:
    """(N, P) float64."""
    assert isinstance(model, Trains)
    (loss,) = model.losses(data.batch(), device.generator(0))
    parameters = list(model.parameters())
    rows = [torch.autograd.grad(one, parameters, retain_graph=True) for one in loss.value]
    return torch.stack([torch.cat([part.flatten() for part in row]).double() for row in rows])


def test_workers_end_where_their_first_measurement_fails(some: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = list[str]()

    class Failing(SimulatedWorkers):
        def measure_all(self, parameters: Parameters, step: int) -> None:
            raise TrainingError(f"{len(parameters)} at step {step}")

        def close(self) -> None:
            ended.append("closed")

    monkeypatch.setitem(ENGINES, "processes", Failing)
    with pytest.raises(TrainingError):
        next(train(mlp(some), Splits(some, some[:0], some[:0]), config()))
    assert ended == ["closed"]


def test_processes_without_a_worker_are_refused(some: Dataset) -> None:
    with pytest.raises(TrainingError):
        Processes(mlp(some), some, config(importance_workers=0), Weights(N))
