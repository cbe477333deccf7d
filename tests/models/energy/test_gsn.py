"""The generative stochastic network: its steps, its noise, its weights of the walk, and what its chain visits."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from latentlab import device
from latentlab.data import Kind, Splits
from latentlab.models import Spec
from latentlab.models.energy.gsn import GSN
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.loop import train
from tests.conftest import noise_images

pytestmark = pytest.mark.training


def gsn(**config: Any) -> GSN:
    model = GSN(GSN.Config(**({"hidden": 40} | config)), Spec((1, 8, 8), 3, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model.eval()


def test_one_clean_step_is_an_autoencoder_with_tied_weights() -> None:
    model, batch = gsn(layers=1, corruption=0.0, walkback=1), noise_images(9).batch()
    (loss,) = model.losses(batch, device.generator(0))
    (up,) = model.up
    x = batch.x.flatten(1)
    logits = (x @ up.weight.T + up.bias).tanh() @ up.weight + model.bias  # type: ignore[operator]
    wanted = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    torch.testing.assert_close(loss.value, wanted)
    assert torch.equal(loss.terms["first step"], loss.terms["last step"])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_there_is_one_matrix_a_layer_and_one_bias_for_the_way_down(layers: int) -> None:
    shapes = {name: tuple(p.shape) for name, p in gsn(layers=layers).named_parameters()}
    sizes = [64, *[40] * layers]
    wanted: dict[str, tuple[int, ...]] = {"bias": (64,)}
    for k in range(layers):
        wanted |= {f"up.{k}.weight": (40, sizes[k]), f"up.{k}.bias": (40,)}
    assert shapes == wanted


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_there_are_two_reconstructions_a_hidden_layer_unless_another_number_is_given(layers: int) -> None:
    """2D of D hidden layers: Alain (2018), §5.5.2. A factor belongs to each."""
    assert len(gsn(layers=layers, scaling=True).factors) == 2 * layers
    assert len(gsn(layers=layers, scaling=True, walkback=5).factors) == 5


def test_odd_layers_are_updated_first_then_even_ones() -> None:
    model = gsn(layers=3, corruption=0.0, noise=0.0)
    x = noise_images(4).batch().x
    state = model.start(x)
    h = [torch.randn(4, 40, generator=device.generator(k)) for k in range(3)]
    after = model.step(state._replace(hidden=tuple(h)), device.generator(0))
    w = [layer.weight for layer in model.up]
    b = [layer.bias for layer in model.up]
    h1 = torch.tanh(x.flatten(1) @ w[0].T + b[0] + h[1] @ w[1])  # type: ignore[operator]
    h3 = torch.tanh(h[1] @ w[2].T + b[2])  # type: ignore[operator]
    h2 = torch.tanh(h1 @ w[1].T + b[1] + h3 @ w[2])  # type: ignore[operator]
    for found, wanted in zip(after.hidden, (h1, h2, h3), strict=True):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(model.expected(after).flatten(1), (h1 @ w[0] + model.bias).sigmoid())  # type: ignore[operator]


def test_the_first_hidden_layer_has_no_noise_and_the_others_have_it_twice() -> None:
    model, n = gsn(layers=2, corruption=0.0, noise=0.5), 4_000
    state = model.start(noise_images(1).batch().x.expand(n, 1, 8, 8))
    first, second = model.step(state, device.generator(0)).hidden
    assert first.std(0).max() < 1e-6
    a = first[0] @ model.up[1].weight.T + model.up[1].bias  # type: ignore[operator]
    inner = (a + 0.5 * torch.randn(n, 40, generator=device.generator(1))).tanh()
    torch.testing.assert_close(second.var(0), inner.var(0) + 0.25, rtol=0.12, atol=0)
    torch.testing.assert_close(second.mean(0), inner.mean(0), rtol=0, atol=5 * math.sqrt(0.6 / n))


def test_salt_and_pepper_spoil_as_many_pixels_as_it_says() -> None:
    model, x = gsn(corruption=0.3), torch.full((200, 1, 8, 8), 0.25)
    spoilt = model.corrupt(x, device.generator(0))
    for value, share in ((0.0, 0.15), (1.0, 0.15), (0.25, 0.7)):
        assert float((spoilt == value).double().mean()) == pytest.approx(share, abs=0.015)


def test_a_geometric_walk_weighs_each_step_half_the_last() -> None:
    batch, seen = noise_images(6).batch(), {}
    for steps in ("fixed", "geometric"):
        (loss,) = gsn(layers=1, walkback=2, steps=steps).losses(batch, device.generator(3))
        seen[steps] = loss
    first, last = (seen["fixed"].terms[name] for name in ("first step", "last step"))
    assert not torch.isclose(first, last).any()
    torch.testing.assert_close(seen["fixed"].value, (first + last) / 2)
    torch.testing.assert_close(seen["geometric"].value, (first + last) / 2)  # the last stands for all longer chains
    (three,) = gsn(layers=1, walkback=3, steps="geometric").losses(batch, device.generator(3))
    middle = (three.value - three.terms["first step"] / 2 - three.terms["last step"] / 4) * 4
    (equal,) = gsn(layers=1, walkback=3).losses(batch, device.generator(3))
    torch.testing.assert_close(3 * equal.value - equal.terms["first step"] - equal.terms["last step"], middle)
    (end,) = gsn(layers=1, walkback=3, steps="last").losses(batch, device.generator(3))
    assert torch.equal(end.value, three.terms["last step"])


def test_the_drawn_pixels_carry_no_gradient_but_the_hidden_layers_do() -> None:
    model, x = gsn(layers=2), noise_images(3).batch().x
    state = model.step(model.start(x), device.generator(0))
    assert not state.x.requires_grad
    assert all(h.requires_grad for h in state.hidden)
    assert set(state.x.unique().tolist()) <= {0.0, 1.0}


def test_a_burn_in_moves_the_hidden_layers_with_the_example_given() -> None:
    """Algorithm 1 of Alain (2018): h_1 ~ f(h_1|h_0, x_0) again and again; without noise these are plain updates."""
    model, x = gsn(layers=2, corruption=0.0, noise=0.0, walkback=1, burn_in=3), noise_images(4).batch().x
    state = model.start(x)
    for _ in range(4):
        state = model.step(state._replace(x=x), device.generator(0))
    (loss,) = model.losses(noise_images(4).batch(), device.generator(0))
    torch.testing.assert_close(loss.value, -model._log_prob(x, state.out, 0).flatten(1).sum(1))
    (without,) = gsn(layers=2, corruption=0.0, noise=0.0, walkback=1).losses(
        noise_images(4).batch(), device.generator(0)
    )
    assert (loss.value - without.value).abs().min() > 1e-3


def test_a_gaussian_output_has_a_spread_for_each_value_and_a_factor_for_each_step() -> None:
    model, batch = gsn(layers=1, output="gaussian", corruption=0.0, walkback=2, scaling=True), noise_images(4).batch()
    with torch.no_grad():
        model.log_std.copy_(torch.linspace(-1, 1, 64))  # type: ignore[union-attr]
        model.log_scale.copy_(torch.tensor([0.7, 1.7]))  # type: ignore[union-attr]
    assert model.factors == pytest.approx((1.0, math.e))
    (loss,) = model.losses(batch, device.generator(0))
    (up,) = model.up
    x, std = batch.x.flatten(1), torch.linspace(-1, 1, 64).exp()
    mean = (x @ up.weight.T + up.bias).tanh() @ up.weight + model.bias  # type: ignore[operator]
    wanted = -torch.distributions.Normal(mean, std).log_prob(x).sum(1)
    torch.testing.assert_close(loss.terms["first step"], wanted)
    one = model.start(batch.x[:1].expand(20_000, 1, 8, 8))
    for k, factor in enumerate(model.factors):
        drawn = model.step(one, device.generator(1), k)
        apart = (drawn.x - model.expected(drawn)).flatten(1)
        torch.testing.assert_close(apart.std(0), std * math.sqrt(factor), rtol=0.03, atol=0)
    noisy = gsn(output="gaussian", corruption=0.3).corrupt(torch.zeros(500, 1, 8, 8), device.generator(2))
    assert noisy.std() == pytest.approx(0.3, rel=0.02)


def test_pixels_can_be_cut_at_one_half() -> None:
    batch = noise_images(5).batch()
    cut = batch._replace(x=(batch.x > 0.5).float())
    (a,) = gsn(binary=True).losses(batch, device.generator(0))
    (b,) = gsn(binary=False).losses(cut, device.generator(0))
    assert torch.equal(a.value, b.value)


def test_the_own_walk_is_the_walk_of_training_from_an_empty_hidden_state() -> None:
    model, x = gsn(layers=2, walkback=3), noise_images(4).batch().x
    with torch.no_grad():
        state = model.start(x)
        rng = device.generator(0)
        for k in range(3):
            state = model.step(state, rng, k)
        assert torch.equal(model.walk(x, device.generator(0)), state.x)
        one = gsn(layers=1, walkback=3)
        assert torch.equal(one.walk(x, device.generator(0)), one.step(one.start(x), device.generator(0)).x)


def test_the_factors_of_the_walk_fall_when_they_are_learned(digits: Splits) -> None:
    """The first step knows most of x_0, so its logits are trusted most (Alain 2018, Fig. 5.9)."""
    model = GSN(GSN.Config(hidden=100, scaling=True, noise=1.0), digits.train.spec)
    initialise(model, device.generator(0))
    for _ in train(model, digits, TrainConfig(epochs=25, batch_size=50, learning_rate=3e-3)):
        pass
    assert model.log_scale is not None
    factors = model.log_scale.exp()
    assert (factors[0] > 1.2 * factors[1:]).all()


def test_the_variances_of_the_walk_rise_when_they_are_learned(digits: Splits) -> None:
    """Each step from the second on knows less of x_0 than the one before (Alain 2018, Fig. 5.9, of real-valued faces).

    Whether the second exceeds the first, which is the unit, depends on the seed and the processor: 0.76 and 1.65 here.
    """
    config = GSN.Config(layers=1, hidden=100, output="gaussian", corruption=0.3, scaling=True, walkback=4)
    model = GSN(config, digits.train.spec)
    initialise(model, device.generator(0))
    for _ in train(model, digits, TrainConfig(epochs=40, batch_size=50, learning_rate=1e-2)):
        pass
    first, second, third, fourth = model.factors
    assert first == 1
    assert second < third < fourth


def test_a_trained_chain_stays_near_the_digits_and_moves_between_them(digits: Splits) -> None:
    model = GSN(GSN.Config(layers=1, corruption=0.3, walkback=2, binary=True), digits.train.spec)
    initialise(model, device.generator(0))
    for _ in train(model, digits, TrainConfig(epochs=40, batch_size=50, learning_rate=3e-3)):
        pass
    with torch.no_grad():
        samples = model.sample(200, device.generator(1)).flatten(1)
    known, test = ((part.batch().x.flatten(1) > 0.5).float() for part in (digits.train, digits.test))
    noise = torch.rand(200, 64, generator=device.generator(2))
    gap, real, far = (torch.cdist(x, known).min(1).values.mean() for x in (samples, test, noise))
    assert gap < 1.3 * real < 0.6 * far
    assert samples.std(0).mean() > 0.4 * known.std(0).mean()  # not one digit over and over
