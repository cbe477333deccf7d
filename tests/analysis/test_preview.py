"""A preview is what the model makes of the first examples: small, 8-bit, and the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from latentlab import device
from latentlab.analysis.preview import N_CODES, N_EXAMPLES, N_PLACES, N_SAMPLES, preview
from latentlab.data import UNLABELLED, Batch, Dataset, Kind, Splits, load, to_bytes
from latentlab.models import MODELS, Auxiliary, Classifies, Conditional, Denoises, Encodes, Loss, Model, Samples, Spec
from latentlab.models.autoencoders.ae import AE
from latentlab.models.autoencoders.dae import DAE
from latentlab.models.classifiers.cnn import CNN
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise

SPEC = Spec((1, 8, 8), 10, Kind.IMAGE)


def there(part: NDArray[Any] | None) -> NDArray[Any]:
    assert part is not None
    return part


def fresh(model: Model) -> Model:
    initialise(model, device.generator(0))
    return model


@pytest.fixture
def vae() -> VAE:
    model = VAE(VAE.Config(hidden=8), SPEC)
    initialise(model, device.generator(0))
    return model


def test_images_are_bytes_of_the_datas_shape(vae: VAE, digits: Splits) -> None:
    seen = preview(vae, digits.valid)
    reconstructions, samples = there(seen.reconstructions), there(seen.samples)
    assert seen.examples.shape == reconstructions.shape == (N_EXAMPLES, 1, 8, 8)
    assert samples.shape == (N_SAMPLES, 1, 8, 8)
    assert {seen.examples.dtype, reconstructions.dtype, samples.dtype} == {np.dtype(np.uint8)}
    assert seen.examples.tobytes() == digits.valid.x[:N_EXAMPLES].numpy().tobytes()
    assert seen.labels.tolist() == digits.valid.y[:N_EXAMPLES].tolist()


def test_reconstructions_are_the_decoded_codes_rounded(vae: VAE, digits: Splits) -> None:
    seen = preview(vae, digits.valid)
    with torch.no_grad():
        decoded = vae.eval().decode(vae.encode(digits.valid[:N_EXAMPLES].batch().x))
    assert np.array_equal(there(seen.reconstructions), np.rint(decoded.numpy() * 255))


def test_two_previews_of_a_model_are_equal(vae: VAE, digits: Splits) -> None:
    torch.manual_seed(1)
    first = preview(vae, digits.valid)
    torch.manual_seed(2)
    second = preview(vae, digits.valid)
    assert np.array_equal(there(first.samples), there(second.samples))
    assert np.array_equal(there(first.reconstructions), there(second.reconstructions))


def test_a_part_that_a_model_cannot_do_is_none(digits: Splits) -> None:
    ae = preview(fresh(AE(AE.Config(hidden=8), SPEC)), digits.valid)
    assert ae.reconstructions is not None
    assert (ae.samples, ae.predictions) == (None, None)
    cnn = fresh(CNN(CNN.Config(width=4, hidden=8), SPEC))
    seen = preview(cnn, digits.valid)
    assert (seen.reconstructions, seen.samples) == (None, None)
    assert seen.predictions is not None
    assert seen.predictions.shape == (N_EXAMPLES,)
    assert set(seen.predictions.tolist()) <= set(range(10))


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(vae: VAE, digits: Splits, training: bool) -> None:
    vae.train(training)
    preview(vae, digits.valid)
    assert {module.training for module in vae.modules()} == {training}
    assert all(parameter.requires_grad and parameter.grad is None for parameter in vae.parameters())


def test_fewer_examples_than_a_preview_shows_are_all_shown(vae: VAE, digits: Splits) -> None:
    assert preview(vae, digits.valid[:3]).examples.shape == (3, 1, 8, 8)


def test_bytes_are_rounded_and_cut_off() -> None:
    x = torch.tensor([-1.0, 0.0, 0.4 / 255, 0.6 / 255, 0.5, 1.0, 7.0])
    assert to_bytes(x).tolist() == [0, 0, 0, 1, 128, 255, 255]


def test_a_denoiser_shows_what_it_was_given(digits: Splits) -> None:
    model = fresh(DAE(DAE.Config(hidden=16, sigma=0.5), SPEC))
    seen = preview(model, digits.valid)
    assert there(seen.spoilt).shape == there(seen.reconstructions).shape == seen.examples.shape
    apart = there(seen.spoilt).astype(float) - seen.examples
    assert 20 < apart.std() < 0.5 * 255  # cut off at black and white
    assert (seen.samples, seen.field) == (None, None)


@pytest.mark.parametrize(("noise", "values"), [("masking", {0}), ("salt-and-pepper", {0, 255})])
def test_a_denoiser_shows_the_corruption_that_it_was_trained_on(digits: Splits, noise: str, values: set[int]) -> None:
    model = fresh(DAE(DAE.Config(hidden=16, noise=noise, share=0.4), SPEC))
    seen = preview(model, digits.valid)
    spoilt, clean = there(seen.spoilt), seen.examples
    inner = (clean > 0) & (clean < 255)  # where every corruption is seen
    changed = spoilt != clean
    assert set(spoilt[changed].tolist()) == values
    assert changed[inner].mean() == pytest.approx(0.4, abs=4 * (0.24 / inner.sum()) ** 0.5)


def test_points_of_the_plane_show_the_field_and_no_images() -> None:
    model, data = fresh(DAE(DAE.Config(hidden=16, sigma=0.2), Spec((2,), 2, Kind.PLANE))), load("moons").valid
    seen = preview(model, data)
    assert len(seen.examples) == 0
    assert (seen.reconstructions, seen.spoilt) == (None, None)
    assert seen.field is not None
    assert seen.box is not None
    left, right, low, high = seen.box
    assert right - left == pytest.approx(high - low)
    assert left < float(data.x[:, 0].min()) < float(data.x[:, 0].max()) < right
    corner = torch.tensor([[left, low]], dtype=torch.float32)
    assert isinstance(model, Denoises)
    score = ((model.denoise(corner) - corner) / 0.04).detach()
    np.testing.assert_allclose(seen.field[0, 0], score[0].numpy(), rtol=1e-4)
    vae = preview(fresh(VAE(VAE.Config(hidden=16), Spec((2,), 2, Kind.PLANE))), data)
    assert (vae.reconstructions, vae.samples, vae.field) == (None, None, None)


@pytest.mark.parametrize(("dataset", "d"), [("moons", 2), ("bumps", 1)])
def test_points_are_shown_beside_those_of_a_model_that_has_no_code_for_them(dataset: str, d: int) -> None:
    data = load(dataset).valid
    model = fresh(MODELS["gan"](MODELS["gan"].Config(hidden=16), data.spec))
    seen = preview(model, data)
    assert isinstance(model, Samples)
    expected = model.eval().sample(400, device.generator(2)).detach().numpy()
    assert np.array_equal(there(seen.drawn), expected)
    assert np.array_equal(there(seen.points), data.x[:400].numpy())
    assert there(seen.drawn).shape == (400, d)
    assert (seen.samples, seen.codes) == (None, None)


@pytest.mark.parametrize("name", ["m2", "cvae"])
def test_a_conditional_model_is_shown_with_the_class_or_its_guess(name: str, digits: Splits) -> None:
    kind = MODELS[name]
    model = fresh(kind(kind.Config(hidden=8), SPEC))
    assert isinstance(model, Conditional)
    few = digits.valid[:N_EXAMPLES]
    x, y = few.batch().x, few.y.clone()
    y[::2] = UNLABELLED
    seen = preview(model, replace(few, y=y.clone()))
    with torch.no_grad():
        y[::2] = model.eval().classify(x).argmax(1)[::2] if isinstance(model, Classifies) else 0
        decoded = model.decode(model.encode(x, y), y)
    assert np.array_equal(there(seen.reconstructions), np.rint(decoded.numpy() * 255))
    assert seen.labels.tolist()[::2] == [UNLABELLED] * 6


# the latent space


class Linear(Encodes):
    """A code that is a linear map of the example."""

    name, units = "linear", {"none": "nats"}

    def __init__(self, weights: NDArray[np.float64]) -> None:
        super().__init__()
        self.spec, self.z_dim = Spec((len(weights),), 3, Kind.VECTOR), weights.shape[1]
        self.weights = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float32))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        raise AssertionError

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.weights


RNG = np.random.default_rng(0)
VECTORS = Dataset("vectors", torch.tensor(RNG.normal(size=(500, 5)) * [5, 3, 1, 0.5, 0.1]).float(),
                  torch.tensor(RNG.integers(-1, 3, 500)), ("a", "b", "c"), Kind.VECTOR)  # fmt: skip
MAP = RNG.normal(size=(5, 4))


def turned(seed: int, d: int = 4) -> NDArray[np.float64]:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def test_codes_are_the_first_two_principal_components() -> None:
    seen = preview(Linear(MAP), VECTORS)
    z = VECTORS.x[:N_CODES].double().numpy() @ MAP
    u, s, _ = np.linalg.svd(z - z.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(there(seen.codes)), np.abs(u * s)[:, :2], atol=1e-3)
    np.testing.assert_allclose(there(seen.shares), (s**2 / (s**2).sum())[:2], rtol=1e-4)
    assert there(seen.code_labels).tolist() == VECTORS.y[:N_CODES].tolist()
    assert there(seen.codes).dtype == np.float32


@pytest.mark.parametrize("seed", range(4))
def test_a_latent_space_that_spins_is_seen_standing_still(seed: int) -> None:
    first = preview(Linear(MAP), VECTORS)
    spun = Linear(MAP @ turned(seed))
    alone, after = (there(preview(spun, VECTORS, before).codes) for before in (None, first))
    np.testing.assert_allclose(after, there(first.codes), atol=1e-3)
    u, _, v = np.linalg.svd(alone.T @ there(first.codes))
    np.testing.assert_allclose(alone @ u @ v, there(first.codes), atol=1e-3)  # the same picture, however it lay


def test_codes_are_turned_and_not_stretched_to_lie_on_those_before() -> None:
    before, now = preview(Linear(MAP), VECTORS), Linear(2 * MAP @ turned(1) + 0.1 * RNG.normal(size=(5, 4)))
    alone, after = (there(preview(now, VECTORS, one).codes) for one in (None, before))
    rotation, _ = orthogonal_procrustes(alone, there(before.codes))
    np.testing.assert_allclose(after, alone @ rotation, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), np.linalg.norm(alone, axis=1), atol=1e-3)


@pytest.mark.parametrize("d", [1, 2])
def test_codes_of_a_plane_or_a_line_are_shown_as_they_are(d: int) -> None:
    model = Linear(MAP[:, :d])
    seen = preview(model, VECTORS, preview(Linear(MAP), VECTORS))
    np.testing.assert_allclose(there(seen.codes), VECTORS.x[:N_CODES].numpy() @ MAP[:, :d], rtol=1e-4, atol=1e-4)
    assert there(seen.codes).shape == (N_CODES, d)
    assert seen.shares is None


def test_other_examples_than_before_are_not_turned() -> None:
    before = preview(Linear(MAP @ turned(1)), VECTORS[:100])
    alone = preview(Linear(MAP), VECTORS)
    assert np.array_equal(there(preview(Linear(MAP), VECTORS, before).codes), there(alone.codes))


def test_a_broken_or_a_single_code_is_not_shown() -> None:
    assert preview(Linear(MAP * np.nan), VECTORS).codes is None
    assert preview(Linear(MAP), VECTORS[:1]).codes is None


@pytest.mark.parametrize("name", ["sdgm", "m2", "cnn"])
def test_codes_are_of_the_auxiliary_variable_else_of_the_latent(name: str, digits: Splits) -> None:
    kind, data = MODELS[name], digits.valid
    model = fresh(kind(kind.Config(width=4, hidden=8) if name == "cnn" else kind.Config(hidden=8, z_dim=2), SPEC))
    y = data.y.clone()
    y[::3] = UNLABELLED
    seen = preview(model, replace(data, y=y.clone()))
    x = data.batch().x
    with torch.no_grad():
        if isinstance(model, Auxiliary):
            assert there(seen.codes).shape == (len(data), 2)
            a = model.auxiliary(x).double().numpy()
            u, s, _ = np.linalg.svd(a - a.mean(0), full_matrices=False)
            np.testing.assert_allclose(np.abs(there(seen.codes)), np.abs(u * s)[:, :2], atol=1e-3)
        elif isinstance(model, Conditional):
            assert isinstance(model, Classifies)
            y[::3] = model.classify(x).argmax(1)[::3]
            np.testing.assert_allclose(there(seen.codes), model.encode(x, y).numpy(), rtol=1e-5)
            assert there(seen.code_labels).tolist()[::3] == [UNLABELLED] * len(y[::3])
        else:
            assert (seen.codes, seen.code_labels) == (None, None)


def test_a_classifier_of_the_plane_shows_its_surface() -> None:
    kind, data = MODELS["sdgm"], load("moons").valid
    model = fresh(kind(kind.Config(hidden=16, likelihood="real-gaussian"), Spec((2,), 2, Kind.PLANE)))
    assert isinstance(model, Classifies)
    seen = preview(model, data)
    left, right, low, high = there(seen.box)
    surface = there(seen.surface)
    assert surface.shape == (N_PLACES, N_PLACES, 2)
    for row, column in ((0, 0), (0, -1), (-1, 0), (7, 30)):
        place = [np.linspace(left, right, N_PLACES)[column], np.linspace(low, high, N_PLACES)[row]]
        with torch.no_grad():
            probs = model.classify(torch.tensor([place]).float()).exp()
        np.testing.assert_allclose(surface[row, column], probs[0].numpy(), rtol=1e-4)
    assert np.array_equal(there(seen.points), data.x[:N_CODES].numpy())
    assert there(seen.point_labels).tolist() == data.y[:N_CODES].tolist()
