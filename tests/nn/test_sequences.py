"""Networks over time: the recurrence by hand and as PyTorch has it, sizes, and models of sequences with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.activations import layer_names
from latentlab.analysis.curvature.objective import objective_of
from latentlab.analysis.jacobian import jacobian
from latentlab.data import Dataset, Kind, LabelUse, Spec, Splits
from latentlab.export.decoder import ProgramError, unroll
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, Decodes, Encodes, HasLikelihood, HasPosterior, LogLikelihood, Trains, knobs_for
from latentlab.nn.gradient_norms import GradientNorms
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import OF_IMAGES, OF_SEQUENCES
from latentlab.nn.sequences import GRU, FlatSequence, conv1d_decoder, conv1d_encoder, gru_decoder, gru_encoder
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start, train

SHAPE = (5, 2)
SMALL = {"z_dim": 3, "filters": 4, "state_dim": 8}
each_network = pytest.mark.parametrize("network", OF_SEQUENCES)
MODELS_OVER_TIME = [
    name
    for name in MODELS
    if any(knob.name == "network" and "gru" in knob.choices for knob in knobs(MODELS[name].Config))
]

OF_SEVERAL_INPUTS = [name for name in MODELS if any(knob.name == "x_network" for knob in knobs(MODELS[name].Config))]


def gru(n_in: int, n_state: int) -> GRU:
    layer = GRU(n_in, n_state)
    initialise(layer, device.generator(0))
    return layer


def build(name: str, network: str, shape: tuple[int, int] = SHAPE, likelihood: str = "real-gaussian") -> Trains:
    values = SMALL | {"network": network, "likelihood": likelihood}
    known = {knob.name for knob in knobs(MODELS[name].Config)}
    config = from_dict(MODELS[name].Config, {key: value for key, value in values.items() if key in known})
    model = MODELS[name](config, Spec(shape, 0, Kind.SEQUENCE))
    initialise(model, device.generator(0))
    assert isinstance(model, Trains)
    return model.eval()


def windows(n: int, shape: tuple[int, int] = SHAPE, seed: int = 0) -> Tensor:
    return torch.randn(n, *shape, generator=device.generator(seed))


def waves(n: int, seed: int) -> Dataset:
    """A wave of period 8 whose phase is drawn, 8 times with noise."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, n)[:, None]
    x = 0.5 + 0.4 * np.sin(phase + 2 * np.pi * np.arange(8) / 8) + 0.04 * rng.normal(size=(n, 8))
    return Dataset("waves", torch.from_numpy(x[..., None]).float(), torch.zeros(n).long(), ("wave",), Kind.SEQUENCE)


def test_the_recurrence_is_what_it_says() -> None:
    layer = gru(2, 3).double()
    x = windows(1, (4, 2)).double()
    w, u, b, c = (p.detach().numpy() for p in (layer.of_input, layer.of_state, layer.input_bias, layer.state_bias))

    def sigmoid(a: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return 1 / (1 + np.exp(-a))

    h, expected = np.zeros(3), []
    for row in x[0].numpy():
        of_x, of_h = w @ row + b, u @ h + c
        r, keep = sigmoid(of_x[:3] + of_h[:3]), sigmoid(of_x[3:6] + of_h[3:6])
        h = (1 - keep) * np.tanh(of_x[6:] + r * of_h[6:]) + keep * h
        expected.append(h)
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), expected, rtol=1e-12)


def test_it_is_pytorchs_own() -> None:
    mine, theirs, x = gru(2, 3), nn.GRU(2, 3, batch_first=True), windows(6)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    theirs.load_state_dict(dict(zip(names, mine.state_dict().values(), strict=True)))
    torch.testing.assert_close(mine(x), theirs(x)[0])
    begin = windows(1, (6, 3))[0]
    torch.testing.assert_close(mine(x, begin), theirs(x, begin[None])[0])
    initialise(theirs, device.generator(0))
    assert mine.of_state.abs().max() <= 1 / math.sqrt(3)
    assert torch.equal(gru(2, 3).of_input, mine.of_input)


def test_convolutions_over_time_have_the_sizes_that_they_should() -> None:
    encoder, decoder = conv1d_encoder(4, (15, 6), 7), conv1d_decoder(3, 4, (15, 6))
    sizes = [sum(p.numel() for p in network.parameters()) for network in (encoder, decoder)]
    expected = (6 * 4 * 5 + 4) + (4 * 8 * 5 + 8) + (8 * 4 * 16 + 16) + (16 * 7 + 7)  # 15, 8 and 4 times
    assert sizes == [expected, (3 * 16 + 16) + (16 * 8 * 4 + 8 * 4) + (8 * 4 * 5 + 4) + (4 * 6 * 5 + 6)]
    assert encoder[:4](windows(2, (15, 6))).shape == (2, 8, 4)


@pytest.mark.parametrize("n_times", [1, 2, 3, 8, 15])
def test_they_take_any_number_of_times(n_times: int) -> None:
    shape, z = (n_times, 2), windows(1, (4, 3))[0]
    for encoder, decoder in (
        (conv1d_encoder(2, shape, 3), conv1d_decoder(3, 2, shape)),
        (gru_encoder(5, shape, 3), gru_decoder(3, 5, shape)),
    ):
        initialise(encoder, device.generator(0))
        assert encoder(windows(4, shape)).shape == (4, 3)
        assert decoder(z).shape == (4, *shape)


@each_network
def test_the_order_of_the_times_matters(network: str) -> None:
    model, x = build("vae", network, (12, 2)), windows(4, (12, 2))
    assert isinstance(model, HasPosterior)
    code = model.encode(x)
    for other in (x.roll(1, 1), x.flip(1), x[:, torch.randperm(12, generator=device.generator(1))]):
        assert ((model.encode(other) - code).abs().amax(1) > 1e-4).all()
    one = x.clone()
    one[:, 0] += 1  # the oldest reading
    assert ((model.encode(one) - code).abs().amax(1) > 0).all()


@each_network
@pytest.mark.parametrize("name", MODELS_OVER_TIME)
def test_a_model_of_sequences_keeps_its_promises(name: str, network: str) -> None:
    model = build(name, network)
    x = windows(6)
    batch = Dataset("w", x, torch.zeros(6).long(), ("one",), Kind.SEQUENCE).batch()
    (loss,) = model.losses(batch, device.generator(1))
    assert loss.value.shape == (6,)
    loss.value.mean().backward()
    assert all(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in model.parameters())
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    z = model.encode(x)
    assert z.shape == (6, 3)
    assert model.decode(z).shape == x.shape
    torch.testing.assert_close(model.encode(x[2:3]), z[2:3])
    if isinstance(model, LogLikelihood):
        assert model.log_prob(x, 3, device.generator(0)).isfinite().all()
    for shape, kind in (((1, 8, 8), Kind.IMAGE), ((6,), Kind.VECTOR)):
        with pytest.raises(ValueError, match=str(shape[0])) as caught:
            MODELS[name](model.config, Spec(shape, 2, kind))
        assert "\n" not in str(caught.value)


@each_network
@pytest.mark.parametrize("name", OF_SEVERAL_INPUTS)
def test_a_model_with_classes_reads_windows_over_time(name: str, network: str) -> None:
    x, y = windows(6), torch.tensor([0, 1, 2, -1, -1, 1])
    data = Dataset("w", x, y if MODELS[name].labels is not LabelUse.NEEDED else y.clamp(0), tuple("abc"), Kind.SEQUENCE)
    values = {**SMALL, "hidden": 8, "likelihood": "real-gaussian"}
    known = {knob.name for knob in knobs(MODELS[name].Config)}
    found = []
    for which in (network, "mlp"):
        given = {key: value for key, value in (values | {"x_network": which}).items() if key in known}
        model = MODELS[name](from_dict(MODELS[name].Config, given), data.spec)
        initialise(model, device.generator(0))
        assert isinstance(model, Trains)
        (loss,) = model.losses(data.batch(), device.generator(1))
        loss.value.mean().backward()
        assert all(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in model.parameters())
        found.append(model.eval())
        assert isinstance(model, LogLikelihood)
        alone, together = (model.log_prob(part, 1, device.generator(2)) for part in (x[:1], x))
        torch.testing.assert_close(alone, model.log_prob(x[:1], 1, device.generator(2)))
        assert together.shape == (6,)
        assert together.isfinite().all()
    readers = [layer for layer in found[0].modules() if isinstance(layer, FlatSequence)]
    assert readers
    flat = windows(1, (3, 10))[0]
    for layer in readers:
        torch.testing.assert_close(layer(flat[:, None])[:, 0], layer.network(flat.reshape(3, *SHAPE)))
    assert not any(isinstance(layer, FlatSequence) for layer in found[1].modules())
    with pytest.raises(ValueError, match="conv1d"):
        MODELS[name](found[0].config, Spec((1, 8, 8), 3, Kind.IMAGE))


@each_network
def test_given_the_code_the_times_are_independent(network: str) -> None:
    model, x = build("vae", network), windows(4)
    assert isinstance(model, HasLikelihood)
    assert isinstance(model, Encodes)
    z = model.encode(x)[None]
    parts = model.pixel_log_likelihood(x[None], z)
    other = x.clone()
    other[:, 2, 1] += 1
    changed = model.pixel_log_likelihood(other[None], z) != parts
    assert changed[:, :, 2, 1].all()
    assert changed.sum() == 4


@each_network
def test_gradients_of_examples_and_of_gradients_are_right(network: str) -> None:
    model, x = build("ae", network).double(), windows(5).double()

    encoder, decoder = model.get_submodule("encoder"), model.get_submodule("decoder")

    def losses(part: Tensor) -> Tensor:
        error: Tensor = decoder(encoder(part)) - part
        return error.square().flatten(1).sum(1)

    norms = GradientNorms(model, losses)
    torch.testing.assert_close(norms(x), norms.one_by_one(x).sqrt())
    torch.testing.assert_close(norms.by_vmap(x).sqrt(), norms.one_by_one(x).sqrt())
    found = objective_of(build("vae", network), dataset(x.float()))
    theta, v = found.theta, np.random.default_rng(0).normal(size=found.size)
    small = 1e-5 * v / np.linalg.norm(v)
    product = found.product(small)
    ends = []
    for sign in (1, -1):
        found.move(theta + sign * small)
        ends.append(found.gradient())
    np.testing.assert_allclose(product, (ends[0] - ends[1]) / 2, rtol=1e-4, atol=1e-9)


def dataset(x: Tensor) -> Dataset:
    return Dataset("w", x, torch.zeros(len(x)).long(), ("one",), Kind.SEQUENCE)


@each_network
def test_what_looks_at_layers_takes_them_or_says_why_not(network: str) -> None:
    model = build("vae", network)
    assert isinstance(model, Decodes)
    assert any(name.startswith("encoder.") for name in layer_names(model))
    z = windows(1, (2, 3))[0]
    assert jacobian(model.decode, z).shape == (2, math.prod(SHAPE), 3)
    with pytest.raises(ProgramError):
        unroll(model.decode, model, 3, np.zeros(3, np.float32), np.ones(3, np.float32))


def test_only_networks_that_fit_are_offered() -> None:
    offered = {kind: {knob.name: knob for knob in knobs_for("vae", kind)} for kind in Kind}
    assert offered[Kind.IMAGE]["network"].choices == ("mlp", *OF_IMAGES)
    assert offered[Kind.SEQUENCE]["network"].choices == ("mlp", *OF_SEQUENCES)
    assert "network" not in offered[Kind.VECTOR]
    assert knobs_for("pixelcnn", Kind.IMAGE) == knobs(MODELS["pixelcnn"].Config)


@pytest.mark.training
@each_network
def test_a_planted_phase_is_learned(network: str) -> None:
    data, how = waves(200, 0), TrainConfig(epochs=20, batch_size=20, learning_rate=1e-2)
    config = MODELS["ae"].Config(z_dim=2, network=network, state_dim=16, filters=8)
    model = start("ae", config, data.spec, how)
    assert any(one.done for one in train(model, Splits(data, waves(20, 1), waves(20, 2)), how))
    x = waves(200, 3).batch().x
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    with torch.no_grad():
        error = (model.decode(model.encode(x)) - x).square().mean()
    assert error < 0.01  # of 0.08, the noise is 0.0016
