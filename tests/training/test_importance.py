"""Importance sampling in the one loop: without bias, plain SGD where weights are even, resumed and exact to the bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import safetensors.torch
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Dataset, Kind, Splits
from latentlab.models import MODELS, Spec, Trains
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig, TrainingError, training_knobs
from latentlab.training.importance.board import Board, Simulated, Weights
from latentlab.training.importance.sampler import ImportanceSampler, check_importance, draw
from latentlab.training.importance.worker import Worker, gradient_norms
from latentlab.training.loop import train
from latentlab.training.state import TrainState
from tests.conftest import naming

pytestmark = pytest.mark.training

N = 96


@pytest.fixture(scope="module")
def some_digits(few_digits: Splits) -> Splits:
    return Splits(few_digits.train[:N], few_digits.valid[:0], few_digits.test[:0])


def build(name: str, seed: int = 0, **knobs: object) -> Trains:
    model = MODELS[name](MODELS[name].Config(**knobs), Spec((1, 8, 8), 10, Kind.IMAGE))
    assert isinstance(model, Trains)
    initialise(model, device.generator(seed))
    return model


def mlp(seed: int = 0) -> Trains:
    return build("mlp", seed, depth=2, hidden=16)


def config(**knobs: object) -> TrainConfig:
    usual = {"optimizer": "sgd", "learning_rate": 0.1, "schedule": "constant", "batch_size": 16, "epochs": 2}
    return TrainConfig(**{**usual, "importance": True, "importance_workers": 2, "refresh": 10, **knobs})  # type: ignore[arg-type]


def test_a_drawn_example_counts_for_as_many_as_its_weight_says() -> None:
    weights = torch.tensor([5.0, 5, 1, 1, 0], dtype=torch.float64)
    rows, weight = draw(weights, torch.arange(12_000, dtype=torch.float64) / 12_000)  # each share exactly
    shares = torch.bincount(rows, minlength=5).double() / len(rows)
    assert shares.tolist() == pytest.approx([5 / 12, 5 / 12, 1 / 12, 1 / 12, 0], abs=1e-3)
    for row in range(4):
        factor = float(weight[rows == row][0])
        assert factor * float(weights[row] / weights.sum()) == pytest.approx(1 / 5, abs=1e-12)
    rows, weight = draw(torch.zeros(4, dtype=torch.float64), torch.tensor([0.0, 0.3, 0.6, 0.9], dtype=torch.float64))
    assert (rows.tolist(), weight.tolist()) == ([0, 1, 2, 3], [1.0] * 4)


def test_the_expected_step_is_that_of_the_whole_gradient(some_digits: Splits) -> None:
    model, data = mlp(), some_digits.train
    (norms,) = gradient_norms(model, data)
    (loss,) = model.losses(data.batch(), device.generator(0))
    parameters = list(model.parameters())
    each = torch.stack(
        [
            torch.cat([p.flatten() for p in torch.autograd.grad(loss.value[k], parameters, retain_graph=True)]).double()
            for k in range(N)
        ]
    )
    assert each.norm(dim=1).tolist() == pytest.approx(norms.tolist(), rel=1e-5)
    weights = norms + 0.3
    expected = (weights / weights.sum() * (weights.mean() / weights)) @ each
    assert float((expected - each.mean(0)).norm()) < 1e-12


def test_even_weights_are_plain_sgd_to_the_bit(some_digits: Splits) -> None:
    settings, seen = config(importance_workers=0, smoothing=0.1), list[Tensor]()
    state = TrainState(mlp(), settings)
    state.weights = Weights(N)
    sampler = ImportanceSampler(state, some_digits.train)

    def noted(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
        for batch in sampler.batches(data, size, rng):
            seen.append(sampler.rows)
            yield batch

    for _ in train(state.model, some_digits, settings, state, noted):
        pass
    rows = iter(seen)

    def plain(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:  # noqa: ARG001
        return (data.batch(next(rows)) for _ in range(N // size))

    other = TrainState(mlp(), config(importance=False))
    for _ in train(other.model, some_digits, other.config, other, plain):
        pass
    for one, two in zip(state.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("stop_after", [3, 6, 8])
def test_stopped_and_resumed_is_trained_straight_through(some_digits: Splits, stop_after: int) -> None:
    straight = TrainState(mlp(), config())
    for _ in train(straight.model, some_digits, straight.config, straight):
        pass
    stopped = TrainState(mlp(), config())
    for _ in itertools.islice(train(stopped.model, some_digits, stopped.config, stopped, report_every=1), stop_after):
        pass
    content = safetensors.torch.save(stopped.tensors())
    assert len(content) < stopped.most_bytes(N) + 20_000
    resumed = TrainState(mlp(9), config())
    resumed.restore(safetensors.torch.load(content))
    for _ in train(resumed.model, some_digits, resumed.config, resumed):
        pass
    one, two = straight.tensors(), resumed.tensors()
    assert one.keys() == two.keys() >= {"importance.norm", "importance.version", "importance.time"}
    assert all(torch.equal(one[name], two[name]) for name in one)
    with pytest.raises(TrainingError):
        next(train(mlp(), Splits(some_digits.train[:20], *some_digits[1:]), config(), resumed))
    with pytest.raises(TrainingError):
        TrainState(mlp(), config()).restore(one | {"importance.time": torch.zeros(3)})


def test_workers_go_round_and_those_that_refresh_all_leave_nothing_stale(some_digits: Splits) -> None:
    state = TrainState(mlp(), config())
    for metrics in train(state.model, some_digits, state.config, state, report_every=1):
        assert state.weights is not None
        age = metrics.step - 1 - state.weights.version
        assert int(age.max()) == min(metrics.step - 1, 4)  # 20 of 96 in each of 5 steps
        assert torch.equal(state.weights.time, state.weights.version.double())
    exact = TrainState(mlp(), config(refresh=N))
    worker = Worker(mlp(), some_digits.train)
    for _ in train(exact.model, some_digits, exact.config, exact, report_every=1):
        assert exact.weights is not None
        version = exact.step - 1
        assert exact.weights.version.tolist() == [version] * N
        assert torch.equal(worker.norms(torch.arange(N), version), exact.weights.norm)
        worker.model.load_state_dict(exact.model.state_dict())  # for the next step
    never = TrainState(mlp(), config(importance_workers=0))
    for _ in train(never.model, some_digits, never.config, never):
        pass
    assert never.weights is not None
    assert torch.equal(never.weights.norm, next(gradient_norms(mlp(), some_digits.train)))


def test_a_model_with_noise_in_its_loss_trains_so_and_others_are_refused(some_digits: Splits) -> None:
    vae = build("vae", hidden=8)
    (last,) = [m for m in train(vae, some_digits, config(epochs=1, optimizer="adam", learning_rate=1e-3)) if m.done]
    assert last.terms["loss"] > 0
    with pytest.raises(TrainingError, match=naming(MODELS["tcvae"].title)):
        next(train(build("tcvae", gamma=0.01), some_digits, config()))
    for name, knobs in {"gan": {}, "adgm": {}, "mlp": {"optimizer": "lbfgs"}}.items():
        kind = MODELS[name]
        assert issubclass(kind, Trains)
        with pytest.raises(TrainingError):
            check_importance(kind, config(**knobs))
        check_importance(kind, config(importance=False))
        assert ("importance" in {knob.name for knob in training_knobs(kind)}) == (name == "mlp")
    broken = mlp()
    next(iter(broken.parameters())).data.fill_(torch.inf)
    with pytest.raises(TrainingError):
        next(gradient_norms(broken, some_digits.train))


def test_a_board_keeps_what_is_pushed_until_it_is_pulled() -> None:
    board: Board = Simulated(Weights(5))
    board.push_parameters({"w": torch.ones(2)}, 7)
    parameters, version = board.pull_parameters()
    assert (parameters["w"].tolist(), version) == ([1.0, 1.0], 7)
    board.push_weights(torch.tensor([1, 3]), torch.tensor([0.5, 2.0]), 7, 7.5)
    found = board.pull_weights()
    assert found.norm.tolist() == [1, 0.5, 1, 2, 1]
    assert found.version.tolist() == [-1, 7, -1, 7, -1]
    assert found.time.tolist() == [0, 7.5, 0, 7.5, 0]
