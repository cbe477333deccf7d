"""A preview is what the model makes of the first examples: small, 8-bit, and the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.preview import N_EXAMPLES, N_SAMPLES, Images, preview
from latentlab.data import UNLABELLED, Splits, load, to_bytes
from latentlab.models import AE, CNN, DAE, MODELS, VAE, Classifies, Conditional, Denoises, Model, Spec
from latentlab.nn import initialise

SPEC = Spec((1, 8, 8), 10)


def there(images: Images | None) -> Images:
    assert images is not None
    return images


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


def test_points_of_the_plane_show_the_field_and_no_images() -> None:
    model, data = fresh(DAE(DAE.Config(hidden=16, sigma=0.2), Spec((2,), 2))), load("moons").valid
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
    vae = preview(fresh(VAE(VAE.Config(hidden=16), Spec((2,), 2))), data)
    assert (vae.reconstructions, vae.samples, vae.field) == (None, None, None)


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
