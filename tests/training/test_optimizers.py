"""Each optimizer against its formula, resumed to the last bit, and what makes no sense with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.score.denoiser import NoisyDraws
from latentlab.data import DENSITIES, Batch, Dataset, Kind, Splits
from latentlab.jobs.job import Job, check_fit
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Denoises, Loss, Spec, Trains
from latentlab.nn.initialise import initialise
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import train
from latentlab.training.optimizers import PAIRS
from latentlab.training.state import TrainState

pytestmark = pytest.mark.training

RATE = 0.0123
OPTIMIZERS = ["adam", "sgd", "momentum", "rmsprop", "lbfgs"]


class Line(Trains):
    """y = w · x + noise of each example: least squares; notes the noise that each evaluation draws."""

    name = "line"
    title = "Line"
    units: ClassVar[dict[str, str]] = {"error": "nats"}

    def __init__(self, sigma: float = 0.0) -> None:
        super().__init__()
        self.spec = Spec((3,), 0, Kind.VECTOR)
        self.w = nn.Parameter(torch.tensor([0.3, -1.7]))
        self.sigma, self.drawn = sigma, list[Tensor]()

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        noise = torch.randn(len(batch.x), generator=rng)
        self.drawn.append(noise)
        error = (batch.x[:, :2] @ self.w + self.sigma * noise - batch.x[:, 2]).square()
        yield Loss(error, {"error": error})


def points(n: int = 40) -> Splits:
    x = torch.randn(n, 3, generator=device.generator(5))
    data = Dataset("points", x, torch.zeros(n, dtype=torch.int64), (), Kind.VECTOR)
    return Splits(data, data[:0], data[:0])


def constant(optimizer: str, **knobs: object) -> TrainConfig:
    values = {"optimizer": optimizer, "learning_rate": RATE, "schedule": "constant", "batch_size": 8, "epochs": 4}
    return from_dict(TrainConfig, values | knobs)


def mlp(seed: int = 0) -> Trains:
    model = MODELS["mlp"](MODELS["mlp"].Config(depth=1, hidden=8), Spec((1, 8, 8), 10, Kind.IMAGE))
    assert isinstance(model, Trains)
    initialise(model, device.generator(seed))
    return model


def test_a_step_of_sgd_is_the_parameters_less_the_rate_times_the_gradient_to_the_bit(few_digits: Splits) -> None:
    model = mlp()
    rate = float(torch.tensor(RATE))  # as a float32
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    steps = 0
    for _ in train(model, few_digits, constant("sgd", epochs=1, batch_size=64), report_every=1):
        for name, p in model.named_parameters():
            assert p.grad is not None
            expected = (before[name].double() - rate * p.grad.double()).float()  # rounded once
            assert torch.equal(p, expected)
            before[name] = p.detach().clone()
        steps += 1
    assert steps == 5


@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop"])
def test_a_step_follows_the_formula_with_the_rate_falling_by_epochs(optimizer: str) -> None:
    model, w, memory = Line(), torch.tensor([0.3, -1.7], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    config = constant(optimizer, decay=0.9, momentum=0.7, weight_decay=0.1)
    for k, _ in enumerate(train(model, points(), config, report_every=1)):
        assert model.w.grad is not None
        rate, g = RATE * 0.9 ** (k // 5), model.w.grad.double() + 0.1 * w
        if optimizer == "momentum":
            memory = 0.7 * memory + g
            w = w - rate * memory
        else:
            memory = 0.99 * memory + 0.01 * g**2
            w = w - rate * g / (memory.sqrt() + 1e-8)
        torch.testing.assert_close(model.w.detach().double(), w, rtol=1e-5, atol=1e-6)
    assert k == 19


def test_lbfgs_finds_the_least_squares_of_noise_that_is_drawn_once() -> None:
    model, splits = Line(sigma=0.5), points()
    for _ in train(model, splits, constant("lbfgs")):
        pass
    noise, batch = model.drawn[0], splits.train.batch()
    assert len(model.drawn) > 4
    assert all(torch.equal(noise, again) for again in model.drawn)
    order = torch.randperm(40, generator=device.generator(1_000_003))
    target = (batch.x[order, 2] - 0.5 * noise)[:, None].double()
    exact = torch.linalg.lstsq(batch.x[order, :2].double(), target).solution[:, 0]
    torch.testing.assert_close(model.w.detach().double(), exact, rtol=1e-4, atol=1e-5)


def test_lbfgs_comes_near_the_optimum_on_the_spiral() -> None:
    """At most 1.15 times the loss of the best denoiser on new draws; leaving them as they are has 1.46 times.

    It is the smallest case that shows it; sigma 0.03 and 0.01 with 200 units take a minute.
    """
    spiral, kind = DENSITIES["spiral"], MODELS["dae"]
    draws = NoisyDraws(spiral, 0.1, 2_000)
    x = spiral.sample(1_000, device.generator(0)).float()
    data = Dataset("spiral", x, torch.zeros(1_000, dtype=torch.int64), ("data",), Kind.PLANE)
    model = kind(kind.Config(hidden=50, slope=3.6, reach=0.6, sigma=0.1), data.spec)
    assert isinstance(model, Denoises)
    assert isinstance(model, Trains)
    initialise(model, device.generator(0))
    for _ in train(model, Splits(data, data[:0], data[:0]), TrainConfig(epochs=8, optimizer="lbfgs")):
        pass
    with torch.no_grad():
        found = draws.loss(model.denoise(draws.noisy))
    assert found <= 1.15 * draws.optimum
    assert draws.identity > 1.4 * draws.optimum


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_training_is_the_same_to_the_bit(few_digits: Splits, optimizer: str) -> None:
    splits, config = few_digits, constant(optimizer, batch_size=64, epochs=4)
    straight, stopped, resumed = (TrainState(mlp(), config) for _ in range(3))
    reports = [metrics.terms for metrics in train(straight.model, splits, config, straight, report_every=1)]
    loop = train(stopped.model, splits, config, stopped, report_every=1)
    for _ in range(2):
        next(loop)
    tensors = stopped.tensors()
    assert sum(value.nbytes for value in tensors.values()) <= straight.most_bytes(0) + 10_000  # the generator's state
    next(loop)  # the copy doesn't follow
    resumed.restore(safetensors.torch.load(safetensors.torch.save(tensors)))
    assert [m.terms for m in train(resumed.model, splits, config, resumed, report_every=1)] == reports[2:]
    expected, found = straight.tensors(), resumed.tensors()
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_another_optimizer_or_network_remembers_is_refused(optimizer: str) -> None:
    config, splits = constant(optimizer), points()
    state = TrainState(Line(), config)
    for _ in train(state.model, splits, config, state):
        pass
    tensors = state.tensors()
    for other in OPTIMIZERS:
        if other not in (optimizer, "sgd") and optimizer != "sgd":  # which remembers nothing
            with pytest.raises(TrainingError):
                TrainState(Line(), constant(other)).restore(tensors)
    for name in [name for name in tensors if name.startswith("optimizer.") and tensors[name].dim()]:
        with pytest.raises(TrainingError):
            TrainState(Line(), config).restore(tensors | {name: torch.zeros(*tensors[name].shape[:-1], 5)})
    if optimizer == "lbfgs":
        many = {f"optimizer.model.0.{name}": torch.zeros(PAIRS + 1, 2) for name in ("old_dirs", "old_stps")}
        with pytest.raises(TrainingError):
            TrainState(Line(), config).restore(tensors | many | {"optimizer.model.0.ro": torch.zeros(PAIRS + 1)})


@pytest.mark.parametrize("knob", [{"clip": 1.0}, {"weight_decay": 0.1}, {"bf16": True}])
def test_lbfgs_is_refused_with_what_would_falsify_its_line_search(knob: dict[str, object]) -> None:
    with pytest.raises(TrainingError):
        next(train(Line(), points(), constant("lbfgs", **knob)))


def test_lbfgs_is_refused_for_two_players_before_anyone_waits() -> None:
    job = Job("one", "One", "gan", "moons", {}, {"optimizer": "lbfgs"}, "")
    with pytest.raises(RunError):
        check_fit(job)
    check_fit(replace(job, train={"optimizer": "rmsprop"}))
