"""The training loop: reproducible and resumable to the last bit, and it does to the parameters what its knobs say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import UNLABELLED, Batch, DataError, Dataset, Kind, Splits, batches, hide_labels
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Classifies, Decodes, Encodes, LogLikelihood, Loss, Spec, Trains
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.evaluation import EVAL_SEED, evaluate, final_metrics
from latentlab.training.loop import start, train
from latentlab.training.metrics import Metrics
from latentlab.training.state import TrainState
from tests.conftest import naming

pytestmark = pytest.mark.training

CPU = torch.device("cpu")
EPOCHS, PER_EPOCH = 4, 5  # of 320 digits in batches of 64
VAE = ("vae", {"hidden": 32})
CNN = ("cnn", {"hidden": 32, "width": 4})


def build(kind: tuple[str, dict[str, Any]], seed: int = 0, where: torch.device = CPU) -> Trains:
    """A small model for digits; the seed draws its parameters."""
    name, config = kind
    model = MODELS[name](from_dict(MODELS[name].Config, config), Spec((1, 8, 8), 10, Kind.IMAGE))
    assert isinstance(model, Trains)
    initialise(model, device.generator(seed))
    return model.to(where)


def config(**knobs: Any) -> TrainConfig:
    return TrainConfig(**({"epochs": EPOCHS, "batch_size": 64, "learning_rate": 3e-3} | knobs))


def row(metrics: Metrics) -> dict[str, float]:
    """What must be the same each time: all but the speed."""
    return {name: value for name, value in metrics.row.items() if name != "images_per_second"}


def same(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> bool:
    """Whether two sets of tensors are the same to the last bit."""
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


class Toy(Trains):
    """One parameter vector w and the loss w · x of each example; notes what the loop does with it."""

    name = "toy"
    units: ClassVar[dict[str, str]] = {"slope": "nats"}

    def __init__(self, loss: Callable[[Toy, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.spec = Spec((2,), 0, Kind.PLANE)
        self.w = nn.Parameter(torch.zeros(2))
        self.loss = loss
        self.progress: list[float] = []  # of the training steps

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        if self.training:
            self.progress.append(progress)
        value = batch.x @ self.w if self.loss is None else self.loss(self, batch.x)
        yield Loss(value, {"slope": value})


def toy_data(n: int = 12, scale: float = 1.0) -> Splits:
    ones = Dataset("ones", torch.full((n, 2), scale), torch.zeros(n, dtype=torch.int64), (), Kind.VECTOR)
    return Splits(ones, ones[:3], ones[:3])


def up_then_down(toy: Toy, x: Tensor) -> Tensor:
    """w rises by 0.1 a step; validation likes 0.5 best, at the end of the fifth epoch of one step."""
    return (-toy.w.sum() if toy.training else (toy.w[0] - 0.5) ** 2).expand(len(x))


def test_a_caller_may_use_the_model_between_two_reports(few_digits: Splits) -> None:
    used, alone = build(CNN), build(CNN)
    for _ in train(used, few_digits, config(), report_every=2):
        final_metrics(used.eval(), few_digits.test)
    for _ in train(alone, few_digits, config(), report_every=2):
        pass
    assert same(used.state_dict(), alone.state_dict())


class Duel(Trains):
    """Two players; each one's loss depends on the other's weight too, steeply and in the opposite direction."""

    name = "duel"
    units: ClassVar[dict[str, str]] = {"first": "nats", "second": "nats"}

    def __init__(self) -> None:
        super().__init__()
        self.spec = Spec((2,), 0, Kind.PLANE)
        self.one, self.two = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        self.seen_by_two: list[float] = []
        for player in (self.one, self.two):
            nn.init.ones_(player.weight)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        n = len(batch.x)
        first = (self.one.weight - 100 * self.two.weight).flatten().expand(n)
        yield Loss(first, {"first": first}, "one")
        self.seen_by_two.append(self.one.weight.item())
        second = (self.two.weight - 100 * self.one.weight).flatten().expand(n)
        yield Loss(second, {"second": second}, "two")


# --- the same seed, the same training ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [VAE, CNN], ids=["vae", "cnn"])
def test_the_same_seed_gives_the_same_curve_and_parameters(
    few_digits: Splits, kind: tuple[str, dict[str, Any]]
) -> None:
    one, two, other = build(kind), build(kind), build(kind)
    rows = [row(metrics) for metrics in train(one, few_digits, config(), report_every=2)]
    assert [row(metrics) for metrics in train(two, few_digits, config(), report_every=2)] == rows
    assert same(one.state_dict(), two.state_dict())
    assert [row(metrics) for metrics in train(other, few_digits, config(seed=1), report_every=2)] != rows
    assert not same(one.state_dict(), other.state_dict())


def test_the_seed_fixes_the_noise_too() -> None:
    one, same_seed, other = (TrainState(Toy(), config(seed=seed)).rng.get_state() for seed in (1, 1, 2))
    assert torch.equal(one, same_seed)
    assert not torch.equal(one, other)


def test_start_draws_the_parameters_from_the_training_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    name, values = VAE
    arguments = (name, from_dict(MODELS[name].Config, values), Spec((1, 8, 8), 10, Kind.IMAGE))
    first = start(*arguments, config(seed=3)).state_dict()
    assert same(first, start(*arguments, config(seed=3)).state_dict())
    assert not same(first, start(*arguments, config(seed=4)).state_dict())
    assert same(first, build(VAE, seed=3).state_dict())


def test_the_global_generator_is_left_alone(few_digits: Splits) -> None:
    model = build(VAE)
    before = torch.get_rng_state()
    for _ in train(model, few_digits, config(epochs=1)):
        pass
    final_metrics(model, few_digits.test, n_images=3, n_samples=5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("stop_after", [1, PER_EPOCH, PER_EPOCH + 2, 3 * PER_EPOCH])
@pytest.mark.parametrize(
    ("kind", "knobs"),
    [
        pytest.param(VAE, {}, id="vae"),
        pytest.param(VAE, {"clip": 1.0, "warmup": 0.5, "weight_decay": 0.1, "schedule": "constant"}, id="vae-all"),
        pytest.param(VAE, {"patience": 2}, id="vae-patience"),
        pytest.param(CNN, {"patience": 3, "clip": 0.5, "weight_decay": 0.1}, id="cnn-dropout"),
        pytest.param(CNN, {"bf16": True}, id="cnn-bf16"),
    ],
)
def test_stopped_and_resumed_is_trained_straight_through(
    few_digits: Splits, kind: tuple[str, dict[str, Any]], knobs: dict[str, Any], stop_after: int
) -> None:
    settings = config(**knobs)
    straight = TrainState(build(kind), settings)
    rows = [row(metrics) for metrics in train(straight.model, few_digits, settings, straight, report_every=1)]

    stopped = TrainState(build(kind), settings)
    loop = train(stopped.model, few_digits, settings, stopped, report_every=1)
    before = [row(next(loop)) for _ in range(stop_after)]
    tensors = stopped.tensors()
    next(loop, None)  # the copy doesn't follow
    content = safetensors.torch.save(tensors)

    resumed = TrainState(build(kind, seed=9), settings)
    resumed.restore(safetensors.torch.load(content))
    assert resumed.step == stop_after
    after = [row(metrics) for metrics in train(resumed.model, few_digits, settings, resumed, report_every=1)]
    assert before + after == rows
    assert same(resumed.model.state_dict(), straight.model.state_dict())
    assert same(resumed.tensors(), straight.tensors())


def test_two_players_are_resumed_too() -> None:
    straight, stopped, resumed = (TrainState(Duel(), config(batch_size=4)) for _ in range(3))
    for _ in train(straight.model, toy_data(), straight.config, straight):
        pass
    loop = train(stopped.model, toy_data(), stopped.config, stopped, report_every=1)
    for _ in range(5):
        next(loop)
    resumed.restore(safetensors.torch.load(safetensors.torch.save(stopped.tensors())))
    for _ in train(resumed.model, toy_data(), resumed.config, resumed):
        pass
    assert same(resumed.tensors(), straight.tensors())


@pytest.mark.parametrize("stop_after", [2, 5, 6, 7])
def test_a_resumed_training_knows_its_best_and_stops_as_early(stop_after: int) -> None:
    settings = config(epochs=100, batch_size=12, learning_rate=0.1, schedule="constant", patience=3)
    straight, stopped, resumed = (TrainState(Toy(up_then_down), settings) for _ in range(3))
    rows = [row(metrics) for metrics in train(straight.model, toy_data(), settings, straight)]
    loop = train(stopped.model, toy_data(), settings, stopped)
    for _ in range(stop_after):
        next(loop)
    resumed.restore(safetensors.torch.load(safetensors.torch.save(stopped.tensors())))
    assert [row(metrics) for metrics in train(resumed.model, toy_data(), settings, resumed)] == rows[stop_after:]
    assert same(resumed.tensors(), straight.tensors())


def test_a_finished_training_has_nothing_left_to_do(few_digits: Splits) -> None:
    state = TrainState(build(VAE), config())
    *_, last = train(state.model, few_digits, config(), state)
    assert last.done
    assert list(train(state.model, few_digits, config(), state)) == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda t: {k: v for k, v in t.items() if k != "position"}, id="no position"),
        pytest.param(lambda t: {k: v for k, v in t.items() if k != "model.w"}, id="a parameter is missing"),
        pytest.param(lambda t: t | {"model.w": torch.zeros(3)}, id="a parameter of another shape"),
        pytest.param(lambda t: t | {"rng": torch.zeros(3, dtype=torch.uint8)}, id="a short generator state"),
        pytest.param(lambda t: t | {"rng": torch.zeros(3)}, id="a generator state of another type"),
        pytest.param(lambda t: t | {"optimizer.ghost.0.step": torch.tensor(1.0)}, id="a player it doesn't have"),
        pytest.param(lambda t: t | {"optimizer.model.0.exp_avg": torch.zeros(3)}, id="a moment of another shape"),
        pytest.param(lambda t: t | {"best.v": torch.zeros(2)}, id="best parameters of another model"),
        pytest.param(lambda _: TrainState(build(CNN), config()).tensors(), id="another model"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(damage: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    state = TrainState(Toy(), config())
    for _ in train(state.model, toy_data(), config(), state):
        pass
    TrainState(Toy(), config()).restore(state.tensors())  # undamaged, it fits
    with pytest.raises(TrainingError):
        TrainState(Toy(), config()).restore(damage(state.tensors()))


# --- what a caller sees --------------------------------------------------------------------------------------------


def test_reports_come_at_the_asked_steps_and_at_each_epochs_end(few_digits: Splits) -> None:
    model = build(VAE)
    reports = list(train(model, few_digits, config(epochs=2), report_every=3))
    assert [metrics.step for metrics in reports] == [3, 5, 6, 9, 10]
    assert [metrics.epoch for metrics in reports] == [0.6, 1.0, 1.2, 1.8, 2.0]
    assert [bool(metrics.valid) for metrics in reports] == [False, True, False, False, True]
    assert [metrics.done for metrics in reports] == [False] * 4 + [True]
    for metrics in reports:
        assert list(metrics.terms) == ["loss", *model.units]
        assert metrics.images_per_second > 0
    assert not model.training


def test_training_terms_are_means_per_example_since_the_last_report() -> None:
    values = torch.arange(10.0).unsqueeze(1).expand(10, 2)
    data = Dataset("count", values, torch.zeros(10, dtype=torch.int64), (), Kind.VECTOR)

    def count(toy: Toy, x: Tensor) -> Tensor:
        return x[:, 0] + 0 * toy.w.sum()

    reports = list(train(Toy(count), Splits(data, data[:0], data), config(epochs=1, batch_size=4), report_every=2))
    order = torch.cat([batch.x[:, 0] for batch in batches(data, 4, device.generator(1_000_003))])
    assert [metrics.step for metrics in reports] == [2, 3]  # of 8 examples and of the last two
    assert [metrics.terms["loss"] for metrics in reports] == [order[:8].mean().item(), order[8:].mean().item()]
    assert [dict(metrics.valid) for metrics in reports] == [{}, {}]  # there are no validation data


@pytest.mark.parametrize("bf16", [False, True])
def test_breaking_off_leaves_the_thread_as_it_was(few_digits: Splits, bf16: bool) -> None:
    loop = train(build(VAE), few_digits, config(bf16=bf16), report_every=1)
    for _ in range(PER_EPOCH):
        next(loop)
        assert torch.is_grad_enabled()
        assert not torch.is_autocast_enabled("cpu")
    del loop
    assert torch.is_grad_enabled()
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize(
    ("epochs", "patience", "ran"),
    [pytest.param(100, 3, 8, id="stops early"), pytest.param(7, 100, 7, id="not before the end")],
)
def test_with_patience_the_best_parameters_are_put_back(epochs: int, patience: int, ran: int) -> None:
    settings = config(epochs=epochs, batch_size=12, learning_rate=0.1, schedule="constant", patience=patience)
    state = TrainState(Toy(up_then_down), settings)
    reports = list(train(state.model, toy_data(), settings, state))
    curve = [metrics.valid["loss"] for metrics in reports]
    assert curve.index(min(curve)) == 4
    assert [metrics.done for metrics in reports] == [False] * (ran - 1) + [True]
    assert evaluate(state.model, toy_data().valid)["loss"] == min(curve) == state.best
    torch.testing.assert_close(state.model.state_dict()["w"], torch.full((2,), 0.5))
    assert list(train(state.model, toy_data(), settings, state)) == []  # and it stays stopped


def test_without_patience_the_last_parameters_stay() -> None:
    model = Toy(up_then_down)
    settings = config(epochs=10, batch_size=12, learning_rate=0.1, schedule="constant")
    assert len(list(train(model, toy_data(), settings))) == 10
    torch.testing.assert_close(model.w.detach(), torch.full((2,), 1.0))


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_loss_that_is_not_finite_ends_the_training_with_a_sentence(bad: float) -> None:
    def breaks(toy: Toy, x: Tensor) -> Tensor:
        return (x @ toy.w) * (bad if len(toy.progress) == 7 else 1.0) + (bad if len(toy.progress) == 7 else 0.0)

    loop = train(Toy(breaks), toy_data(), config(batch_size=3), report_every=5)
    assert next(loop).step == 4
    assert next(loop).step == 5
    with pytest.raises(TrainingError, match=naming("loss", 8)):
        next(loop)


def test_parameters_that_diverge_in_the_last_step_are_noticed() -> None:
    def last_breaks(toy: Toy, x: Tensor) -> Tensor:  # the loss is finite, its gradient isn't
        return x @ toy.w if len(toy.progress) < 4 or not toy.training else (0 * toy.w.sum()).sqrt().expand(len(x))

    with pytest.raises(TrainingError, match=naming("loss", "nan", 4)):
        for _ in train(Toy(last_breaks), toy_data(), config(epochs=1, batch_size=3)):
            pass


# --- what the knobs do ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_learning_rate_follows_its_schedule(schedule: str) -> None:
    settings = config(batch_size=3, learning_rate=0.01, schedule=schedule)
    state = TrainState(Toy(), settings)
    rates = []
    for metrics in train(state.model, toy_data(), settings, state, report_every=1):
        assert metrics.n_steps == 16
        rates += [group["lr"] for group in state.optimizer("model").param_groups]
    cosine = [0.01 * 0.5 * (1 + math.cos(math.pi * step / 16)) for step in range(16)]
    assert rates == pytest.approx(cosine if schedule == "cosine" else [0.01] * 16)
    assert rates[0] == 0.01
    if schedule == "cosine":
        assert rates[8] == pytest.approx(0.005)


def test_the_learning_rate_is_the_size_of_a_step() -> None:
    settings = config(batch_size=3, learning_rate=0.01, schedule="constant", epochs=1)
    model = Toy()
    for metrics in train(model, toy_data(), settings, report_every=1):  # Adam with a constant gradient
        torch.testing.assert_close(model.w.detach(), torch.full((2,), -0.01 * metrics.step))


@pytest.mark.parametrize(("warmup", "n_rising"), [(0.0, 0), (0.25, 4), (1.0, 16)])
def test_the_warmup_raises_progress_from_zero_to_one(warmup: float, n_rising: int) -> None:
    model = Toy()
    for _ in train(model, toy_data(), config(batch_size=3, warmup=warmup)):
        pass
    rising = [step / n_rising for step in range(n_rising)]
    assert model.progress == pytest.approx(rising + [1.0] * (16 - n_rising))


def test_validation_is_always_on_the_true_objective_and_without_gradients() -> None:
    seen: list[tuple[float, bool]] = []

    class Watching(Toy):
        def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
            if not self.training:
                seen.append((progress, torch.is_grad_enabled()))
            return super().losses(batch, rng, progress)

    for _ in train(Watching(), toy_data(), config(warmup=1.0)):
        pass
    assert seen == [(1.0, False)] * EPOCHS


@pytest.mark.parametrize(("clip", "norm"), [(0.0, math.sqrt(2) * 50), (1e4, math.sqrt(2) * 50), (0.3, 0.3)])
def test_the_clip_bounds_the_norm_of_the_gradient(clip: float, norm: float) -> None:
    model = Toy()
    next(train(model, toy_data(scale=50.0), config(clip=clip), report_every=1))
    assert model.w.grad is not None
    assert model.w.grad.norm().item() == pytest.approx(norm, rel=1e-4)


def test_weight_decay_shrinks_what_has_no_gradient() -> None:
    model = Toy(lambda toy, x: (0 * toy.w.sum()).expand(len(x)))
    nn.init.ones_(model.w)
    for _ in train(model, toy_data(), config(epochs=1, learning_rate=0.1, weight_decay=0.5, schedule="constant")):
        pass
    torch.testing.assert_close(model.w.detach(), torch.full((2,), 1 - 0.1 * 0.5))


def test_the_weights_of_a_batch_scale_each_examples_gradient() -> None:
    weight = torch.tensor([3.0, 0.0, 1.0])
    data = Dataset(
        "three", torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 2.0]]), torch.zeros(3, dtype=torch.int64), (), Kind.VECTOR
    )

    def weighted(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
        assert (size, rng.device) == (64, CPU)
        yield data.batch()._replace(weight=weight)

    model = Toy()
    (metrics,) = train(model, Splits(data, data, data), config(epochs=1), sampler=weighted)
    assert model.w.grad is not None
    assert torch.equal(model.w.grad, torch.tensor([3.0 / 3, 2.0 / 3]))  # the mean over the batch of weight · x
    assert metrics.terms["slope"] == 0.0  # w was 0: what is reported is unweighted


@pytest.mark.parametrize("kind", [VAE, CNN, ("ae", {"network": "conv", "width": 4})], ids=["vae", "cnn", "ae"])
def test_bfloat16_trains_and_what_comes_out_is_float32(few_digits: Splits, kind: tuple[str, dict[str, Any]]) -> None:
    model, plain = build(kind), build(kind)
    with torch.autocast("cpu", torch.bfloat16):
        (loss,) = model.losses(few_digits.train[:8].batch(), device.generator(0))
        seen = [loss.value, *loss.terms.values()]
        seen += [model.encode(few_digits.valid.batch().x)] if isinstance(model, Encodes) else []
        seen += [model.decode(torch.ones(1, model.z_dim))] if isinstance(model, Decodes) else []
        seen += [model.classify(few_digits.valid.batch().x)] if isinstance(model, Classifies) else []
    assert {tensor.dtype for tensor in seen} == {torch.float32}
    curve = [metrics.terms["loss"] for metrics in train(model, few_digits, config(bf16=True))]
    exact = [metrics.terms["loss"] for metrics in train(plain, few_digits, config())]
    assert curve != exact
    assert curve == pytest.approx(exact, rel=0.05)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


# --- two players ---------------------------------------------------------------------------------------------------


def test_each_player_moves_its_own_parameters_only() -> None:
    model, rate = Duel(), 0.01
    state = TrainState(model, config(batch_size=12, epochs=1, learning_rate=rate, schedule="constant"))
    (metrics,) = train(model, toy_data(), state.config, state)
    # Adam's first step is the sign of the player's own gradient, 1, not of the other's -100
    assert [model.one.weight.item(), model.two.weight.item()] == pytest.approx([1 - rate, 1 - rate])
    assert sorted(state.optimizers) == ["one", "two"]
    assert metrics.terms["first"] == pytest.approx(1 - 100)
    assert metrics.terms["second"] == pytest.approx(1 - 100 * (1 - rate))
    assert metrics.terms["one loss"] == metrics.terms["first"]
    assert metrics.terms["two loss"] == metrics.terms["second"]
    assert "loss" not in metrics.terms.keys() | metrics.valid.keys()  # a sum over players says nothing


def test_the_second_player_sees_the_firsts_step() -> None:
    model = Duel()
    for metrics in train(model, toy_data(), config(batch_size=4, schedule="constant"), report_every=1):
        assert len(model.seen_by_two) >= metrics.step
    trained = [one for one in model.seen_by_two if one != 1.0]
    assert trained == model.seen_by_two
    assert model.seen_by_two[0] == pytest.approx(1 - 3e-3)


# --- evaluation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_evaluating_leaves_the_model_as_it_was(few_digits: Splits, training: bool) -> None:
    model = build(CNN).train(training)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, few_digits.valid)
    assert model.training is training
    assert torch.is_grad_enabled()
    assert same(model.state_dict(), before)
    assert all(p.grad is not None and (p.grad == 7.0).all() for p in model.parameters())


@pytest.mark.parametrize("kind", [VAE, CNN], ids=["vae", "cnn"])
def test_evaluating_is_the_mean_over_the_examples(
    digits: Splits, kind: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latentlab.training.evaluation.EVAL_CHUNK", 100)
    model, data = build(kind).train(), digits.valid
    found = evaluate(model, data)
    assert found == evaluate(model, data)
    assert list(found) == ["loss", *model.units]
    model.eval()
    rng, values = device.generator(EVAL_SEED), []
    for start_at in range(0, len(data), 100):
        (loss,) = model.losses(data[start_at : start_at + 100].batch(), rng)
        values.append(torch.stack([loss.value, *loss.terms.values()]))
    assert len(values) > 1
    means = torch.cat(values, dim=1).mean(1).tolist()
    assert list(found.values()) == pytest.approx(means, rel=1e-5)


def test_another_evaluation_seed_draws_other_noise(few_digits: Splits) -> None:
    model = build(VAE)
    assert evaluate(model, few_digits.valid, seed=1) != evaluate(model, few_digits.valid, seed=2)


def test_the_final_metrics_add_the_importance_weighted_bound(few_digits: Splits) -> None:
    model, test = build(VAE).eval(), few_digits.test
    found = final_metrics(model, test, n_images=10, n_samples=30)
    assert isinstance(model, LogLikelihood)
    bound = model.log_prob(test[:10].batch().x, 30, device.generator(EVAL_SEED)).mean().item()
    assert found == evaluate(model, test) | {"bound_30": bound}
    assert final_metrics(model, test) == evaluate(model, test)
    assert final_metrics(build(CNN), test, n_images=10) == evaluate(build(CNN), test)  # a CNN weighs nothing


# --- on a GPU ------------------------------------------------------------------------------------------------------


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU of NVIDIA's here")
@pytest.mark.parametrize("kind", [VAE, CNN], ids=["vae", "cnn"])
@pytest.mark.parametrize("bf16", [False, True])
def test_on_cuda_training_learns_and_resumes(few_digits: Splits, kind: tuple[str, dict[str, Any]], bf16: bool) -> None:
    cuda, settings = torch.device("cuda"), config(bf16=bf16, patience=3)
    straight, stopped, resumed = (TrainState(build(kind, where=cuda), settings) for _ in range(3))
    curve = [metrics.valid["loss"] for metrics in train(straight.model, few_digits, settings, straight)]
    assert curve[-1] < curve[0]
    assert {parameter.device.type for parameter in straight.model.parameters()} == {"cuda"}
    loop = train(stopped.model, few_digits, settings, stopped, report_every=1)
    for _ in range(PER_EPOCH + 2):
        next(loop)
    tensors = stopped.tensors()
    assert {tensor.device for tensor in tensors.values()} == {CPU}
    resumed.restore(safetensors.torch.load(safetensors.torch.save(tensors)))
    for _ in train(resumed.model, few_digits, settings, resumed):
        pass
    for name, value in resumed.model.state_dict().items():
        torch.testing.assert_close(value, straight.model.state_dict()[name], rtol=1e-3, atol=1e-4)
    assert final_metrics(resumed.model, few_digits.test, 3, 5)["loss"] < curve[0]


# --- few labels ----------------------------------------------------------------------------------------------------


def test_labels_are_hidden_from_a_training_by_its_seed(few_digits: Splits) -> None:
    seen: list[Tensor] = []
    model = build(("m2", {"hidden": 16}))

    def noted(batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        if model.training:
            seen.append(batch.y)
        return learned(batch, rng, progress)

    learned = model.losses
    model.losses = noted  # type: ignore[method-assign]
    *_, last = train(model, few_digits, config(epochs=1, labels=20, seed=3))
    labels = torch.cat(seen)
    assert int((labels == UNLABELLED).sum()) == len(few_digits.train)
    kept = hide_labels(few_digits.train, 20, seed=3).y
    assert labels[labels != UNLABELLED].bincount().tolist() == [32] * 10
    assert kept[kept != UNLABELLED].bincount().tolist() == [2] * 10
    assert math.isfinite(last.terms["error"])  # the mean over those that have one
    assert math.isfinite(last.valid["error"])


def test_a_classifier_sees_the_labelled_examples_only(few_digits: Splits) -> None:
    *_, last = train(build(CNN), few_digits, config(epochs=1, labels=20))
    assert last.n_steps == 1  # 20 examples in one batch of 64


def test_labels_that_do_not_suffice_are_one_sentence(few_digits: Splits) -> None:
    with pytest.raises(DataError, match=naming(500, 0, "digits", int((few_digits.train.y == 0).sum()))):
        next(train(build(("m2", {"hidden": 16})), few_digits, config(labels=5_000)))
    with pytest.raises(DataError):  # any number is one too many for a model that uses no labels
        next(train(build(VAE), few_digits, config(labels=100)))
    next(train(build(VAE), few_digits, config(labels=0)))


def test_a_training_with_few_labels_is_resumed_to_the_last_bit(few_digits: Splits) -> None:
    kind, settings = ("sdgm", {"hidden": 16, "batch_norm": True}), config(labels=20, epochs=2)
    straight, stopped = TrainState(build(kind), settings), TrainState(build(kind), settings)
    for _ in train(straight.model, few_digits, settings, straight):
        pass
    loop = train(stopped.model, few_digits, settings, stopped, report_every=1)
    for _ in range(3):
        next(loop)
    resumed = TrainState(build(kind, seed=9), settings)
    resumed.restore(stopped.tensors())
    for _ in train(resumed.model, few_digits, settings, resumed):
        pass
    assert same(straight.model.state_dict(), resumed.model.state_dict())


@pytest.mark.parametrize("kind", [CNN, ("cvae", {"hidden": 16})], ids=["cnn", "cvae"])
def test_what_needs_labels_is_evaluated_where_there_are_some(
    few_digits: Splits, kind: tuple[str, dict[str, Any]]
) -> None:
    model, data = build(kind), few_digits.valid
    y = data.y.clone()
    y[1::2] = UNLABELLED
    half = replace(data, y=y)
    assert evaluate(model, half) == evaluate(model, data[::2])
    none = replace(data, y=torch.full_like(y, UNLABELLED))
    assert evaluate(model, none) == {}
    *_, last = train(model, Splits(few_digits.train, none, none), config(epochs=1))
    assert (last.valid, final_metrics(model, none)) == ({}, {})
