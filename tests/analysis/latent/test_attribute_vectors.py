"""Attribute vectors against planted directions, scikit-learn and closed forms."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from latentlab.analysis.latent.attribute_vectors import (
    METHODS,
    Method,
    angles,
    arithmetic,
    attribute_vector,
    auc,
    bootstrap,
    cone,
)
from tests.conftest import naming

SKEWED = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])


def groups(n: int, gap: float, d: int = 3, seed: int = 0, skewed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Two normal groups of n codes, `gap` apart along the first axis."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((2, n, d)) @ (SKEWED if skewed else np.eye(d))
    noise[0, :, 0] += gap
    return noise[0].astype(np.float32), noise[1].astype(np.float32)


def angle(u: np.ndarray, v: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1))))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.slow
def test_each_method_finds_the_direction_that_was_planted(method: Method) -> None:
    a, b = groups(4_000, 1.5, skewed=True)
    found = attribute_vector(a, b, method, n_boot=60)
    true = np.array([1.0, 0, 0])
    if method != "mean":  # what separates best is S⁻¹ times the difference of the means
        true = np.linalg.solve(SKEWED.T @ SKEWED, true)
    assert np.linalg.norm(found.direction) == pytest.approx(1, abs=1e-6)
    assert angle(found.direction, true) < 4
    assert angle(found.direction, true) < 2 * found.cone < 20
    assert found.gap == pytest.approx(1.5 * true[0] / np.linalg.norm(true), rel=0.1)
    assert found.is_real


def test_the_methods_are_scikit_learns() -> None:
    a, b = groups(200, 1.0, skewed=True)
    codes, is_a = np.concatenate([a, b]).astype(np.float64), np.repeat([1, 0], 200)
    probe = LogisticRegression().fit(codes, is_a).coef_[0]
    shrinkage = LedoitWolf(assume_centered=True).fit(np.concatenate([a - a.mean(0), b - b.mean(0)])).shrinkage_
    lda = LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage).fit(codes, is_a).coef_[0]
    assert 0.001 < shrinkage < 0.1
    assert angle(attribute_vector(a, b, "probe", n_boot=5).direction, probe) < 0.1
    assert angle(attribute_vector(a, b, "lda", n_boot=5).direction, lda) < 0.01


def test_auc_is_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(0)
    is_a, scores = rng.random(60) < 0.4, rng.integers(0, 9, (60, 5)).astype(float)
    expected = [roc_auc_score(is_a, column) for column in scores.T]
    np.testing.assert_allclose(auc(scores, is_a), expected)
    assert float(auc(scores[:, 0], is_a)) == pytest.approx(expected[0])


def test_the_held_out_auc_is_what_theory_says() -> None:
    a, b = groups(2_000, 1.0)
    found = attribute_vector(a, b, n_boot=5)
    assert found.auc.value == pytest.approx(0.7602, abs=0.022)  # Φ(gap / √2), three standard errors
    assert found.auc.low < 0.7602 < found.auc.high
    assert found.shuffled.mean == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("n", "d", "gap"), [(60, 10, 2.0), (15, 5, 1.0), (60, 10, 0.7)])
def test_the_cone_holds_the_planted_direction_95_times_in_100(n: int, d: int, gap: float) -> None:
    true, rng, held = np.eye(d)[0], np.random.default_rng(0), []
    for seed in range(200):
        a, b = groups(n, gap, d, 1_000 * n + d + seed)
        w = a.mean(0).astype(np.float64) - b.mean(0)
        held.append(angle(w, true) <= cone(w, bootstrap(a, b, "mean", 100, rng)))
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_groups_of_one_kind_have_no_direction(method: Method) -> None:
    a, b = groups(40, 0.0, d=8)
    found = attribute_vector(a, b, method, n_boot=60)
    assert not found.is_real
    assert found.cone > 80
    assert found.auc.low < 0.5 < found.auc.high


def test_a_random_direction_is_no_better_than_its_angle_allows() -> None:
    a, b = groups(3_000, 1.0, d=2)
    found = attribute_vector(a, b, n_boot=5)
    from scipy.stats import norm

    expected = norm.cdf(np.abs(np.cos(np.linspace(0, 2 * np.pi, 10_000))) / np.sqrt(2))
    assert found.random.mean == pytest.approx(expected.mean(), abs=0.02)
    assert found.random.high == pytest.approx(np.quantile(expected, 0.95), abs=0.02)


def test_the_same_seed_gives_the_same() -> None:
    a, b = groups(20, 1.0)
    one, same, other = (attribute_vector(a, b, n_boot=20, seed=seed) for seed in (0, 0, 1))
    assert (one.cone, one.auc, one.shuffled) == (same.cone, same.auc, same.shuffled)
    assert one.cone != other.cone


def test_angles_of_directions_with_one_another() -> None:
    a, b = groups(50, 1.0, skewed=True)
    found = [attribute_vector(a, b, method, n_boot=5) for method in METHODS]
    table = angles(found)
    assert table.shape == (3, 3)
    np.testing.assert_allclose(table.diagonal(), 0, atol=1e-4)
    assert table[0, 1] == table[1, 0] == pytest.approx(angle(found[0].direction, found[1].direction), abs=1e-2)


def test_arithmetic_adds_the_difference() -> None:
    a, b, c = np.array([[1, 2], [3, 5], [10, 10]], np.float32)
    np.testing.assert_array_equal(arithmetic(a, b, c), [8, 7])
    np.testing.assert_array_equal(arithmetic(a, b, c, 0.5), [9, 8.5])


@pytest.mark.parametrize(
    ("a", "b", "method", "named"),
    [
        (np.ones((1, 2)), np.zeros((9, 2)), "mean", (4, 1)),  # needed, there
        (np.ones((9, 2)), np.zeros((0, 2)), "mean", (4, 0)),
        (np.eye(6), np.eye(6), "mean", ("mean",)),
        (np.ones((5, 2)), np.zeros((5, 3)), "mean", (2, 3)),
        (np.full((5, 2), np.nan), np.zeros((5, 2)), "mean", ("finite",)),
        (np.ones((5, 2)), np.zeros((5, 2)), "magic", ("'magic'", *get_args(Method))),
    ],
)
def test_bad_input_is_one_sentence(a: np.ndarray, b: np.ndarray, method: Method, named: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=naming(*named)) as found:
        attribute_vector(a, b, method)
    assert "\n" not in str(found.value)
