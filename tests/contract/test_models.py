"""What every entry of MODELS promises, whatever its network; a new model is picked up by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.support import jacobian
from latentlab.data import Kind, Splits, kind_of
from latentlab.knobs import from_dict, knobs
from latentlab.models import (
    MODELS,
    Classifies,
    Conditional,
    Decodes,
    Denoises,
    Encodes,
    LogLikelihood,
    Samples,
    Spec,
    Trains,
    Walks,
    abilities,
)
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import train
from tests.conftest import noise_images

SMALL = {"z_dim": 3, "hidden": 32, "width": 4, "alpha": 6.0}  # with 50 the labels drown the rest
B = 5


def _networks(name: str) -> tuple[str, ...]:
    return next((knob.choices for knob in knobs(MODELS[name].Config) if knob.name == "network"), ("",))


CASES = [pytest.param(name, network, id=f"{name}-{network}") for name in MODELS for network in _networks(name)]
each_model = pytest.mark.parametrize(("name", "network"), CASES)


def build(name: str, network: str, shape: tuple[int, ...] = (1, 8, 8), n_classes: int = 3) -> Trains:
    """A small model of this kind, with parameters from seed 0."""
    known = {knob.name for knob in knobs(MODELS[name].Config)}
    values = {key: value for key, value in (SMALL | {"network": network}).items() if key in known}
    model = MODELS[name](from_dict(MODELS[name].Config, values), Spec(shape, n_classes, kind_of(shape)))
    assert isinstance(model, Trains)
    initialise(model, device.generator(0))
    return model


def having(*ability: type[Any]) -> Any:
    """The cases whose model has all of these abilities (any: mypy takes no abstract class for a type)."""
    return [case for case in CASES if all(issubclass(MODELS[str(case.values[0])], one) for one in ability)]


def test_a_model_is_listed_under_its_own_name() -> None:
    assert {name: model.name for name, model in MODELS.items()} == {name: name for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_the_defaults_of_the_knobs_are_a_config(name: str) -> None:
    config = MODELS[name].Config
    assert from_dict(config, {}) == config()
    model = MODELS[name](config(), Spec((1, 28, 28), 10, Kind.IMAGE))
    assert (model.spec, model.size > 0) == (Spec((1, 28, 28), 10, Kind.IMAGE), True)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_an_ability_and_says_which(name: str) -> None:
    assert abilities(MODELS[name])


@each_model
@pytest.mark.parametrize("training", [True, False])
def test_a_loss_and_its_terms_are_one_finite_number_an_example(name: str, network: str, training: bool) -> None:
    model = build(name, network).train(training)
    losses = list(model.losses(noise_images(B).batch(), device.generator(1)))
    assert [term for loss in losses for term in loss.terms] == list(model.units)
    for tensor in [t for loss in losses for t in (loss.value, *loss.terms.values())]:
        assert tensor.shape == (B,)
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()


@each_model
def test_the_loss_of_an_example_does_not_depend_on_the_others(name: str, network: str) -> None:
    model, batch = build(name, network), noise_images(B).batch()
    other = batch._replace(x=torch.cat([batch.x[:1], 1 - batch.x[1:]]))
    pairs = zip(model.losses(batch, device.generator(1)), model.losses(other, device.generator(1)), strict=True)
    for loss, changed in pairs:
        torch.testing.assert_close(changed.value[0], loss.value[0])
        assert not torch.isclose(changed.value[1:], loss.value[1:]).any()


@each_model
def test_the_gradient_reaches_every_parameter(name: str, network: str) -> None:
    model = build(name, network).train()
    for loss in model.losses(noise_images(32).batch(), device.generator(1)):
        loss.value.mean().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@each_model
def test_training_lowers_the_validation_loss(name: str, network: str, few_digits: Splits) -> None:
    model = build(name, network, few_digits.train.shape, len(few_digits.train.classes))
    before = evaluate(model, few_digits.valid)["loss"]
    *_, last = train(model, few_digits, TrainConfig(epochs=10, batch_size=16, learning_rate=3e-3))
    assert last.valid["loss"] < 0.8 * before
    assert not model.training


@pytest.mark.parametrize(("name", "network"), having(Encodes))
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 13), (3, 10, 8)])
def test_a_code_is_a_vector(name: str, network: str, shape: tuple[int, ...]) -> None:
    model = build(name, network, shape).eval()
    assert isinstance(model, Encodes)
    assert model.encode(noise_images(B, shape).batch().x).shape == (B, model.z_dim)


@pytest.mark.parametrize(("name", "network"), having(Decodes))
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 13), (3, 10, 8)])
def test_a_decoded_code_is_an_image_of_the_datas_shape(name: str, network: str, shape: tuple[int, ...]) -> None:
    model = build(name, network, shape).eval()
    assert isinstance(model, Decodes)
    x = model.decode(100 * torch.randn(B, model.z_dim, generator=device.generator(1)))
    assert x.shape == (B, *shape)
    assert x.min() >= 0
    assert x.max() <= 1


@pytest.mark.parametrize(("name", "network"), having(Conditional))
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 13), (3, 10, 8)])
def test_a_conditional_model_has_a_code_and_an_image_for_each_class(
    name: str, network: str, shape: tuple[int, ...]
) -> None:
    model = build(name, network, shape).eval()
    assert isinstance(model, Conditional)
    y = torch.tensor([0, 1, 2, 2, 1])
    z = model.encode(noise_images(B, shape).batch().x, y)
    assert z.shape == (B, model.z_dim)
    x = model.decode(100 * z, y)
    assert x.shape == (B, *shape)
    assert x.min() >= 0
    assert x.max() <= 1
    other = model.decode(100 * z, 2 - y)
    assert torch.equal((x != other).flatten(1).any(1), y != 1)  # the class has a say, and each only in its own example


@pytest.mark.parametrize(("name", "network"), having(Conditional))
def test_a_single_class_is_refused(name: str, network: str) -> None:
    with pytest.raises(ValueError, match="at least two classes"):
        build(name, network, n_classes=1)


@pytest.mark.parametrize(("name", "network"), having(Samples))
def test_a_sample_is_images_and_the_generator_decides_which(name: str, network: str) -> None:
    model = build(name, network).eval()
    assert isinstance(model, Samples)
    x = model.sample(B, device.generator(1))
    assert x.shape == (B, 1, 8, 8)
    assert x.min() >= 0
    assert x.max() <= 1
    assert torch.equal(x, model.sample(B, device.generator(1)))
    assert not torch.equal(x, model.sample(B, device.generator(2)))


@pytest.mark.parametrize(("name", "network"), having(Walks))
def test_a_walk_goes_from_examples_to_examples_and_the_generator_decides_where(name: str, network: str) -> None:
    model, x = build(name, network).eval(), noise_images(B).batch().x
    assert isinstance(model, Walks)
    y = model.walk(x, device.generator(1))
    assert y.shape == x.shape
    assert y.isfinite().all()
    assert not y.requires_grad
    assert torch.equal(y, model.walk(x, device.generator(1)))
    assert not torch.equal(y, model.walk(x, device.generator(2)))
    assert not torch.equal(y, x)


@pytest.mark.parametrize(("name", "network"), having(LogLikelihood))
@pytest.mark.parametrize("n", [1, 7])
def test_a_log_probability_is_a_number_an_image(name: str, network: str, n: int) -> None:
    model, x = build(name, network).eval(), noise_images(B).batch().x
    assert isinstance(model, LogLikelihood)
    bound = model.log_prob(x, n, device.generator(1))
    assert bound.shape == (B,)
    assert bound.isfinite().all()
    assert not bound.requires_grad
    assert torch.equal(bound, model.log_prob(x, n, device.generator(1)))


@pytest.mark.parametrize(("name", "network"), having(Classifies))
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 13), (3, 10, 8)])
def test_class_probabilities_sum_to_one(name: str, network: str, shape: tuple[int, ...]) -> None:
    model = build(name, network, shape, n_classes=4).eval()
    assert isinstance(model, Classifies)
    log_probs = model.classify(noise_images(B, shape).batch().x)
    assert log_probs.shape == (B, 4)
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(B))


@pytest.mark.parametrize(("name", "network"), having(Denoises))
@pytest.mark.parametrize("shape", [(2,), (1, 9, 13), (3, 10, 8)])
def test_what_is_denoised_has_the_shape_it_had(name: str, network: str, shape: tuple[int, ...]) -> None:
    if network == "conv" and len(shape) == 1:
        shape = (2, 8, 8)
    model = build(name, network, shape).eval()
    assert isinstance(model, Denoises)
    assert model.sigma > 0
    x = torch.randn(B, *shape, generator=device.generator(1))
    with torch.no_grad():
        r = model.denoise(x)
    assert r.shape == x.shape
    assert r.isfinite().all()
    moved = jacobian(model.denoise, x.flatten(1)) if len(shape) == 1 else None
    assert moved is None or moved.abs().sum() > 0


@each_model
def test_in_eval_mode_the_same_seed_gives_the_same_answer(name: str, network: str) -> None:
    model, batch = build(name, network).eval(), noise_images(B).batch()

    def losses(_: Tensor) -> Tensor:
        return torch.stack([loss.value for loss in model.losses(batch, device.generator(1))])

    asked: list[tuple[Callable[[Tensor], Tensor], Tensor]] = [(losses, batch.x)]
    if isinstance(model, Encodes):
        asked.append((model.encode, batch.x))
    if isinstance(model, Decodes):
        asked.append((model.decode, torch.ones(B, model.z_dim)))
    if isinstance(model, Conditional):
        asked.append((lambda x: model.decode(model.encode(x, batch.y), batch.y), batch.x))
    if isinstance(model, Classifies):
        asked.append((model.classify, batch.x))
    if isinstance(model, Denoises):
        asked.append((model.denoise, batch.x))
    before = torch.get_rng_state()
    for function, argument in asked:
        assert torch.equal(function(argument), function(argument))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("name", "network"), [case for case in CASES if case.values[1] == "conv"])
def test_a_convolutional_model_refuses_what_is_no_image(name: str, network: str) -> None:
    with pytest.raises(ValueError, match="at least 8×8 pixels"):
        build(name, network, (1, 7, 28))


def test_the_size_is_the_number_of_weights_and_biases() -> None:
    encoder = (64 * 32 + 32) + (32 * 32 + 32) + (32 * 3 + 3)
    decoder = (3 * 32 + 32) + (32 * 32 + 32) + (32 * 64 + 64)
    assert build("ae", "mlp").size == encoder + decoder
    assert build("vae", "mlp").size == encoder + (32 * 3 + 3) + decoder  # and a log_std for each dimension
