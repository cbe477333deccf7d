"""The classifier: cross-entropy of its log-probabilities, dropout in training only, and digits it can read."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab import device
from latentlab.data import Batch, Splits, kind_of
from latentlab.models import Loss, Spec
from latentlab.models.classifiers.cnn import CNN
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import final_metrics
from latentlab.training.loop import train
from tests.conftest import naming, noise_images

pytestmark = pytest.mark.training


def cnn(dropout: float = 0.5, shape: tuple[int, ...] = (1, 8, 8), n_classes: int = 3) -> CNN:
    model = CNN(CNN.Config(width=8, hidden=64, dropout=dropout), Spec(shape, n_classes, kind_of(shape)))
    initialise(model, device.generator(0))
    return model.eval()


def loss_of(model: CNN, batch: Batch, seed: int = 0) -> Loss:
    (loss,) = model.losses(batch, device.generator(seed))
    return loss


def test_the_loss_is_minus_the_log_probability_of_the_label() -> None:
    model, batch = cnn(), noise_images(9).batch()
    loss, log_probs = loss_of(model, batch), model.classify(batch.x)
    torch.testing.assert_close(loss.value, F.cross_entropy(log_probs, batch.y, reduction="none"))
    torch.testing.assert_close(loss.value, -log_probs[torch.arange(9), batch.y])
    assert torch.equal(loss.terms["cross-entropy"], loss.value)


def test_the_error_is_the_share_of_wrong_classes() -> None:
    model, batch = cnn(), noise_images(50).batch()
    error = loss_of(model, batch).terms["error"]
    assert torch.equal(error, (model.classify(batch.x).argmax(1) != batch.y).float())
    assert 0 < error.mean() < 1


def test_an_untrained_classifier_is_near_a_uniform_guess() -> None:
    value = loss_of(cnn(n_classes=10), noise_images(50, n_classes=10).batch()).value.mean().item()
    assert value == pytest.approx(math.log(10), abs=0.1)


def test_dropout_is_for_training_only() -> None:
    model, batch = cnn(), noise_images(9).batch()
    assert torch.equal(loss_of(model, batch, seed=0).value, loss_of(model, batch, seed=1).value)
    model.train()
    assert not torch.equal(loss_of(model, batch, seed=0).value, loss_of(model, batch, seed=1).value)
    assert torch.equal(loss_of(model, batch, seed=0).value, loss_of(model, batch, seed=0).value)
    assert torch.equal(model.classify(batch.x), model.eval().classify(batch.x))


def test_no_dropout_is_no_dropout() -> None:
    model, batch = cnn(dropout=0.0), noise_images(9).batch()
    quiet = loss_of(model, batch).value
    assert torch.equal(loss_of(model.train(), batch).value, quiet)


def test_dropout_keeps_the_expected_logits() -> None:
    model, n = cnn(), 4_000
    one = noise_images(1).batch()
    batch = Batch(one.x.expand(n, *one.x.shape[1:]), one.y.expand(n), one.weight.expand(n))
    seen: list[Tensor] = []

    def note(_: nn.Module, __: tuple[Tensor, ...], logits: Tensor) -> None:
        seen.append(logits.detach())

    model.logits.register_forward_hook(note)
    loss_of(model, one)
    loss_of(model.train(), batch)
    quiet, noisy = seen
    error = noisy.std(0) / math.sqrt(n)
    assert (error > 0).all()
    assert ((noisy.mean(0) - quiet[0]).abs() < 4 * error).all()


def test_it_learns_to_read_digits(digits: Splits) -> None:
    model = cnn(shape=digits.train.shape, n_classes=10)
    for _ in train(model, digits, TrainConfig(epochs=20, batch_size=32, learning_rate=3e-3)):
        pass
    assert final_metrics(model, digits.test)["error"] < 0.05


@pytest.mark.parametrize(("shape", "n_classes"), [((8, 8), 3), ((64,), 3), ((1, 8, 8), 1), ((1, 8, 8), 0)])
def test_it_refuses_data_that_have_no_classes_or_are_no_images(shape: tuple[int, ...], n_classes: int) -> None:
    with pytest.raises(ValueError, match="class"):
        cnn(shape=shape, n_classes=n_classes)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 7)])
def test_small_images_are_read(shape: tuple[int, ...]) -> None:
    assert cnn(shape=shape).classify(noise_images(2, shape).batch().x).isfinite().all()


def test_images_too_small_to_pool_twice_are_refused() -> None:
    with pytest.raises(ValueError, match=naming("4×4", (1, 3, 8))):
        cnn(shape=(1, 3, 8))


def test_filters_of_any_odd_side_keep_the_size_of_the_image() -> None:
    spec = Spec((1, 8, 8), 10, kind_of((1, 8, 8)))
    small = CNN(CNN.Config(width=4, hidden=24, kernel=3), spec)
    assert small.size == 1378
    assert small.classify(noise_images(2, n_classes=10).batch().x).shape == (2, 10)
    with pytest.raises(ValueError, match=naming(4)):
        CNN(CNN.Config(kernel=4), spec)
