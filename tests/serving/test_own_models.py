"""A model from elsewhere, served and called as the pages call it: the same numbers as its bare functions give."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab import settings
from latentlab.analysis.activations import activations, layers
from latentlab.analysis.jacobian import jacobian
from latentlab.analysis.probes.layer_curve import run_through
from latentlab.data import DataError, Kind, Library, Splits
from latentlab.device import generator
from latentlab.experiments.curvature import of_run as run_curvature
from latentlab.export.decoder import ProgramError, unroll
from latentlab.models import (
    Classifies,
    Decodes,
    Denoises,
    Derivative,
    Encodes,
    Energy,
    HasPosterior,
    HasPrior,
    LogLikelihood,
    Model,
    Samples,
)
from latentlab.remote.client import RemoteError
from latentlab.remote.model import Remote, RemoteClassifies
from latentlab.serialization import RunError
from latentlab.serving.examples import MOST, of_arrays, of_data_set, value_range
from latentlab.serving.functions import ServingError
from latentlab.serving.given import Given
from latentlab.serving.own_model import OwnModel
from latentlab.serving.server import Server
from latentlab.subjects import OwnModel as Served
from latentlab.subjects import find, served
from tests.conftest import naming
from tests.serving.models import Classifier, ConvVAE, Denoiser, NumpyPCA, TupleVAE

Serve = Callable[..., Served]
WIDE = 50_000.0


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves functions on data, and gives the subject that the pages find."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    running: list[Server] = []

    def start(data: Any, labels: Any = None, **given: Any) -> Served:
        found = of_arrays(data, labels)
        ends = {"low": found.low, "high": found.high}
        running.append(Server(OwnModel(Given(**(ends | given)), found.examples)))
        return next(one for one in served() if one.described.id == running[-1].id)

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def images(digits: Splits) -> Tensor:
    """(200, 1, 8, 8) float32 in [0, 1]."""
    return digits.test.batch(slice(200)).x


def codes(model: Model, x: Tensor) -> Tensor:
    assert isinstance(model, Encodes)
    return model.encode(x)


def has(model: Model, *abilities: type[Model]) -> bool:
    return all(isinstance(model, one) for one in abilities)


def test_a_vae_whose_encoder_gives_a_tuple(serve: Serve, images: Tensor) -> None:
    theirs = TupleVAE()
    subject = serve(images, encode=theirs.encode, decode=theirs.decode)
    model = subject.model()
    assert has(model, Encodes, Decodes, HasPosterior, HasPrior, Samples)
    assert not isinstance(model, (Classifies, Denoises, LogLikelihood))
    x = subject.examples().batch().x
    with torch.no_grad():
        mean, log_var = theirs.encode(x)
        assert isinstance(model, HasPosterior)
        assert isinstance(model, Decodes)
        q = model.posterior(x)
        assert torch.allclose(q.mean, mean, atol=1e-6)
        assert torch.allclose(q.log_std, log_var / 2, atol=1e-6)
        assert torch.allclose(model.encode(x), mean, atol=1e-6)
        assert torch.allclose(model.decode(mean).flatten(1), theirs.decode(mean), atol=1e-6)
        assert isinstance(model, Samples)
        assert model.sample(5, generator(3)).shape == (5, 1, 8, 8)


def test_a_convolutional_vae_with_batch_norm_and_images_from_minus_one_to_one(serve: Serve, images: Tensor) -> None:
    theirs = ConvVAE()  # in training mode: an example would depend on its batch
    subject = serve(2 * images - 1, encode=theirs.encode, decode=theirs.decode)
    model, x = subject.model(), subject.examples().batch().x
    assert isinstance(model, HasPosterior)
    assert isinstance(model, Decodes)
    assert model.z_dim == 32
    with torch.no_grad():
        z = model.encode(x)
        assert torch.allclose(z[:1], model.encode(x[:1]), atol=1e-5)
        decoded = model.decode(z)
    assert theirs.training
    theirs.eval()
    with torch.no_grad():
        expected = theirs.encode(2 * x - 1)
        assert torch.allclose(z, expected.mean.flatten(1), atol=1e-5)
        assert torch.allclose(model.posterior(x).log_std, expected.stddev.log().flatten(1), atol=1e-4)
        assert torch.allclose(decoded, (theirs.decode(expected.mean) + 1) / 2, atol=1e-5)


def test_a_classifier_and_its_layers(serve: Serve, digits: Splits, images: Tensor) -> None:
    theirs = Classifier()
    subject = serve(images, digits.test.y[:200], classify=theirs)
    model, x = subject.model(), subject.examples().batch().x
    assert isinstance(model, Classifies)
    assert subject.classes == digits.test.classes
    theirs.eval()
    with torch.no_grad():
        assert torch.allclose(model.classify(x), theirs(x).log_softmax(1), atol=1e-5)
    here = layers(theirs, x, theirs)
    assert layers(model, x, run_through(model)) == here
    names = [layer.name for layer in here]
    found, expected = activations(model, x, names, run_through(model)), activations(theirs, x, names)
    for name in names:
        assert np.allclose(found[name], expected[name], atol=1e-5)
    pooled = activations(model, x, ["features.0"], run_through(model), keep=lambda _, h: h.mean((2, 3)))
    assert pooled["features.0"].shape == (200, 6)
    with pytest.raises(ValueError, match=naming("no.such")):
        activations(model, x, ["no.such"], run_through(model))


def test_layers_of_a_way_through_two_modules_have_the_names_of_both(serve: Serve, images: Tensor) -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Tanh())
    decoder = nn.Sequential(nn.Linear(5, 64), nn.Sigmoid())
    model = serve(images, encode=encoder, decode=decoder).model()
    found = [layer.name for layer in layers(model, images, run_through(model))]
    assert found == ["encode.1", "encode.2", "decode.0", "decode.1"]


def test_a_denoiser_that_takes_the_noise(serve: Serve) -> None:
    theirs, points = Denoiser(), np.random.default_rng(0).normal(size=(100, 2))
    subject = serve(points, denoise=theirs, sigma=0.3)
    model, x = subject.model(), subject.examples().x
    assert subject.spec.kind is Kind.PLANE
    assert isinstance(model, Denoises)
    assert model.sigma == pytest.approx(0.3)
    with torch.no_grad():
        assert torch.allclose(model.denoise(x), theirs(x, 0.3), atol=1e-6)


def test_functions_of_numpy(serve: Serve) -> None:
    x = np.random.default_rng(0).normal(size=(80, 6))
    theirs = NumpyPCA(x)
    subject = serve(x, encode=theirs.encode, decode=theirs.decode)
    model, rows = subject.model(), subject.examples().x
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    assert not isinstance(model, HasPosterior)
    z = model.encode(rows)
    assert np.allclose(z.numpy(), theirs.encode(rows.numpy()), atol=1e-5)
    place = z[:4].requires_grad_()
    (slope,) = torch.autograd.grad((model.decode(place) ** 2).sum(), place)
    decoded = torch.from_numpy(theirs.decode(z[:4].detach().numpy()))
    assert torch.allclose(slope, (2 * decoded @ torch.from_numpy(theirs.axes.T)).float(), atol=2e-2)


def test_gradients_are_those_of_the_bare_function(serve: Serve, images: Tensor) -> None:
    theirs = TupleVAE()
    model = serve(
        images, encode=theirs.encode, decode=theirs.decode, log_prob=lambda x: -(x**2).flatten(1).sum(1)
    ).model()
    assert isinstance(model, Decodes)
    assert isinstance(model, LogLikelihood)
    z = torch.randn(7, 3, generator=generator(0)).requires_grad_()
    weights = torch.randn(7, 64, generator=generator(1))
    (found,) = torch.autograd.grad((model.decode(z).flatten(1) * weights).sum(), z)
    (expected,) = torch.autograd.grad((theirs.decode(z) * weights).sum(), z)
    assert torch.allclose(found, expected, atol=1e-6)
    x = images[:5].clone().requires_grad_()
    (found,) = torch.autograd.grad(model.log_prob(x, 1, generator(0)).sum(), x)
    assert torch.allclose(found, -2 * images[:5], atol=1e-5)
    exact = torch.autograd.functional.jacobian(lambda z: theirs.decode(z[None])[0], z[0].detach())
    assert torch.allclose(jacobian(model.decode, z[:1].detach())[0], exact, atol=1e-3)


@pytest.mark.parametrize(
    ("log_prob", "dim", "derivative"),
    [
        (lambda x: -0.5 * (x / WIDE).square().sum(1), 2, Derivative.EXACT),
        (lambda x: -0.5 * ((x / WIDE).detach().numpy() ** 2).sum(1), 2, Derivative.DIFFERENCES),
        (lambda x: -0.5 * np.square(np.asarray(x) / WIDE).sum(1), 2, Derivative.DIFFERENCES),
        (lambda x: -0.5 * (x / WIDE).detach().square().sum(1), 2, Derivative.DIFFERENCES),
        (lambda x: -0.5 * np.square(np.asarray(x)).sum(1), 300, Derivative.NONE),
    ],
)
def test_how_the_gradient_of_a_density_is_known(
    serve: Serve, log_prob: Callable[[Any], Any], dim: int, derivative: Derivative
) -> None:
    """In the user's own units: numbers of 1,000,000 ± 50,000, where a small step would be lost in rounding."""
    x = np.random.default_rng(0).normal(1e6, WIDE, (50, dim))
    model = serve(x, log_prob=log_prob).model()
    assert isinstance(model, Energy)
    assert model.derivative is derivative
    if derivative is not Derivative.NONE:
        place = torch.tensor(x, dtype=torch.float32).requires_grad_()
        (slope,) = torch.autograd.grad(model.energy(place).sum(), place)
        assert torch.allclose(slope * WIDE, place / WIDE, rtol=0.02)


def test_a_density_that_later_has_another_shape_is_a_sentence(serve: Serve, images: Tensor) -> None:
    model = serve(images, log_prob=lambda x: x.flatten(1).sum(1) if len(x) < 9 else x.flatten(1)).model()
    assert isinstance(model, Energy)
    with pytest.raises(RemoteError, match=naming("log_prob", "(200, 64)")):
        model.energy(images)


def test_samples_are_drawn_in_evaluation_mode_and_what_fails_later_is_a_sentence(serve: Serve, images: Tensor) -> None:
    network = nn.Dropout(0.5)

    def sample(n: int) -> Tensor:
        if n > 9:
            raise ArithmeticError("too many")
        drawn: Tensor = network(torch.ones(n, 1, 8, 8))
        return drawn

    model = serve(images, sample=sample, network=network).model()
    assert isinstance(model, Samples)
    assert (model.sample(9, generator(0)) == 1).all()
    with pytest.raises(RemoteError, match=naming("sample", 10, "ArithmeticError")):
        model.sample(10, generator(0))


def test_a_chain_of_layers_runs_in_the_browser_and_others_say_why_not(serve: Serve, images: Tensor) -> None:
    decoder = nn.Sequential(nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 64), nn.Sigmoid())
    model = serve(images, encode=nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), decode=decoder).model()
    assert isinstance(model, Decodes)
    center, scale = np.array([0.5, -1, 0], np.float32), np.array([2, 1, 0.5], np.float32)
    program = unroll(model.decode, model, 3, center, scale)
    s = torch.randn(9, 3, generator=generator(0))
    with torch.no_grad():
        expected = decoder(torch.from_numpy(center) + torch.from_numpy(scale) * s)
    assert program.shape == (1, 8, 8)
    assert torch.allclose(program.run(s).flatten(1), expected, atol=4e-3)
    theirs = TupleVAE()  # relu as a function: the layers alone say too little
    model = serve(images, encode=theirs.encode, decode=theirs.decode).model()
    with pytest.raises(ProgramError):
        unroll(theirs.decode, model, 3, center, scale)


def test_samples_follow_from_the_generator(serve: Serve, images: Tensor) -> None:
    model = serve(images, sample=lambda n: torch.rand(n, 1, 8, 8)).model()
    assert isinstance(model, Samples)
    assert torch.equal(model.sample(4, generator(5)), model.sample(4, generator(5)))
    assert not torch.equal(model.sample(4, generator(5)), model.sample(4, generator(6)))


@pytest.mark.parametrize("shape", [(64,), (8, 8, 1), (8, 8)])
def test_a_function_is_given_its_own_layout(serve: Serve, images: Tensor, shape: tuple[int, ...]) -> None:
    def encode(x: Tensor) -> Tensor:
        assert tuple(x.shape[1:]) == shape
        return x.reshape(len(x), -1)[:, 20:23]

    def decode(z: Tensor) -> Tensor:
        return torch.sigmoid(z.sum(1)).reshape(-1, *[1] * len(shape)).expand(-1, *shape)

    model = serve(images, encode=encode, decode=decode).model()
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    z = model.encode(images)
    assert torch.allclose(z, images.flatten(1)[:, 20:23], atol=1e-6)
    assert model.decode(z).shape == images.shape


# what goes wrong is one sentence


def explodes(_x: Tensor) -> Tensor:
    raise KeyError("the third drawer")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, ("encode", "decode", "sample")),
        ({"encode": explodes}, ("encode", "KeyError")),
        ({"decode": lambda z: z}, ("decode", "z_dim")),
        ({"encode": lambda x: x.flatten(1)[:, :2], "decode": lambda z: z}, ("decode", "(2,)", "(1, 8, 8)")),
        ({"encode": lambda _: "no"}, ("encode", "str")),
        ({"encode": lambda x: x.flatten(1)[:1]}, ("encode", "(1, 64)")),
        ({"classify": lambda x: x.flatten(1)[:, :4]}, ("classify", 4, 3)),
        ({"log_prob": lambda x: x.flatten(1)}, ("log_prob", "(2, 64)")),
        ({"log_prob": lambda x: x.flatten(1).sum(1) * np.nan}, ("log_prob", "nan")),
        ({"log_prob": lambda x: x.flatten(1).sum(1) * 0 + np.inf}, ("log_prob", "inf")),
        ({"sample": lambda n: torch.full((n, 1, 8, 8), np.nan)}, ("sample", "NaN")),
        ({"sample": lambda n: torch.zeros(n, 3)}, ("sample", "(3,)", "(1, 8, 8)")),
        ({"sample": lambda n: torch.zeros(n + 1, 1, 8, 8)}, ("sample", 2)),
        ({"sample": explodes}, ("sample", 2, "KeyError")),
        ({"encode": lambda x: x.flatten(1), "low": 1.0, "high": 1.0}, ()),
    ],
)
def test_what_cannot_be_used_is_named(images: Tensor, given: dict[str, Any], named: tuple[object, ...]) -> None:
    found = of_arrays(images, np.arange(200) % 3)
    with pytest.raises(ServingError, match=naming(*named)) as caught:
        OwnModel(Given(**given), found.examples)
    assert "\n" not in str(caught.value)


def test_a_function_that_fails_later_is_a_sentence_with_the_users_traceback(serve: Serve, images: Tensor) -> None:
    calls = []

    def encode(x: Tensor) -> Tensor:
        calls.append(len(x))
        if len(calls) > 4:
            raise ZeroDivisionError("no more")
        return x.flatten(1)[:, :2]

    model = serve(images, encode=encode).model()
    assert isinstance(model, Encodes)
    model.encode(images)
    calls.extend([0] * 4)
    with pytest.raises(RemoteError, match=naming("encode", "ZeroDivisionError")) as caught:
        model.encode(images)
    assert "in encode" in caught.value.details


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        (np.zeros((5, 2, 8, 8)), None),
        (np.zeros(5), None),
        (np.full((5, 3), np.nan), None),
        (np.array([["a", "b"]] * 4), None),
        (np.zeros((5, 3)), [1, 2]),
        (np.zeros((1, 3)), None),
    ],
)
def test_data_that_cannot_be_used(data: Any, labels: Any) -> None:
    with pytest.raises((ServingError, DataError)):
        of_arrays(data, labels)


@pytest.mark.parametrize(
    ("x", "ends"),
    [
        ([0, 0.5], (0, 1)),
        ([-0.9, 0.5], (-1, 1)),
        ([0, 200], (0, 255)),
        ([-0.42, 2.8], (-0.42, 2.8)),
        ([7, 7], (0, 255)),
    ],
)
def test_black_and_white_are_found(x: list[float], ends: tuple[float, float]) -> None:
    assert value_range(np.array(x)) == pytest.approx(ends)


# servers come and go


def test_a_model_is_replaced_and_the_old_one_is_not_answered_for(serve: Serve, images: Tensor) -> None:
    server_of = serve(images, encode=lambda x: x.flatten(1)[:, :2])
    old = server_of.model()
    again = serve(images, encode=lambda x: x.flatten(1)[:, 2:4])
    assert {one.id for one in served()} == {server_of.id, again.id}
    assert isinstance(old, Encodes)
    assert torch.allclose(old.encode(images), images.flatten(1)[:, :2], atol=1e-6)


def test_the_version_follows_the_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: Tensor) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    found = of_arrays(images)
    server = Server(OwnModel(Given(encode=lambda x: x.flatten(1)[:, :2]), found.examples))
    (before,) = served()
    server.replace(OwnModel(Given(encode=lambda x: x.flatten(1)[:, :3]), found.examples))
    (after,) = served()
    assert before.id == after.id
    assert before.key != after.key
    with pytest.raises(RemoteError):
        codes(before.model(), images)
    assert codes(after.model(), images).shape == (200, 3)
    server.stop()
    assert served() == []
    with pytest.raises(RunError):
        find(after.id)


def test_a_dead_server_is_forgotten_and_nonsense_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    folder = settings.served()
    folder.mkdir(parents=True)
    (folder / "dead.json").write_text('{"port": 1, "token": "x"}')
    (folder / "words.json").write_text("hello")
    (folder / "list.json").write_text("[]")
    (folder / "large.json").write_text(" " * (1 << 17))
    assert served() == []
    assert not (folder / "dead.json").exists()


def test_a_busy_server_is_still_a_subject(serve: Serve, images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    before = serve(images, encode=lambda x: x.flatten(1)[:, :2])
    monkeypatch.setattr("latentlab.subjects.own_model.GREETING", 0.2)
    done = threading.Event()
    monkeypatch.setattr(Server, "_answer", lambda *_: ({"error": str(done.wait(1))}, {}))
    assert [one.key for one in served()] == [before.key]
    done.set()


def test_a_look_at_a_page_needs_no_new_connection(serve: Serve, images: Tensor) -> None:
    serve(images, encode=lambda x: x.flatten(1)[:, :2])
    one, again = served()[0], served()[0]
    assert one.client is again.client


def test_few_examples_that_are_all_three_parts_are_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    np.save(tmp_path / "few.npy", np.arange(21.0).reshape(7, 3))
    assert len(of_data_set(Library.default().add(tmp_path / "few.npy")).examples) == 7


def test_another_process_of_the_machine_needs_the_token(serve: Serve, images: Tensor) -> None:
    subject = serve(images, encode=lambda x: x.flatten(1)[:, :2])
    stranger = subject.client.__class__(subject.client.place._replace(token="guess"))
    with pytest.raises(RemoteError):
        stranger.call({"call": "describe"})


def test_where_it_is_can_be_read_by_its_owner_only(serve: Serve, images: Tensor) -> None:
    subject = serve(images, encode=lambda x: x.flatten(1)[:, :2])
    path = settings.served() / f"{subject.described.id}.json"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_model_can_be_sent_to_a_process_of_the_pool(serve: Serve, images: Tensor) -> None:
    model = serve(images, encode=lambda x: x.flatten(1)[:, :2]).model()
    again = ForkingPickler.loads(ForkingPickler.dumps(model))  # how the pool sends what it is given
    assert isinstance(again, Remote)
    assert torch.equal(codes(again, images), codes(model, images))


def test_no_more_examples_than_can_be_looked_at() -> None:
    assert len(of_arrays(np.zeros((MOST + 7, 3))).examples) == MOST


class Scaled(Served):
    """As a run that was trained on the user's rows: it takes them scaled."""

    takes_scaled = True


def test_a_model_of_the_users_own_numbers_and_a_trained_one_take_others(serve: Serve, images: Tensor) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 5))
    for data, alike in ((rows, False), (images, True)):
        own = serve(data, encode=lambda x: x.flatten(1)[:, :2])
        trained = Scaled(own.described, own.client)
        assert own.takes_examples_of(trained) == alike
        assert trained.takes_examples_of(own) == alike
        assert own.takes_examples_of(own)


def test_the_curvature_of_a_classifier_is_that_of_its_cross_entropy(serve: Serve) -> None:
    """Of softmax regression H = 1/n Σ (diag p - p pᵀ) ⊗ x̃ x̃ᵀ, whatever the labels are."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)).astype(np.float32), rng.integers(0, 3, 60)
    theirs = nn.Linear(4, 3)
    with torch.no_grad():
        theirs.weight.copy_(torch.from_numpy(rng.normal(size=(3, 4))))
        theirs.bias.copy_(torch.from_numpy(rng.normal(size=3)))
    before = [p.detach().clone() for p in theirs.parameters()]
    with torch.no_grad():
        p = theirs(torch.from_numpy(x)).double().softmax(1).numpy()
    rows = np.concatenate([x, np.ones((60, 1))], 1)
    h = np.mean([np.kron(np.diag(q) - np.outer(q, q), np.outer(r, r)) for q, r in zip(p, rows, strict=True)], 0)
    expected = np.linalg.eigvalsh(h)[::-1]
    whole, free = serve(x, y, classify=theirs), serve(x, y, classify=lambda x: theirs(x), network=theirs)
    for subject in (whole, free):
        model = subject.model()
        assert isinstance(model, RemoteClassifies)
        found = run_curvature.of_own(model, run_curvature.Settings(60, 3), 100)
        assert dict(found.layers) in ({"weight": 12, "bias": 3}, {"": 15})
        assert found.found is not None
        assert found.found.loss == pytest.approx(-np.log(p[np.arange(60), y]).mean(), rel=1e-5)
        assert found.found.values[:3] == pytest.approx(expected[:3], rel=1e-4)
        assert found.found.values[3:] == pytest.approx(expected[-3:], abs=1e-6)
        assert run_curvature.of_own(model, run_curvature.Settings(60, 3), 10).found is None
    assert all(torch.equal(one, p) for one, p in zip(before, theirs.parameters(), strict=True))
    for subject, says in (
        (serve(x, classify=theirs), "labels"),
        (serve(x, y, classify=lambda x: np.asarray(x)[:, :3]), "torch"),
        (serve(x, y, classify=lambda x: theirs(x).detach(), network=theirs), "no_grad"),
    ):
        model = subject.model()
        assert isinstance(model, RemoteClassifies)
        with pytest.raises(RemoteError, match=says):
            model.curvature(60, 3, 100)
