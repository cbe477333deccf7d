"""The classifier of any depth: the source's counts to the digit, both heads by their formulas, what can't be built."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from latentlab import device
from latentlab.data import Kind, Splits, kind_of
from latentlab.knobs import from_dict
from latentlab.models import Loss, Spec
from latentlab.models.classifiers.convnet import ConvNet
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import final_metrics
from latentlab.training.loop import train
from tests.conftest import naming, noise_images
from tests.runs.test_run import sentence

pytestmark = pytest.mark.training

DRAWINGS = (1, 28, 28)


def convnet(shape: tuple[int, ...] = (1, 8, 8), n_classes: int = 7, **knobs: Any) -> ConvNet:
    model = ConvNet(from_dict(ConvNet.Config, knobs), Spec(shape, n_classes, kind_of(shape)))
    initialise(model, device.generator(0))
    return model.eval()


def loss_of(model: ConvNet, n: int = 40, seed: int = 0) -> tuple[Loss, torch.Tensor, torch.Tensor]:
    batch = noise_images(n, model.spec.shape, model.spec.n_classes).batch()
    (loss,) = model.losses(batch, device.generator(seed))
    return loss, batch.x, batch.y


def counts(model: ConvNet) -> dict[str, int]:
    return {name: n for name, layer in model.named_children() if (n := sum(p.numel() for p in layer.parameters()))}


def test_the_defaults_are_the_printed_network() -> None:
    model = convnet(DRAWINGS)
    assert model.size == 430_407
    assert counts(model) == {
        "conv1": 160, "conv2": 4_640, "conv3": 18_496, "fc1": 332_352, "fc2": 73_856, "logits": 903,
    }  # fmt: skip
    sides = dict[str, tuple[int, ...]]()
    for name, layer in model.named_children():
        layer.register_forward_hook(lambda *given, name=name: sides.update({name: tuple(given[2].shape[1:])}))
    model.classify(noise_images(2, DRAWINGS).batch().x)
    assert list(sides) == [name for name, _ in model.named_children()]  # each a layer of its own, in order
    assert [sides[f"conv{k}_pool"] for k in (1, 2, 3)] == [(16, 14, 14), (32, 7, 7), (64, 3, 3)]


@pytest.mark.parametrize(("width", "convs"), [(w, c) for w in (16, 32, 64) for c in (2, 3, 4)])
def test_flat_networks_have_the_parameters_of_the_formula(width: int, convs: int) -> None:
    model = convnet(DRAWINGS, width=width, convs=convs, growth=1.0)
    side = 28 // 2**convs
    flat = width * side**2
    expected = 10 * width + (convs - 1) * (9 * width + 1) * width + (flat + 1) * 576 + 73_856 + 903
    assert model.size == expected


def test_valid_convolutions_without_pooling_lose_the_margin() -> None:
    model = convnet((3, 10, 8), convs=2, width=5, kernel=4, padding="valid", pool=False, dense="none")
    assert counts(model) == {"conv1": 3 * 5 * 16 + 5, "conv2": 5 * 10 * 16 + 10, "logits": 10 * 4 * 2 * 7 + 7}
    assert model.classify(noise_images(3, (3, 10, 8)).batch().x).shape == (3, 7)


def test_a_softmax_gives_the_cross_entropy() -> None:
    loss, x, y = loss_of(model := convnet())
    torch.testing.assert_close(loss.value, F.cross_entropy(model.logits(model.features(x)), y, reduction="none"))
    assert torch.equal(loss.terms["cross-entropy"], loss.value)
    assert torch.equal(loss.terms["error"], (model.classify(x).argmax(1) != y).float())


def test_a_sigmoid_head_adds_up_a_binary_cross_entropy_for_each_class() -> None:
    loss, x, y = loss_of(model := convnet(head="sigmoid"))
    with torch.no_grad():
        outputs = model.logits(model.features(x)).double().sigmoid()
    right = outputs[torch.arange(40), y]
    by_hand = -right.log() - (1 - outputs).log().sum(1) + (1 - right).log()
    torch.testing.assert_close(loss.value.double(), by_hand, rtol=1e-5, atol=1e-6)
    probs = model.classify(x).exp()
    torch.testing.assert_close(probs.double(), outputs / outputs.sum(1, keepdim=True), rtol=1e-5, atol=1e-6)
    assert torch.equal(probs.argmax(1), outputs.argmax(1))
    torch.testing.assert_close(loss.terms["cross-entropy"], -model.classify(x)[torch.arange(40), y])


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_where_no_class_is_above_a_half_the_binary_error_is_one_in_seven(head: str) -> None:
    model = convnet(head=head)
    with torch.no_grad():
        model.get_parameter("logits.weight").zero_()
        model.get_parameter("logits.bias").fill_(-3.0)
    loss, _, y = loss_of(model)
    assert loss.terms["binary error"].mean().item() == pytest.approx(1 / 7)
    with torch.no_grad():
        model.get_parameter("logits.bias")[2] = 9.0
    loss, _, y = loss_of(model)
    assert torch.allclose(loss.terms["binary error"], torch.where(y == 2, 0.0, 2 / 7))


def test_xavier_weights_have_the_variance_of_fan_in_and_fan_out() -> None:
    model = convnet(DRAWINGS, init="xavier")
    for name, fans in {"conv2": (16 + 32) * 9, "conv3": (32 + 64) * 9, "fc1": 2 * 576, "fc2": 576 + 128}.items():
        weight, n = model.get_parameter(f"{name}.weight"), model.get_parameter(f"{name}.weight").numel()
        assert weight.var().item() == pytest.approx(2 / fans, rel=4 * math.sqrt(2 / n))
        assert not model.get_parameter(f"{name}.bias").any()


def test_batch_normalisation_standardises_each_channel_over_the_batch() -> None:
    model = convnet(batch_norm=True, convs=2)
    outputs = dict[str, torch.Tensor]()
    for name in ("conv1_norm", "fc1_norm"):
        layer = model.get_submodule(name)
        layer.register_forward_hook(lambda *given, name=name: outputs.update({name: given[2].detach()}))
    model.train()
    loss_of(model)
    for h in outputs.values():
        every = h.movedim(1, -1).flatten(0, -2)
        torch.testing.assert_close(every.mean(0), torch.zeros(every.shape[1]), rtol=0, atol=1e-5)
        torch.testing.assert_close(every.var(0, correction=0), torch.ones(every.shape[1]), rtol=0, atol=0.02)
    model.eval()
    x = noise_images(9, (1, 8, 8)).batch().x
    torch.testing.assert_close(model.classify(x)[:1], model.classify(x[:1]))  # others of the batch don't matter


def test_dropout_is_for_training_only() -> None:
    model = convnet(dropout=0.5)
    assert torch.equal(loss_of(model)[0].value, loss_of(model, seed=1)[0].value)
    model.train()
    assert not torch.equal(loss_of(model)[0].value, loss_of(model, seed=1)[0].value)
    assert torch.equal(loss_of(model)[0].value, loss_of(model)[0].value)


def test_it_learns_to_read_digits(digits: Splits) -> None:
    model = convnet(n_classes=10, convs=2, width=4, dense="32")
    for _ in train(model, digits, TrainConfig(epochs=6, batch_size=32, learning_rate=1e-2)):
        pass
    found = final_metrics(model, digits.test)
    assert found["error"] < 0.1
    assert found["binary error"] < found["error"] / 3  # two of ten outputs are wrong where a class is


@pytest.mark.parametrize(
    ("shape", "knobs", "named"),
    [
        ((1, 8, 8), {"convs": 4}, ("8×8", 4)),
        ((1, 8, 30), {"kernel": 5, "padding": "valid"}, ("8×30", 3)),
        ((1, 8, 8), {"convs": 4, "padding": "valid", "pool": False, "kernel": 4}, ("8×8", 4)),
        ((1, 28, 28), {"kernel": 4}, (4,)),
        ((1, 28, 28), {"pool": False, "width": 64}, ("fc1", 116, 20)),
        ((1, 64, 64), {"convs": 4, "width": 256, "growth": 4.0}, ("conv3", 38, 20)),
        ((1, 28, 28), {"dense": "99999-99999"}, ("fc1", 58, 20)),
        ((64,), {}, ("images",)),
    ],
)
def test_what_can_not_be_built_is_refused_in_a_sentence(
    shape: tuple[int, ...], knobs: dict[str, Any], named: tuple[object, ...]
) -> None:
    with pytest.raises(ValueError, match=naming(*named)) as caught:
        ConvNet(from_dict(ConvNet.Config, knobs), Spec(shape, 7, kind_of(shape)))
    sentence(caught.value)


def test_a_classifier_needs_classes() -> None:
    with pytest.raises(ValueError, match="class"):
        ConvNet(ConvNet.Config(), Spec(DRAWINGS, 1, Kind.IMAGE))
