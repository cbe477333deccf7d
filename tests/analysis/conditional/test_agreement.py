"""The classifier against counting, scikit-learn and scipy, and its interval against how often it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix
from torch import Tensor

from latentlab import device
from latentlab.analysis.conditional import agreement as module
from latentlab.analysis.conditional.agreement import classifier_agreement, recognised
from tests.conftest import naming, numbers_in

RNG = device.generator(0)


def classify(x: Tensor) -> Tensor:
    return x.flatten(1)[:, :5].log_softmax(1)


def test_the_judge_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 17)
    x, y = torch.randn(90, 1, 2, 4, generator=RNG), torch.arange(90) % 4  # class 4 is never requested
    real, truth = torch.randn(50, 1, 2, 4, generator=RNG), torch.arange(50) % 5
    found = classifier_agreement(classify, x, y, (real, truth))
    log_probs = classify(x).numpy()
    np.testing.assert_array_equal(found.predicted, log_probs.argmax(1))
    np.testing.assert_allclose(found.confidence, np.exp(log_probs.max(1)), rtol=1e-5)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(y, found.predicted, labels=range(5)))
    assert found.accuracy.value == pytest.approx(np.mean(found.predicted == y.numpy()))
    for k in range(4):
        assert found.by_class[k] == pytest.approx(np.mean(found.predicted[y == k] == k))
    assert np.isnan(found.by_class[4])
    assert found.control is not None
    assert found.control.value == pytest.approx(np.mean(classify(real).argmax(1).numpy() == truth.numpy()))
    assert classifier_agreement(classify, x, y).control is None


def test_no_examples_and_unknown_classes_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="examples"):
        classifier_agreement(classify, torch.zeros(0, 8), torch.zeros(0))
    with pytest.raises(ValueError, match=naming(0, 4, 7)):
        classifier_agreement(classify, torch.zeros(1, 8), torch.tensor([7]))
    with pytest.raises(ValueError, match="classes"):
        classifier_agreement(lambda x: x[:, :1], torch.zeros(1, 8), torch.tensor([0]))


@pytest.mark.parametrize(("n_right", "numbers"), [(100, []), (80, [80]), (15, [15, 10])])
def test_what_is_recognised_less_often_than_by_a_good_decoder_is_said(n_right: int, numbers: list[float]) -> None:
    x = torch.eye(10).repeat(10, 1)
    y = torch.where(torch.arange(100) < n_right, torch.arange(100) % 10, (torch.arange(100) + 1) % 10)
    found = classifier_agreement(lambda x: (10 * x).log_softmax(1), x, y)
    assert numbers_in(recognised(found, 10)) == numbers
    assert recognised(None, 10) not in (recognised(found, 10), "")
