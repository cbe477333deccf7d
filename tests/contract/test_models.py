"""What every entry of MODELS promises, whatever its network; a new model is picked up by its name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.jacobian import jacobian
from latentlab.data import UNLABELLED, DataError, Dataset, Kind, LabelUse, Splits, kind_of, load
from latentlab.knobs import from_dict, knobs
from latentlab.models import (
    MODELS,
    Autoregressive,
    Auxiliary,
    Classifies,
    Conditional,
    Decodes,
    Denoises,
    Encodes,
    Energy,
    Fits,
    HasPosterior,
    HasPosteriorGiven,
    HasPrior,
    InfersLatents,
    Layered,
    LogLikelihood,
    Model,
    Samples,
    Spec,
    Trains,
    Walks,
    abilities,
)
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import OF_SEQUENCES
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train
from tests.conftest import examples_for, naming, noise_images, with_factors

SMALL = {
    "z_dim": 3,
    "z2_dim": 2,
    "hidden": 32,
    "width": 4,
    "first_filters": 4,
    "second_filters": 8,
    "alpha": 6.0,
    "blocks": 1,
    "aux_weight": 1.0,
}  # with α = 50 the labels drown the rest
SMALL |= {"tune": True}  # every parameter is trained
SMALL |= {"batch_norm": False}  # what one example gives doesn't depend on the others
B = 5


def _networks(name: str) -> tuple[str, ...]:
    """Those of images; those of sequences are in `tests/nn/test_sequences.py`."""
    found = next((knob.choices for knob in knobs(MODELS[name].Config) if knob.name == "network"), ("",))
    return tuple(network for network in found if network not in OF_SEQUENCES)


CASES = [pytest.param(name, network, id=f"{name}-{network}") for name in MODELS for network in _networks(name)]
each_model = pytest.mark.parametrize(("name", "network"), CASES)
OF_BATCH = ("tcvae",)  # the other examples of a batch say how dense the codes are
SHAPES = [(1, 8, 8), (1, 9, 13), (3, 10, 8)]


def shape_for(name: str) -> tuple[int, ...]:
    """Of examples that a model can learn: images, or points where it can't learn those."""
    return (1, 8, 8) if Kind.IMAGE in MODELS[name].kinds else (2,)


def build(name: str, network: str, shape: tuple[int, ...] | None = None, n_classes: int = 3) -> Model:
    """A small model of this kind, with parameters from seed 0."""
    known = {knob.name for knob in knobs(MODELS[name].Config)}
    values = {key: value for key, value in (SMALL | {"network": network}).items() if key in known}
    shape = shape or shape_for(name)
    model = MODELS[name](from_dict(MODELS[name].Config, values), Spec(shape, n_classes, kind_of(shape)))
    initialise(model, device.generator(0))
    return model


def build_trained(name: str, network: str) -> Trains:
    model = build(name, network)
    assert isinstance(model, Trains)
    return model


def examples(name: str, n: int = B) -> Dataset:
    """Random examples that a model can learn, with random labels."""
    return examples_for(name, n)


def splits_for(name: str, digits: Splits) -> Splits:
    """A few examples that a model can be trained on."""
    kind = MODELS[name]
    if Kind.IMAGE not in kind.kinds:
        return Splits(*(part[:500] for part in load("moons")))
    needs_factors = issubclass(kind, Trains) and kind.needs_factors
    return digits._replace(train=with_factors(digits.train)) if needs_factors else digits


def having(*ability: type[Any]) -> Any:
    """The cases whose model has all of these abilities (any: mypy takes no abstract class for a type)."""
    return [case for case in CASES if all(issubclass(MODELS[str(case.values[0])], one) for one in ability)]


def with_shapes(*ability: type[Any]) -> Any:
    """The cases whose model has these abilities, each with shapes of examples that it can learn."""
    return [
        pytest.param(*case.values, shape, id=f"{case.id}-{'x'.join(map(str, shape))}")
        for case in having(*ability)
        for shape in _shapes(MODELS[str(case.values[0])])
    ]


def _shapes(model: type[Model]) -> list[tuple[int, ...]]:
    """Of examples that a model can learn; one value after the other goes through one channel only."""
    if Kind.IMAGE not in model.kinds:
        return [(2,), (5,)]
    return [shape for shape in SHAPES if shape[0] == 1 or not issubclass(model, Autoregressive)]


each_trained = pytest.mark.parametrize(
    ("name", "network"), [case for case in CASES if issubclass(MODELS[str(case.values[0])], Trains)]
)


def test_a_model_is_listed_under_its_own_name() -> None:
    assert {name: model.name for name, model in MODELS.items()} == {name: name for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_the_defaults_of_the_knobs_are_a_config(name: str) -> None:
    config = MODELS[name].Config
    assert from_dict(config, {}) == config()
    shape = (1, 28, 28) if Kind.IMAGE in MODELS[name].kinds else (3,)
    spec = Spec(shape, 10, kind_of(shape))
    model = MODELS[name](config(), spec)
    assert (model.spec, model.size > 0) == (spec, True)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_an_ability_and_says_which(name: str) -> None:
    assert abilities(MODELS[name])


@each_trained
@pytest.mark.parametrize("training", [True, False])
def test_a_loss_and_its_terms_are_one_finite_number_an_example(name: str, network: str, training: bool) -> None:
    model = build_trained(name, network).train(training)
    losses = list(model.losses(examples(name).batch(), device.generator(1)))
    assert [term for loss in losses for term in loss.terms] == list(model.units)
    assert tuple(dict.fromkeys(loss.player for loss in losses)) == model.players
    for tensor in [t for loss in losses for t in (loss.value, *loss.terms.values())]:
        assert tensor.shape == (B,)
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all() or (training and tensor.isnan().all())  # what takes too long in each step
    assert all(loss.value.isfinite().all() for loss in losses)


@pytest.mark.parametrize(
    ("name", "network"),
    [case for case in CASES if issubclass(MODELS[str(case.values[0])], Trains) and case.values[0] not in OF_BATCH],
)
def test_the_loss_of_an_example_does_not_depend_on_the_others(name: str, network: str) -> None:
    model, batch = build_trained(name, network), examples(name).batch()
    other = batch._replace(x=torch.cat([batch.x[:1], 1 - batch.x[1:]]))
    pairs = zip(model.losses(batch, device.generator(1)), model.losses(other, device.generator(1)), strict=True)
    depends = []  # of each player: a generator's loss doesn't look at the examples
    for loss, changed in pairs:
        torch.testing.assert_close(changed.value[0], loss.value[0])
        depends.append(not bool(torch.isclose(changed.value[1:], loss.value[1:]).any()))
    assert depends[0]


@each_trained
def test_the_gradient_reaches_every_parameter(name: str, network: str) -> None:
    model = build_trained(name, network).train()
    for loss in model.losses(examples(name, 32).batch(), device.generator(1)):
        loss.value.mean().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.training
@each_trained
def test_training_improves_the_headline(name: str, network: str, few_digits: Splits) -> None:
    splits, config = splits_for(name, few_digits), TrainConfig(epochs=10, batch_size=16, learning_rate=3e-3)
    model = build(name, network, splits.train.shape, len(splits.train.classes))
    before = model.headline.improvement(evaluate(model, splits.valid))
    *_, last = train(model, splits, config)
    assert model.headline.improvement(last.valid) < 0.8 * before
    assert not model.training


@pytest.mark.parametrize(("name", "network"), having(Fits))
def test_a_fit_improves_the_headline(name: str, network: str, few_digits: Splits) -> None:
    model = build(name, network, few_digits.train.shape, len(few_digits.train.classes))
    before = model.headline.improvement(evaluate(model, few_digits.valid))
    *_, last = train(model, few_digits, TrainConfig())
    assert last.done
    assert model.headline.improvement(last.valid) < before - 1
    assert model.headline.term in model.units


@pytest.mark.parametrize(("name", "network", "shape"), with_shapes(Encodes))
def test_a_code_is_a_vector(name: str, network: str, shape: tuple[int, ...]) -> None:
    model = build(name, network, shape).eval()
    assert isinstance(model, Encodes)
    assert model.encode(noise_images(B, shape).batch().x).shape == (B, model.z_dim)


@pytest.mark.parametrize(("name", "network", "shape"), with_shapes(Decodes))
def test_a_decoded_code_is_an_image_of_the_datas_shape(name: str, network: str, shape: tuple[int, ...]) -> None:
    model = build(name, network, shape).eval()
    assert isinstance(model, Decodes)
    x = model.decode(100 * torch.randn(B, model.z_dim, generator=device.generator(1)))
    assert x.shape == (B, *shape)
    assert x.isfinite().all()
    assert len(shape) == 1 or (x.min() >= 0 and x.max() <= 1)


@pytest.mark.parametrize(("name", "network", "shape"), with_shapes(Conditional))
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
    with pytest.raises(ValueError, match="class"):
        build(name, network, n_classes=1)


@pytest.mark.parametrize(("name", "network"), having(Samples))
def test_a_sample_is_images_and_the_generator_decides_which(name: str, network: str) -> None:
    model = build(name, network).eval()
    assert isinstance(model, Samples)
    x = model.sample(B, device.generator(1))
    assert x.shape == (B, *shape_for(name))
    assert x.isfinite().all()
    assert x.dim() == 2 or (x.min() >= 0 and x.max() <= 1)
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


@pytest.mark.parametrize(("name", "network", "shape"), with_shapes(Classifies))
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


@pytest.mark.parametrize(("name", "network"), having(HasPosterior))
def test_the_code_is_the_mean_of_the_posterior(name: str, network: str) -> None:
    model, x = build(name, network).eval(), examples(name).batch().x
    assert isinstance(model, HasPosterior)
    q = model.posterior(x)
    assert q.log_std.shape == (B, model.z_dim)
    assert torch.equal(q.mean, model.encode(x))


@pytest.mark.parametrize(("name", "network"), having(HasPrior))
def test_the_prior_draws_codes_that_it_knows(name: str, network: str) -> None:
    model = build(name, network)
    assert isinstance(model, HasPrior)
    z = model.prior.sample(B, device.generator(1))
    assert z.shape == (B, model.z_dim)
    assert model.prior.log_prob(z).isfinite().all()
    assert torch.equal(z, model.prior.sample(B, device.generator(1)))


@pytest.mark.parametrize(("name", "network"), having(InfersLatents))
def test_each_latent_variable_is_inferred(name: str, network: str) -> None:
    model, data = build(name, network).eval(), examples(name).batch()
    assert isinstance(model, InfersLatents)
    q = model.infer(data.x)
    assert [(layer.name, (B, layer.dim)) for layer in model.layers] == [(k, v.mean.shape) for k, v in q.items()]
    drawn = [model.infer(data.x, device.generator(1)) for _ in range(2)]
    for layer in model.layers:
        assert torch.equal(drawn[0][layer.name].mean, drawn[1][layer.name].mean)
    if isinstance(model, Encodes):
        assert torch.equal(q[model.layers[0].name].mean, model.encode(data.x))
    if isinstance(model, Auxiliary):
        assert torch.equal(q["a"].mean, model.auxiliary(data.x))
    if isinstance(model, Classifies) and isinstance(model, HasPosteriorGiven):
        assert torch.equal(q["z"].mean, model.encode(data.x, model.classify(data.x).argmax(1)))


@pytest.mark.parametrize(("name", "network"), having(Layered))
def test_each_layer_generates(name: str, network: str) -> None:
    model, x = build(name, network).eval(), examples(name).batch().x
    assert isinstance(model, Layered)
    q = model.infer(x)
    for layer in model.layers:
        assert model.generate(layer.name, q[layer.name].mean).shape == x.shape
    top = model.layers[-1].name
    kls = [model.unit_kl(x, device.generator(1)) for _ in range(2)]
    assert [(layer.name, (B, layer.dim)) for layer in model.layers] == [(k, kl.shape) for k, kl in kls[0].items()]
    assert all(torch.equal(kls[0][layer.name], kls[1][layer.name]) for layer in model.layers)
    again = [model.generate(top, q[top].mean, device.generator(seed)) for seed in (1, 1, 2)]
    assert torch.equal(again[0], again[1])
    assert not torch.equal(again[0], again[2])
    with pytest.raises(ValueError, match="'attic'"):
        model.generate("attic", q[top].mean)


@pytest.mark.parametrize(("name", "network"), having(Energy, LogLikelihood))
def test_an_energy_is_minus_an_exact_log_likelihood_but_for_a_constant(name: str, network: str) -> None:
    model, x = build(name, network).eval(), examples(name).batch().x
    assert isinstance(model, Energy)
    assert isinstance(model, LogLikelihood)
    assert model.exact
    with torch.no_grad():
        constant = model.energy(x) + model.log_prob(x, 1, device.generator(0))
    torch.testing.assert_close(constant, constant[:1].expand(B))
    assert float(model.energy(x).detach().std()) > 1e-3


@pytest.mark.parametrize(("name", "network"), having(Autoregressive, LogLikelihood))
def test_conditionals_add_up_and_see_only_what_comes_before(name: str, network: str) -> None:
    model = build(name, network).eval()
    assert isinstance(model, Autoregressive)
    assert isinstance(model, LogLikelihood)
    x = (examples(name).batch().x > 0.5).float()
    with torch.no_grad():
        parts = model.log_conditionals(x)
        torch.testing.assert_close(parts.flatten(1).sum(1), model.log_prob(x, 1, device.generator(0)))
        middle = parts[0].numel() // 2
        other = x.flatten(1).clone()
        other[:, middle] = 1 - other[:, middle]
        changed = model.log_conditionals(other.reshape(x.shape))
    assert torch.equal(changed.flatten(1)[:, :middle], parts.flatten(1)[:, :middle])
    assert not torch.equal(changed.flatten(1)[:, middle:], parts.flatten(1)[:, middle:])
    stepped = model.sample_step(x, middle, device.generator(2))
    assert torch.equal(stepped.flatten(1)[:, :middle], x.flatten(1)[:, :middle])
    assert torch.equal(stepped.flatten(1)[:, middle + 1 :], x.flatten(1)[:, middle + 1 :])


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.kinds != frozenset(Kind)])
def test_data_of_another_kind_are_refused_before_anything_is_built(name: str) -> None:
    for kind in set(Kind) - MODELS[name].kinds:
        shape = {Kind.IMAGE: (1, 8, 8), Kind.SEQUENCE: (5, 2), Kind.PLANE: (2,), Kind.VECTOR: (6,)}[kind]
        with pytest.raises(ValueError, match=kind.value):
            start(name, MODELS[name].Config(), Spec(shape, 3, kind), TrainConfig())


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if issubclass(model, Trains)])
def test_what_a_model_says_of_labels_is_what_it_does_with_them(name: str, few_digits: Splits) -> None:
    kind, splits = MODELS[name], splits_for(name, few_digits)
    y = splits.train.y.clone()
    y[::3] = UNLABELLED
    partly = splits._replace(train=dataclasses.replace(splits.train, y=y))
    config = TrainConfig(epochs=1, batch_size=64)
    *_, last = train(build(name, _networks(name)[0], splits.train.shape, len(splits.train.classes)), partly, config)
    assert all(math.isfinite(value) for term, value in last.terms.items() if term.endswith("loss"))
    n_labelled = int((y != UNLABELLED).sum())
    n_seen = n_labelled if kind.labels is LabelUse.NEEDED else len(y)
    assert last.n_steps == math.ceil(n_seen / 64)
    hidden = TrainConfig(epochs=1, batch_size=64, labels=2 * len(splits.train.classes))
    fresh = build(name, _networks(name)[0], splits.train.shape, len(splits.train.classes))
    if kind.labels is LabelUse.UNUSED:
        with pytest.raises(DataError, match="0"):
            next(train(fresh, splits, hidden))
    else:
        assert math.isfinite(next(train(fresh, splits, hidden)).terms["loss"])


@each_model
def test_in_eval_mode_the_same_seed_gives_the_same_answer(name: str, network: str) -> None:
    model, batch = build(name, network).eval(), examples(name).batch()

    def losses(_: Tensor) -> Tensor:
        assert isinstance(model, Trains)
        return torch.stack([loss.value for loss in model.losses(batch, device.generator(1))])

    asked: list[tuple[Callable[[Tensor], Tensor], Tensor]] = [(losses, batch.x)] if isinstance(model, Trains) else []
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
    with pytest.raises(ValueError, match=naming("8×8", (1, 7, 28))):
        build(name, network, (1, 7, 28))


def test_the_size_is_the_number_of_weights_and_biases() -> None:
    encoder = (64 * 32 + 32) + (32 * 32 + 32) + (32 * 3 + 3)
    decoder = (3 * 32 + 32) + (32 * 32 + 32) + (32 * 64 + 64)
    assert build("ae", "mlp").size == encoder + decoder
    assert build("vae", "mlp").size == encoder + (32 * 3 + 3) + decoder  # and a log_std for each dimension
