"""The floor is scikit-learn's: the same classifiers, fitted to the same few examples."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from latentlab.data import Splits, hide_labels, labelled_part
from latentlab.training.baselines import BASELINES, baseline_errors, fit, flat

flatten = FunctionTransformer(lambda x: x.reshape(len(x), -1))


def test_errors_are_those_of_the_classifiers(digits: Splits) -> None:
    few, held = labelled_part(hide_labels(digits.train, 60, 1)).batch(), digits.valid.batch()
    found = baseline_errors(few.x, few.y, held.x, held.y, [16], seed=3)
    assert tuple(found) == BASELINES == ("linear", "mlp")
    classifiers = (LogisticRegression(max_iter=5_000), MLPClassifier([16], max_iter=2_000, random_state=3))
    for name, classifier in zip(BASELINES, classifiers, strict=True):
        guess = make_pipeline(flatten, classifier).fit(few.x.numpy(), few.y.numpy()).predict(held.x.numpy())
        assert found[name] == pytest.approx((guess != held.y.numpy()).mean())


def test_a_line_cannot_part_a_cross_and_an_mlp_can() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    found = baseline_errors(x[:300], y[:300], x[300:], y[300:], [32, 32])
    assert found["linear"] > 0.3
    assert found["mlp"] < 0.1


def test_one_class_cannot_be_told_from_others() -> None:
    with pytest.raises(ValueError, match="class"):
        fit("linear", np.eye(3), np.zeros(3), [4])


def test_examples_are_flattened_as_they_lie() -> None:
    x = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(flat(x), x.reshape(2, 12))
