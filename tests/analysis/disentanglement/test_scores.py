"""The scores on planted codes, whose values can be worked out."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.disentanglement import same_factor
from latentlab.analysis.disentanglement.importance import importance
from latentlab.analysis.disentanglement.information import information
from latentlab.analysis.disentanglement.predictability import (
    explicitness,
    separated_predictability,
    single_dimension_accuracies,
)
from latentlab.analysis.disentanglement.same_factor import beta_vae_score, factor_vae_score
from latentlab.analysis.disentanglement.scores import disentanglement
from tests.conftest import naming

SIZES = (3, 4, 6)  # levels of three independent factors
EVERY = np.stack([axis.ravel() for axis in np.indices(SIZES)], 1)


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def levels(rng: np.random.Generator) -> np.ndarray:
    """Each combination twenty times, in random order."""
    return rng.permutation(np.repeat(EVERY, 20, 0))


@pytest.fixture(scope="module")
def perfect(levels: np.ndarray) -> np.ndarray:
    """A dimension for each factor, standardised."""
    code: np.ndarray = ((levels - levels.mean(0)) / levels.std(0)).astype(np.float32)
    return code


@pytest.fixture(scope="module")
def noise(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(len(levels), 4)).astype(np.float32)


def test_a_perfect_code_has_full_marks(perfect: np.ndarray, levels: np.ndarray) -> None:
    found = disentanglement(perfect, levels, seed=0)
    chance = np.mean([1 / size for size in SIZES])
    assert found.values == pytest.approx(
        {
            "β-VAE metric": 1, "FactorVAE metric": 1, "MIG": 1, "disentanglement": 1, "completeness": 1,
            "informativeness": 1, "SAP": 1 - chance, "explicitness": 1,
        },
        abs=0.03,
    )  # fmt: skip


def test_each_dimension_twice_leaves_no_gap_and_is_less_complete(perfect: np.ndarray, levels: np.ndarray) -> None:
    twice = np.concatenate([perfect, perfect], 1)
    assert information(twice, levels).gap == 0
    assert separated_predictability(single_dimension_accuracies(twice, levels)) == 0
    assert importance(twice, levels, 0).disentanglement == pytest.approx(1, abs=0.01)
    # a forest may split on either of two equal dimensions: completeness is at best 1, at worst that of halves
    assert 1 - np.log(2) / np.log(6) - 0.01 <= importance(twice, levels, 0).completeness < 0.95


def test_noise_is_at_chance(noise: np.ndarray, levels: np.ndarray, rng: np.random.Generator) -> None:
    assert beta_vae_score(noise, levels, rng).low < 1 / 3 < beta_vae_score(noise, levels, rng).high + 0.05
    assert factor_vae_score(noise, levels, rng).value == pytest.approx(1 / 3, abs=0.08)
    assert np.abs(explicitness(noise, levels)).max() < 0.15
    assert information(noise, levels).gap < 0.02
    assert importance(noise, levels, 0).disentanglement < 0.1


def test_half_of_a_factor_in_each_of_two_dimensions(levels: np.ndarray) -> None:
    """The bits of a factor of four levels: each of two dimensions has half of its entropy, so there is no gap."""
    high, low = levels[:, 1] // 2, levels[:, 1] % 2
    found = information(np.stack([high, low], 1).astype(np.float32), levels[:, 1:2])
    assert found.shares[:, 0] == pytest.approx([0.5, 0.5])
    assert found.gap == pytest.approx(0, abs=1e-12)
    weighed = importance(np.stack([high, low], 1).astype(np.float32), levels[:, 1:2], 0)
    assert weighed.completeness == pytest.approx(0, abs=0.01)


def test_rotating_two_dimensions_mixes_two_factors(perfect: np.ndarray, levels: np.ndarray) -> None:
    """By 45 degrees both dimensions say as much of both factors; the third is as it was."""
    mixed = perfect[:, [1, 2, 0]].copy()
    mixed[:, :2] = mixed[:, :2] @ np.array([[1, -1], [1, 1]], np.float32) / np.sqrt(2)
    found, importances = information(mixed, levels), importance(mixed, levels, 0)
    assert found.gaps[0] == pytest.approx(1, abs=1e-6)
    assert found.gaps[1:].max() < 0.1
    assert importances.disentanglement < 0.6
    assert importances.informativeness > 0.95
    assert beta_vae_score(mixed, levels, np.random.default_rng(1)).value < 0.9


def test_mutual_information_is_that_of_scikit_learn(levels: np.ndarray, noise: np.ndarray) -> None:
    from sklearn.metrics import mutual_info_score

    codes = (noise[:, :1] + levels[:, 1:2]).astype(np.float32)
    binned = np.digitize(codes[:, 0], np.linspace(codes.min(), codes.max(), 21)[1:-1])
    found = information(codes, levels)
    for k in range(3):
        assert found.nats[0, k] == pytest.approx(mutual_info_score(binned, levels[:, k]), abs=1e-12)
    assert found.entropies == pytest.approx(np.log(SIZES))


def test_the_bias_is_what_independent_codes_have(levels: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    draws = [information(rng.uniform(size=(len(levels), 8)).astype(np.float32), levels) for _ in range(5)]
    measured = np.mean([one.nats.mean(0) for one in draws], 0)
    assert measured == pytest.approx(draws[0].bias.mean(0), rel=0.1)


def test_explicitness_is_the_area_of_scikit_learn(levels: np.ndarray, noise: np.ndarray) -> None:
    """Of two levels the classifier's order is that of its one dimension, whichever way round."""
    from sklearn.metrics import roc_auc_score

    y = (levels[:, 2:] > 2).astype(np.int64)
    codes = (y + noise[:, :1]).astype(np.float32)
    n_fit = len(y) * 3 // 4
    area = roc_auc_score(y[n_fit:, 0], codes[n_fit:, 0])
    assert explicitness(codes, y)[0] == pytest.approx(2 * area - 1, abs=1e-9)


def test_pairs_agree_in_their_factor(levels: np.ndarray) -> None:
    """A code of one factor alone: pairs that share it differ by nothing, so it is named, and the others can't be."""
    one = levels[:, 2:].astype(np.float32)
    found = beta_vae_score(one, levels, np.random.default_rng(0), n_batches=4_000)
    assert found.low < 2 / 3 < found.high  # it and nothing else: the other two are guessed


def test_how_large_codes_are_and_how_many_are_at_hand_changes_no_score_by_pairs(
    perfect: np.ndarray, levels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without scaling the penalty leaves a code of small numbers at chance."""
    mixed = perfect @ np.array([[1, -1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    whole = beta_vae_score(mixed, levels, np.random.default_rng(0)).value
    assert 0.5 < whole < 0.9
    monkeypatch.setattr(same_factor, "AT_ONCE", 100)
    small = beta_vae_score(np.float32(2**-10) * mixed, levels, np.random.default_rng(0)).value
    assert small == pytest.approx(whole, abs=1e-6)


def test_unused_dimensions_have_no_vote(perfect: np.ndarray, levels: np.ndarray, noise: np.ndarray) -> None:
    """A dimension that is nearly constant varies least whatever is shared: it is left out."""
    padded = np.concatenate([perfect, np.float32(1e-3) * noise], 1)
    assert factor_vae_score(padded, levels, np.random.default_rng(0)).value == 1
    assert factor_vae_score(np.float32(1e-3) * noise, levels, np.random.default_rng(0)).value == pytest.approx(
        1 / 3, abs=0.08
    )


def test_a_factor_without_levels_is_named(perfect: np.ndarray, levels: np.ndarray) -> None:
    still = levels.copy()
    still[:, 1] = 2
    with pytest.raises(ValueError, match=naming(2, 3)):
        disentanglement(perfect, still, 0)
