"""Metrics of a classifier against brute force, sums by hand and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_score, top_k_accuracy_score

from latentlab.analysis.classification.confusion import (
    by_rows,
    confusion,
    errors_only,
    most_confident,
    order_by_similarity,
    precision,
    worst_cell,
)
from latentlab.analysis.classification.metrics import (
    all_negative,
    binary_accuracy,
    calibration,
    categorical_bounds,
    in_top,
)

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(300, 7)) * 2
LOG_PROBS = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
Y = RNG.integers(0, 7, 300)


@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_top_k_is_scikit_learns(k: int) -> None:
    expected = top_k_accuracy_score(Y, LOG_PROBS, k=k, labels=range(7)) if k < 7 else 1.0
    assert in_top(LOG_PROBS, Y, k).mean() == pytest.approx(expected)


def test_of_equal_classes_one_is_the_first() -> None:
    same = np.zeros((7, 7))
    assert in_top(same, np.arange(7), 1).tolist() == (same.argmax(1) == np.arange(7)).tolist()
    assert in_top(same, np.arange(7), 3).sum() == 3


def test_saying_no_to_all_of_seven_classes_scores_six_sevenths() -> None:
    assert binary_accuracy(np.log(np.full((300, 7), 0.01)), Y) == pytest.approx(6 / 7)
    assert all_negative(7) == pytest.approx(0.857142857)


def test_binary_accuracy_by_brute_force() -> None:
    right = [(np.exp(LOG_PROBS[n, k]) > 0.5) == (Y[n] == k) for n in range(300) for k in range(7)]
    assert binary_accuracy(LOG_PROBS, Y) == pytest.approx(np.mean(right))


def test_the_bounds_of_the_sources_table() -> None:
    found = [categorical_bounds(b, 7)[0] for b in (0.9830, 0.9055, 0.8592)]
    assert found == pytest.approx([0.881, 0.3385, 0.0144])


def test_the_categorical_accuracy_is_within_the_bounds_and_reaches_them() -> None:
    for _ in range(200):
        p = RNG.random((int(RNG.integers(1, 6)), 3)) ** RNG.uniform(0.2, 5)  # outputs of their own, as of sigmoids
        y = RNG.integers(0, 3, len(p))
        low, high = categorical_bounds(binary_accuracy(np.log(p), y), 3)
        assert low - 1e-12 <= (p.argmax(1) == y).mean() <= high + 1e-12
    no = np.array([[0.4, 0.3, 0.3]])
    assert categorical_bounds(binary_accuracy(np.log(no), np.array([1])), 3)[0] == pytest.approx(0)
    everything = np.array([[0.9, 0.8, 0.7]])
    assert categorical_bounds(binary_accuracy(np.log(everything), np.array([0])), 3)[1] == pytest.approx(1)


def test_calibration_by_hand() -> None:
    p = np.array([[0.95, 0.05], [0.91, 0.09], [0.4, 0.6], [0.35, 0.65]])
    found = calibration(np.log(p), np.array([0, 1, 1, 1]), 10)
    assert found.n.tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 2]
    assert found.accuracy[[5, 6, 9]].tolist() == [1, 1, 0.5]
    assert found.confidence[9] == pytest.approx(0.93)
    assert found.ece == pytest.approx((0.4 + 0.35 + 2 * 0.43) / 4)
    assert found.surplus == pytest.approx((0.6 + 0.65 + 0.95 + 0.91) / 4 - 0.75)
    assert np.isnan(found.accuracy[0])


def test_a_classifier_whose_labels_are_drawn_by_its_probabilities_is_calibrated() -> None:
    draws = np.random.default_rng(1)
    logits = draws.normal(size=(20_000, 4)) * 2
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    y = (p.cumsum(1) > draws.random((20_000, 1))).argmax(1)
    assert calibration(np.log(p), y).ece < 0.015
    assert calibration(np.log(p**3 / (p**3).sum(1, keepdims=True)), y).surplus > 0.1  # too certain


def test_the_trace_over_the_total_is_the_accuracy_and_rows_are_classes() -> None:
    predicted = LOG_PROBS.argmax(1)
    found = confusion(predicted, Y, 7)
    assert np.trace(found) / found.sum() == pytest.approx((predicted == Y).mean())
    assert found.sum(1).tolist() == np.bincount(Y, minlength=7).tolist()
    assert found[2, 5] == np.sum((predicted == 5) & (Y == 2))
    some = np.where(np.arange(300) < 100, -1, Y)
    assert np.array_equal(confusion(predicted, some, 7), confusion(predicted[100:], Y[100:], 7))
    assert by_rows(found).sum(1) == pytest.approx(np.ones(7))
    expected = precision_score(Y, predicted, average=None)
    assert precision(found) == pytest.approx(expected)
    assert np.isnan(precision(np.array([[2, 0], [1, 0]]))[1])
    wrong = errors_only(found)
    assert np.trace(wrong) == 0
    assert wrong.sum() == (predicted != Y).sum()
    cell = worst_cell(found)
    assert cell is not None
    assert wrong[cell] == wrong.max()
    assert worst_cell(np.diag([3, 4])) is None


def test_permuting_the_classes_permutes_the_matrix() -> None:
    predicted, new = LOG_PROBS.argmax(1), RNG.permutation(7)  # class k is called new[k]
    before, after = confusion(predicted, Y, 7), confusion(new[predicted], new[Y], 7)
    assert np.array_equal(after[np.ix_(new, new)], before)


def test_classes_that_are_confused_become_neighbours() -> None:
    places = np.array([4, 0, 3, 1, 5, 2])  # of the classes along a line on which neighbours are confused
    apart = np.abs(places[:, None] - places[None])
    found = order_by_similarity(np.select([apart == 0, apart == 1], [50, 20], 0))
    along = places[found].tolist()
    assert along in (sorted(along), sorted(along, reverse=True))
    assert order_by_similarity(np.eye(2, dtype=np.int64)).tolist() == [0, 1]


def test_grids_are_sorted_by_probability() -> None:
    top, predicted = np.exp(LOG_PROBS).max(1), LOG_PROBS.argmax(1)
    wrong = predicted != Y
    ids = most_confident(top, wrong, 20)
    assert wrong[ids].all()
    assert (np.diff(top[ids]) <= 0).all()
    assert top[ids[-1]] >= np.delete(top, ids)[np.delete(wrong, ids)].max()
