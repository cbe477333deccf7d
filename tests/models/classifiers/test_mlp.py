"""The deep classifier: its shortcut reaches the middle, and its first weights keep the spread of the activations."""

from __future__ import annotations

import math

import pytest
import torch

from latentlab import device
from latentlab.analysis.activations import activations, layers
from latentlab.data import Kind
from latentlab.models import Spec
from latentlab.models.classifiers.mlp import MLP
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import dropout
from tests.conftest import noise_images


def mlp(depth: int = 4, hidden: int = 16, **knobs: object) -> MLP:
    config = MLP.Config(depth=depth, hidden=hidden, **knobs)  # type: ignore[arg-type]
    model = MLP(config, Spec((1, 8, 8), 3, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model.eval()


def test_it_is_matrices_and_rectifiers() -> None:
    model, x = mlp(2), noise_images(5).batch().x
    h = x.flatten(1)
    for name in ("1", "2"):
        layer = model.layers[name]
        h = (h @ layer.weight.T + layer.bias).clamp(min=0)  # type: ignore[operator]
    logits = h @ model.logits.weight.T + model.logits.bias
    torch.testing.assert_close(model.classify(x), logits.log_softmax(1))


def test_the_shortcut_appends_the_input_in_the_middle() -> None:
    model, x = mlp(4, skip=True), noise_images(5).batch().x
    sizes = [model.layers[str(k)].in_features for k in range(1, 5)]
    assert sizes == [64, 16, 16 + 64, 16]
    before = model.classify(x)
    with torch.no_grad():
        model.layers["2"].weight.zero_()  # type: ignore[operator]
    cut = model.classify(x)
    assert not torch.allclose(cut, before)
    assert cut.std(0).min() > 1e-3  # the input still gets through
    plain = mlp(4)
    with torch.no_grad():
        plain.layers["2"].weight.zero_()  # type: ignore[operator]
    assert plain.classify(x).std(0).max() < 1e-6
    assert mlp(1, skip=True).size == mlp(1).size  # no first half to skip


@pytest.mark.parametrize(("init", "alive"), [("he", True), ("default", False)])
def test_only_hes_weights_keep_the_signal_alive_through_64_layers(init: str, alive: bool) -> None:
    model, x = mlp(64, 128, init=init), noise_images(200).batch().x
    last = activations(model, x, ["activations.64"], model.classify)["activations.64"]
    between = last.std(0).mean() / max(float(last.mean()), 1e-12)  # between examples, in units of the level
    assert (between > 0.01) == alive


@pytest.mark.parametrize("init", ["he", "xavier"])
def test_the_first_weights_have_the_spread_of_the_rule(init: str) -> None:
    layer = mlp(1, 4_000, init=init).layers["1"]
    assert isinstance(layer, torch.nn.Linear)
    variance = 2 / 64 if init == "he" else 2 / (64 + 4_000)
    assert layer.weight.std().item() == pytest.approx(math.sqrt(variance), rel=0.01)
    assert layer.bias.abs().max() == 0


def test_its_layers_can_be_read_in_the_order_of_depth() -> None:
    model = mlp(2, activation="tanh")
    names = [layer.name for layer in layers(model, noise_images(1).x, model.classify)]
    assert names == ["layers.1", "activations.1", "layers.2", "activations.2", "logits"]


def test_it_refuses_data_without_classes() -> None:
    with pytest.raises(ValueError, match="class"):
        MLP(MLP.Config(), Spec((1, 8, 8), 0, Kind.IMAGE))


def test_dropout_takes_units_of_each_hidden_layer_in_training_alone() -> None:
    model, batch = mlp(1, dropout=0.5), noise_images(5).batch()
    torch.testing.assert_close(model.classify(batch.x), mlp(1).classify(batch.x))
    first = model.layers["1"]
    hidden = (batch.x.flatten(1) @ first.weight.T + first.bias).clamp(min=0)  # type: ignore[operator]
    for kept in (hidden, dropout(hidden, 0.5, device.generator(1))):
        log_probs = (kept @ model.logits.weight.T + model.logits.bias).log_softmax(1)
        (loss,) = model.losses(batch, device.generator(1))
        torch.testing.assert_close(loss.value, -log_probs.gather(1, batch.y[:, None])[:, 0])
        model.train()
