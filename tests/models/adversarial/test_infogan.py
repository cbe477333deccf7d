"""The mutual information of a code and its samples, against channels whose information is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import Batch, Kind, Spec, load
from latentlab.experiments.adversarial.infogan import DATA, measure
from latentlab.experiments.recipes.adversarial import RING
from latentlab.models.adversarial.infogan import InfoGAN
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.loop import train
from tests.conftest import naming

K = 5


def build(d: int = 2, **config: object) -> InfoGAN:
    knobs = {"categories": K, "noise": 1, "hidden": 16} | config
    model = InfoGAN(InfoGAN.Config(**knobs), Spec((d,), 1, Kind.PLANE if d == 2 else Kind.VECTOR))  # type: ignore[arg-type]
    initialise(model, device.generator(0))
    return model


class Channel(nn.Module):
    """The number of the category, or where the noise says so of one of the others, all as often; and u + σ z."""

    def __init__(self, wrong: float, std: float = 0.1) -> None:
        super().__init__()
        self.std, self.end = std, torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(1 - wrong)) if wrong else 99.0

    def forward(self, code: Tensor) -> Tensor:
        category, z = code[:, :K].argmax(1), code[:, -1]
        others = 1 + (z * 1e4).floor().long() % (K - 1)
        said = torch.where(z > self.end, (category + others) % K, category).float()
        return torch.stack([said, code[:, K] + self.std * code[:, -2]], 1)


class BestReader(nn.Module):
    """What a sample of the channel says of its code: the logits of the categories, and mean and log std of u."""

    def __init__(self, wrong: float, std: float = 0.1) -> None:
        super().__init__()
        self.std, other = math.log(std), wrong / (K - 1)
        self.probs = torch.full((K, K), other) + (1 - wrong - other) * torch.eye(K)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.probs.log().clamp(min=-100)[x[:, 0].round().long()]
        return torch.cat([logits, x[:, 1:], torch.full_like(x[:, 1:], self.std)], 1)


def planted(wrong: float, std: float = 0.1) -> InfoGAN:
    model = build(uniform=1, noise=2)
    model.generator["g"], model.generator["q"] = Channel(wrong, std), BestReader(wrong, std)
    return model


def information(model: InfoGAN, n: int = 200_000) -> tuple[float, float]:
    """L_I of the category and of the uniform codes, as a training reports them."""
    x = torch.zeros(n, 2)
    *_, generator = model.losses(Batch(x, torch.zeros(n, dtype=torch.int64), torch.ones(n)), device.generator(1))
    return tuple(float(generator.terms[f"{part} information"].mean()) for part in ("category", "uniform"))  # type: ignore[return-value]


def test_where_a_sample_says_its_category_the_bound_is_the_entropy() -> None:
    assert information(planted(0.0), 1_000)[0] == pytest.approx(math.log(K), abs=1e-5)


@pytest.mark.parametrize("wrong", [0.1, 0.5, 1 - 1 / K])
def test_of_a_noisy_channel_the_bound_is_its_capacity(wrong: float) -> None:
    unsure = -wrong * math.log(wrong) - (1 - wrong) * math.log(1 - wrong)
    capacity = math.log(K) - unsure - wrong * math.log(K - 1)  # Cover & Thomas (2006), eq. 7.24
    assert information(planted(wrong))[0] == pytest.approx(capacity, abs=0.01)


@pytest.mark.parametrize("std", [0.05, 0.3])
def test_of_a_number_with_noise_the_bound_is_known(std: float) -> None:
    closed = math.log(2) - 0.5 * math.log(2 * math.pi * math.e * std**2)
    assert information(planted(0.0, std))[1] == pytest.approx(closed, abs=0.01)


def test_a_reader_that_is_wrong_gives_a_lower_bound() -> None:
    model = planted(0.3)
    best = information(model, 20_000)[0]
    model.generator["q"] = BestReader(0.1)
    assert information(model, 20_000)[0] < best - 0.05


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
def test_the_weight_scales_what_reaches_the_generator_and_not_what_its_reader_learns(weight: float) -> None:
    x = torch.zeros(64, 2)
    batch = Batch(x, torch.zeros(64, dtype=torch.int64), torch.ones(64))
    slopes = {}
    for value in (0.0, 1.0, weight):
        model = build(information=value, uniform=1, uniform_information=value)
        *_, generator = model.losses(batch, device.generator(1))
        generator.value.mean().backward()
        slopes[value] = {name: p.grad for name, p in model.generator.named_parameters() if p.grad is not None}
    for name, at_weight in slopes[weight].items():
        without, whole = slopes[0.0][name], slopes[1.0][name]
        expected = whole if name.startswith("q") else without + weight * (whole - without)
        torch.testing.assert_close(at_weight, expected, rtol=1e-4, atol=1e-6)


def test_an_example_is_encoded_by_the_mean_of_what_it_says() -> None:
    code = planted(0.2).encode(torch.tensor([[3.0, 0.4], [0.0, -0.7]]))
    expected = torch.full((2, K), 0.05)
    expected[0, 3] = expected[1, 0] = 0.8
    torch.testing.assert_close(code, torch.cat([expected, torch.tensor([[0.4, 0, 0], [-0.7, 0, 0]])], 1))


@pytest.mark.training
@pytest.mark.parametrize(("weight", "least", "most"), [(1.0, 1.9, 2.0795), (0.0, 0.0, 0.3)])
def test_on_a_ring_of_eight_only_the_information_ties_a_category_to_a_mode(
    weight: float, least: float, most: float
) -> None:
    splits = load(DATA)
    splits = splits._replace(valid=splits.valid[:10])
    model = InfoGAN(InfoGAN.Config(**RING, information=weight), splits.train.spec)  # type: ignore[arg-type]
    initialise(model, device.generator(0))
    for _ in train(model, splits, TrainConfig(epochs=2)):
        pass
    found = measure(model, splits.test)
    assert least <= found["information"] <= most
    assert least - 0.1 <= found["bound"] <= most


def test_more_uniform_codes_than_an_example_has_values_are_refused() -> None:
    build(uniform=2)
    with pytest.raises(ValueError, match=naming(3, 2)):
        build(uniform=3)
