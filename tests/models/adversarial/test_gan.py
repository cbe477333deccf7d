"""The two players against what the game is known to give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor, nn
from torch.distributions import Normal

from latentlab import device
from latentlab.data import Batch, Dataset, Kind, Spec, Splits, load
from latentlab.models.adversarial.gan import GAN
from latentlab.models.parts.adversarial import energy_distance
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import train
from tests.conftest import naming

pytestmark = pytest.mark.training


def build(d: int = 1, seed: int = 0, **config: object) -> GAN:
    knobs = {"z_dim": d, "hidden": 32} | config
    model = GAN(GAN.Config(**knobs), Spec((d,), 1, Kind.PLANE if d == 2 else Kind.VECTOR))  # type: ignore[arg-type]
    initialise(model, device.generator(seed))
    return model


def batch(x: Tensor) -> Batch:
    return Batch(x, torch.zeros(len(x), dtype=torch.int64), torch.ones(len(x)))


class Shift(nn.Module):
    """G(z) = z + m."""

    def __init__(self, m: float) -> None:
        super().__init__()
        self.m = m

    def forward(self, z: Tensor) -> Tensor:
        return z + self.m


class Best(nn.Module):
    """The logits of the best discriminator: log p_data(x) - log p_G(x)."""

    def __init__(self, m: float) -> None:
        super().__init__()
        self.m = m

    def forward(self, x: Tensor) -> Tensor:
        log_ratio: Tensor = Normal(0.0, 1.0).log_prob(x) - Normal(self.m, 1.0).log_prob(x)
        return log_ratio


@pytest.mark.parametrize(("m", "value"), [(0.0, -1.386294), (1.0, -1.163451), (2.0, -0.712633), (4.0, -0.120854)])
def test_the_value_at_the_best_discriminator_is_that_of_the_source(m: float, value: float) -> None:
    model = build(r1=0.0)
    model.generator, model.discriminator = Shift(m), Best(m)  # type: ignore[assignment]
    x = torch.randn(200_000, 1, generator=device.generator(0))
    discriminator = next(iter(model.losses(batch(x), device.generator(1))))
    assert discriminator.terms["value"].mean().item() == pytest.approx(value, abs=0.005)
    assert value == pytest.approx(-math.log(4) + 2 * jensen_shannon(m), abs=1e-5)


def jensen_shannon(m: float) -> float:
    """Of N(0, 1) and N(m, 1), by quadrature."""
    x = np.linspace(-12, 12 + m, 20_001)
    p, q = scipy.stats.norm.pdf(x), scipy.stats.norm.pdf(x, m)
    middle = (p + q) / 2
    return 0.5 * float(np.trapezoid(scipy.special.rel_entr(p, middle) + scipy.special.rel_entr(q, middle), x))


def test_a_discriminator_alone_learns_the_ratio_of_the_densities() -> None:
    model, m = build(r1=0.0, hidden=64), 1.5
    model.generator = Shift(m)  # type: ignore[assignment]
    optimizer = torch.optim.Adam(model.discriminator.parameters(), 2e-3)
    rng = device.generator(0)
    for _ in range(1_200):
        loss = next(iter(model.losses(batch(torch.randn(512, 1, generator=rng)), rng)))
        optimizer.zero_grad()
        loss.value.mean().backward()
        optimizer.step()
    x = torch.linspace(-2, 3.5, 200)[:, None]
    learned, best = model.logits(x).sigmoid().detach(), Best(m)(x)[:, 0].sigmoid()
    assert float((learned - best).abs().mean()) < 0.03


def test_the_penalty_is_half_the_squared_gradient_at_the_data() -> None:
    x = torch.randn(7, 2, generator=device.generator(0))
    losses = {}
    for r1 in (0.0, 4.0):
        model = build(2, r1=r1)
        losses[r1] = next(iter(model.losses(batch(x), device.generator(1)))).value
    at = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(build(2).logits(at).sum(), at)
    torch.testing.assert_close(losses[4.0] - losses[0.0], 0.5 * 4.0 * slope.square().sum(1))


@pytest.mark.parametrize("objective", ["non-saturating", "saturating"])
def test_the_generator_is_moved_towards_what_the_discriminator_takes_for_real(objective: str) -> None:
    model = build(objective=objective, r1=0.0)
    model.discriminator = nn.Linear(1, 1)
    with torch.no_grad():
        nn.init.constant_(model.get_parameter("discriminator.weight"), 2.0)  # the larger, the more real
    *_, generator = model.losses(batch(torch.zeros(50, 1)), device.generator(0))
    assert generator.player == "generator"
    last = model.generator[-1]
    assert isinstance(last, nn.Linear)
    (gradient,) = torch.autograd.grad(generator.value.mean(), last.bias)
    assert gradient.item() < 0  # a step down the loss raises what is generated


def test_the_discriminator_takes_as_many_steps_as_asked() -> None:
    players = [loss.player for loss in build(steps=3).losses(batch(torch.zeros(4, 1)), device.generator(0))]
    assert players == ["discriminator"] * 3 + ["generator"]


def test_the_energy_distance_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300), rng.normal(1.0, 2.0, size=200)
    ours = energy_distance(torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None])
    assert ours == pytest.approx(scipy.stats.energy_distance(x, y), rel=1e-9)
    assert energy_distance(torch.from_numpy(x)[:, None], torch.from_numpy(x)[:, None]) == 0


def test_one_gaussian_is_learned_in_mean_and_spread() -> None:
    x = 0.5 * torch.randn(4_000, 1, generator=device.generator(0)) + 2
    data = Dataset("gaussian", x, torch.zeros(len(x), dtype=torch.int64), ("data",), Kind.VECTOR)
    model = build(hidden=64, z_dim=4)
    *_, last = train(model, Splits(data, data[:1000], data), TrainConfig(epochs=60, batch_size=128))
    drawn = model.sample(20_000, device.generator(5)).detach()
    assert drawn.mean().item() == pytest.approx(2, abs=0.1)
    assert drawn.std().item() == pytest.approx(0.5, abs=0.12)  # V near -log 4 alone would not show a spread too small
    wasserstein = scipy.stats.wasserstein_distance(drawn[:, 0].numpy(), x[:, 0].numpy())
    assert wasserstein < 0.15
    assert last.valid["energy distance"] < 0.2


def test_in_the_plane_it_comes_near_the_half_moons() -> None:
    splits = load("moons")
    model = build(2, hidden=64, z_dim=4)
    before = evaluate(model, splits.valid)["energy distance"]
    *_, last = train(model, splits, TrainConfig(epochs=12, batch_size=128))
    assert last.valid["energy distance"] < min(0.2, before / 3)
    assert {"discriminator loss", "generator loss"} <= last.terms.keys()


def test_of_images_a_batch_is_normalised_and_a_sample_is_one_at_the_end() -> None:
    spec = Spec((1, 4, 4), 1, Kind.IMAGE)
    model = GAN(GAN.Config(z_dim=2, hidden=16), spec)
    initialise(model, device.generator(0))
    z = model.prior.sample(64, device.generator(1))
    hidden = model.train().generator[:2](z)
    torch.testing.assert_close(hidden.mean(0), torch.zeros(16), atol=1e-5, rtol=0)
    torch.testing.assert_close(hidden.var(0, unbiased=False), torch.ones(16), atol=1e-3, rtol=0)
    model.eval()
    torch.testing.assert_close(model.decode(z)[:1], model.decode(z[:1]))  # whatever else is drawn


@pytest.mark.parametrize("loss", [math.nan, math.inf, -2e4])
def test_a_game_that_runs_away_is_stopped_by_a_sentence(loss: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = build(hidden=8), torch.randn(64, 1, generator=device.generator(0))
    data = Dataset("gaussian", x, torch.zeros(64, dtype=torch.int64), ("data",), Kind.VECTOR)
    training = train(model, Splits(data, data, data), TrainConfig(epochs=2, batch_size=64))
    first = next(training)
    assert math.isfinite(first.terms["generator loss"])
    monkeypatch.setattr(model, "fooling", lambda fake: fake.flatten() * 0 + loss)
    with pytest.raises(TrainingError, match=naming("generator loss", 2)):
        next(training)
