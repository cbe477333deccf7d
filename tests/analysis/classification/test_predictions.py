"""Predictions and occlusion of a linear classifier, which are known in closed form; verdicts, and a person's score."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor

from latentlab.analysis.classification.human import human_score, source
from latentlab.analysis.classification.occlusion import background, occlusion
from latentlab.analysis.classification.predictions import Predictions, predict, predict_under
from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, Flipped, Inverted, Noisy, Shifted
from latentlab.analysis.classification.verdict import of_certainty, of_classifier
from latentlab.device import generator
from tests.conftest import numbers_in

W = torch.randn(3, 30, generator=generator(0))
X = torch.rand(40, 1, 5, 6, generator=generator(1))
Y = np.random.default_rng(0).integers(0, 3, 40)


def linear(x: Tensor) -> Tensor:
    return torch.log_softmax(x.flatten(1) @ W.T, 1)


def test_predictions_of_chunks_are_those_of_all_at_once() -> None:
    shares: list[float] = []
    found = predict(linear, X, Y, shares.append, chunk=7)
    assert np.allclose(found.log_probs, linear(X).numpy(), atol=1e-5)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert np.trace(found.counts) / found.counts.sum() == pytest.approx(1 - found.error.value)
    with pytest.raises(ValueError, match="examples"):
        predict(linear, X[:0], Y[:0])


def test_cells_and_grids_hold_what_they_say_sorted_by_probability() -> None:
    found = predict(linear, X, Y)
    cells = [found.of_cell(i, j) for i in range(3) for j in range(3)]
    assert sorted(np.concatenate(cells)) == list(range(40))
    assert [len(ids) for ids in cells] == found.counts.ravel().tolist()
    for ids in (*cells, found.confident(True, 20), found.confident(False, 5, of=1)):
        assert (np.diff(found.top[ids]) <= 0).all()
    assert (Y[found.confident(False, 5, of=1)] == 1).all()
    assert not found.right[found.confident(False, 40)].any()
    assert len(found.confident(True, 40)) + len(found.confident(False, 40)) == 40


def test_a_change_of_the_examples_is_a_change_of_the_weights() -> None:
    ways = (AS_THEY_ARE, Inverted(), Flipped(), Noisy(0.3))
    shares: list[float] = []
    plain, inverted, flipped, noisy = predict_under(linear, X, Y, ways, 3, shares.append)
    assert shares == [0.25, 0.5, 0.75, 1]
    assert np.array_equal(plain.predicted, predict(linear, X, Y).predicted)
    assert np.array_equal(inverted.predicted, (W.sum(1) - X.flatten(1) @ W.T).argmax(1).numpy())
    mirrored = W.reshape(3, 1, 5, 6).flip(-1).reshape(3, 30)
    assert np.array_equal(flipped.predicted, (X.flatten(1) @ mirrored.T).argmax(1).numpy())
    again = predict_under(linear, X, Y, ways[3:], 3)[0]
    assert np.array_equal(noisy.log_probs, again.log_probs)


def test_occlusion_of_a_linear_model_in_closed_form() -> None:
    x, k, fill = X[0], 1, 0.25
    found = occlusion(linear, x, k, patch=2, stride=3, fill=fill)
    assert (found.tops, found.lefts) == ((0, 3), (0, 3, 4))
    two = occlusion(lambda x: torch.log_softmax(x.flatten(1) @ W[:2].T, 1), x, 1, 2, 3, fill)
    weights, logits = W.reshape(3, 5, 6), x.flatten() @ W.T
    for i, top in enumerate(found.tops):
        for j, left in enumerate(found.lefts):
            part = np.s_[top : top + 2, left : left + 2]
            lost = ((x[0] - fill)[part] * weights[:, *part]).sum((1, 2))
            expected = torch.softmax(logits - lost, 0)[k] - torch.softmax(logits, 0)[k]
            assert found.change[i, j] == pytest.approx(float(expected), abs=1e-5)
            assert two.odds[i, j] == pytest.approx(float(lost[0] - lost[1]), abs=1e-4)  # of class 1 of 0 and 1
    assert found.p == pytest.approx(float(torch.softmax(logits, 0)[k]), abs=1e-6)
    pixels = found.of_pixels(found.change, 5, 6)
    assert pixels[0, 0] == found.change[0, 0]
    assert pixels[0, 4] == pytest.approx((found.change[0, 1] + found.change[0, 2]) / 2)
    assert np.isnan(pixels[2]).all()  # between the places, where nothing was hidden
    with pytest.raises(ValueError, match="patch"):
        occlusion(linear, x, 0, patch=6, stride=1, fill=0)


def test_hiding_what_is_already_background_changes_nothing() -> None:
    empty = torch.full((1, 5, 6), 0.5)
    empty[0, 2, 2] = 1
    assert background(empty) == 0.5
    assert np.abs(occlusion(linear, empty, 0, 2, 1, 0.5).change[3]).max() == 0
    assert np.array_equal(Shifted(0, 0).apply(empty[None], generator(0))[0], empty)


def drawn(power: float) -> Predictions:
    """Predictions whose probabilities are those of the labels, raised to a power."""
    draws = np.random.default_rng(2)
    p = draws.dirichlet([0.5, 0.5, 0.5], 4_000)
    y = (p.cumsum(1) > draws.random((4_000, 1))).argmax(1)
    q = p**power
    return Predictions(np.log(q / q.sum(1, keepdims=True) + 1e-12).astype(np.float32), y)


def test_certainty_is_only_blamed_where_it_is_more_than_chance() -> None:
    calibrated, sharp, flat = (of_certainty(drawn(power)) for power in (1, 3, 0.4))
    assert len({calibrated, sharp, flat}) == 3
    assert numbers_in(calibrated) == []
    found = drawn(3)
    assert numbers_in(sharp)[0] == pytest.approx(100 * (found.top.mean() - found.right.mean()), abs=0.06)
    perfect = Predictions(np.log(np.array([[0.999, 0.001]] * 50, np.float32)), np.zeros(50, np.int64))
    assert numbers_in(of_certainty(perfect)) == []


def test_the_verdict_names_the_worst_confusion_and_counts_it() -> None:
    y = np.repeat([0, 1, 2], 20)
    said = y.copy()
    said[:3], said[20] = 2, 0
    found = Predictions(np.log(np.eye(3, dtype=np.float32)[said] * 0.97 + 0.01), y)
    text = of_classifier(found, ("cup", "moon", "apple"))
    assert "cup" in text
    assert "apple" in text
    assert "moon" not in text
    assert {3, 4, 60} <= set(numbers_in(text))


def test_a_scripted_player_is_scored_exactly() -> None:
    predicted = predict(linear, X, Y).predicted
    always = human_score([1] * 40, Y, predicted)
    assert always.human.value == (Y == 1).mean()
    assert always.model.value == (predicted == Y).mean()
    knowing = human_score(Y[:25].tolist(), Y, predicted)  # who stops early
    assert knowing.human.value == 1
    assert knowing.model.value == (predicted[:25] == Y[:25]).mean()
    assert (knowing.human_alone, knowing.model_alone) == ((predicted[:25] != Y[:25]).sum(), 0)
    for bad in ([], [0] * 41):
        with pytest.raises(ValueError, match="scored"):
            human_score(bad, Y, predicted)


def test_the_volunteer_of_the_source() -> None:
    low, high = scipy.stats.binomtest(194, 200).proportion_ci(method="wilson")
    found = source()
    assert [found.value, found.low, found.high] == pytest.approx([0.97, low, high])
