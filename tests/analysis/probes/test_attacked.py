"""Probes of adversarial examples: against a linear classifier whose errors are known, and without an attack."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.probes.attacked import ATTACKED, CLEAN, RANDOM, fast_gradient_sign, random_signs, under_attack
from latentlab.analysis.probes.layer_curve import probe_curve
from latentlab.models import Classifies
from latentlab.runs.store import Store
from tests.conftest import noise_images


def test_a_linear_classifier_loses_by_the_sum_of_its_weights() -> None:
    rng = np.random.default_rng(0)
    w = torch.from_numpy(rng.normal(size=12).astype(np.float32))
    x = torch.from_numpy(rng.uniform(0.3, 0.7, (400, 12)).astype(np.float32))
    margin = (x - 0.5) @ w
    y = (margin > 0).long()

    def classify(part: torch.Tensor) -> torch.Tensor:
        logit = (part - 0.5) @ w
        return torch.nn.functional.log_softmax(torch.stack([-logit, logit], 1) / 2, 1)

    for size in (0.0, 0.02, 0.1):  # nowhere is a value clipped
        moved = fast_gradient_sign(classify, x, y, size)
        wrong = classify(moved).argmax(1) != y
        assert wrong.tolist() == (margin.abs() < size * w.abs().sum()).tolist()
        assert torch.allclose((moved - x).abs(), torch.full_like(x, size), atol=1e-7)
    assert tuple(map(float, fast_gradient_sign(classify, x, y, 0.9).aminmax())) == (0, 1)
    with pytest.raises(ValueError, match="differentiated"):
        fast_gradient_sign(lambda part: classify(part).detach(), x, y, 0.1)


def test_random_signs_are_as_large_and_of_both_kinds() -> None:
    x = torch.full((50, 40), 0.5)
    moved = random_signs(x, 0.2, device.generator(0)) - x
    assert torch.allclose(moved.abs(), torch.full_like(x, 0.2))
    assert abs(float(moved.sign().mean())) < 3 / np.sqrt(2_000)


def test_without_an_attack_probes_are_those_of_the_curve_and_with_one_the_network_is_deceived() -> None:
    store = Store.default()
    model, data = store.load("digits-cnn"), store.examples("digits-cnn")
    assert isinstance(model, Classifies)
    x, y, splits = data.x, data.y.numpy(), (160, 40, len(data) - 200)
    found = under_attack(model, x, y, splits, (0.0, 0.2), n_classes=10, limit=64, n_shown=3)
    curve = probe_curve(model, x, y, splits, n_classes=10, limit=64)
    assert found.layers == tuple(reading.layer.name for reading in curve.readings)
    np.testing.assert_allclose(found.errors[CLEAN], curve.means(), atol=1e-12)
    for kind in (ATTACKED, RANDOM):
        np.testing.assert_array_equal(found.errors[kind][:, 0], found.errors[CLEAN])
        assert found.network[kind][0] == found.network[CLEAN][0]
    scaled = data.batch().x[200:]
    moved = fast_gradient_sign(model.classify, scaled, data.y[200:], 0.2)
    with torch.no_grad():
        wrong = model.classify(moved).argmax(1) != data.y[200:]
    assert found.network[ATTACKED][1] == pytest.approx(float(wrong.float().mean()))
    assert found.network[ATTACKED][1] > found.network[RANDOM][1] + 0.1
    np.testing.assert_allclose(found.examples, scaled[:3].numpy(), atol=1e-6)
    np.testing.assert_allclose(found.moved[1], moved[:3].numpy(), atol=1e-6)


def test_what_does_not_classify_is_not_attacked() -> None:
    data = noise_images(8)
    with pytest.raises(ValueError, match="classifier"):
        under_attack(torch.nn.Identity(), data.x, data.y.numpy(), (4, 2, 2), (0.1,), n_classes=3)
