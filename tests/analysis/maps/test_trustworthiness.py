"""Faithfulness against scikit-learn, a perfect map and no map."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.projection import project
from latentlab.analysis.maps.trustworthiness import faithfulness, overlap, shuffled_scores
from tests.conftest import naming

Z = np.random.default_rng(0).normal(size=(300, 5)) * [3, 2, 1, 1, 0.1] + 100
XY = pca(Z, 2).project(Z)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_trustworthiness_is_scikit_learns(k: int) -> None:
    found = faithfulness(Z, XY, k)
    assert found.n == 300
    z = Z.astype(np.float32).astype(np.float64)
    assert found.trustworthiness == pytest.approx(trustworthiness(z, XY, n_neighbors=k), abs=1e-6)
    assert found.continuity == pytest.approx(trustworthiness(XY, z, n_neighbors=k), abs=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = faithfulness(Z, XY)
    monkeypatch.setattr("latentlab.analysis.maps.trustworthiness.BLOCK", 7 * 300)
    assert faithfulness(Z, XY).trustworthiness == whole.trustworthiness


def test_a_perfect_map_scores_one() -> None:
    rotated = 3 * XY @ np.array([[0.6, 0.8], [-0.8, 0.6]]) + [4, 5]
    found = faithfulness(XY, rotated)
    assert (found.trustworthiness, found.continuity, found.overlap) == (1, 1, 1)
    assert (found.point_overlap == 1).all()
    assert (overlap(XY, rotated) == 1).all()


def test_a_random_map_scores_its_null() -> None:
    """Five spreads of the mean over ten random maps, whose spread is measured, too."""
    maps = [XY[np.random.default_rng(seed).permutation(300)[:100]] for seed in range(10)]
    found = [faithfulness(Z[:100], xy, 10) for xy in maps]
    null = shuffled_scores(100, 10)
    assert found[0].shuffled == null
    assert null.overlap == 10 / 99
    for name, expected in vars(null).items():
        scores = np.array([getattr(one, name) for one in found])
        assert abs(scores.mean() - expected) < 5 * scores.std(ddof=1) / np.sqrt(len(scores)), name


def test_the_gaussian_null_is_what_a_gaussian_scores() -> None:
    """The codes are Gaussian, and mapped by their principal components: they score no more than their null."""
    found = faithfulness(Z, XY)
    for name, expected in vars(found.gaussian).items():
        assert getattr(found, name) == pytest.approx(expected, abs=0.03), name


def test_a_map_that_unrolls_a_curve_beats_the_gaussian_null() -> None:
    t = np.sort(np.random.default_rng(1).uniform(0, np.pi, 300))
    curve = np.cos(t[:, None] * np.arange(1, 21))  # through all of 20 dimensions
    found = faithfulness(curve, np.stack([t, 0 * t], 1))
    assert found.overlap > 0.8 > 0.3 > found.gaussian.overlap
    assert found.trustworthiness > 0.99 > 0.8 > found.gaussian.trustworthiness


def test_overlap_is_the_share_of_common_neighbours() -> None:
    z, xy = np.array([[0.0], [1], [3], [10], [30]]), np.array([[0.0], [1], [3], [30], [10]])
    assert overlap(z, xy, 2).tolist() == [1, 1, 1, 0.5, 0.5]
    assert faithfulness(z, xy, 2).point_overlap.tolist() == [1, 1, 1, 0.5, 0.5]


def test_a_sample_is_always_the_same_and_counts_within_itself() -> None:
    found = faithfulness(Z, XY, 10, n_subsample=120, seed=4)
    assert found.n == len(found.rows) == len(found.point_overlap) == 120
    assert (np.diff(found.rows) > 0).all()
    alone = faithfulness(Z[found.rows], XY[found.rows], 10)
    assert (alone.trustworthiness, alone.overlap) == (found.trustworthiness, found.overlap)
    again = faithfulness(Z, XY, 10, n_subsample=120, seed=4)
    assert again.gaussian == found.gaussian
    np.testing.assert_array_equal(again.rows, found.rows)
    assert faithfulness(Z, XY, 10, n_subsample=120, seed=5).rows.tolist() != found.rows.tolist()


def test_equally_distant_codes_are_no_fault() -> None:
    z = np.repeat(np.arange(10.0), 5)[:, None]
    found = faithfulness(z, z, 4)
    assert (found.trustworthiness, found.continuity) == (1, 1)
    same = faithfulness(np.ones((20, 3)), np.ones((20, 2)), 4)
    assert same.trustworthiness == 1


def test_a_line_of_codes_can_be_judged() -> None:
    z = Z[:, :1]
    assert faithfulness(z, np.hstack([z, z])).trustworthiness == 1


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match=naming(300, 299)):
        faithfulness(Z, XY[1:])
    with pytest.raises(ValueError, match=naming(20, 10)):
        faithfulness(Z[:20], XY[:20], 10)
    with pytest.raises(ValueError, match=naming(2, 300)):
        faithfulness(np.where(np.arange(300)[:, None] < 2, np.inf, Z), XY)


def test_a_projection_can_be_judged() -> None:
    found = faithfulness(Z, project(Z, "pca").xy)
    assert 0.5 < found.trustworthiness < 1
