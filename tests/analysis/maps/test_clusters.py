"""Numbers about groups, on planted clusters and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from latentlab.analysis.maps.clusters import (
    NOISE,
    NONE,
    Clustering,
    Distance,
    centroids,
    cluster,
    purity,
    silhouette,
    typical,
)
from latentlab.analysis.stats import Measured
from latentlab.data import UNLABELLED
from tests.conftest import naming

CENTERS = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0]])
Y = np.repeat([0, 2, 5], [50, 60, 70])
GROUP = np.repeat([0, 1, 2], [50, 60, 70])
Z = CENTERS[GROUP] + np.random.default_rng(0).normal(size=(180, 3))


def stands_out(measured: Measured, spreads: float = 10) -> bool:
    return abs(measured.value - measured.null) > spreads * measured.null_std > 0


def with_unlabelled() -> tuple[np.ndarray, np.ndarray]:
    """The same with three codes that have no label, among the others."""
    return np.insert(Z, [0, 60, 180], 4.0, 0), np.insert(Y, [0, 60, 180], UNLABELLED)


def test_the_silhouette_is_scikit_learns() -> None:
    found = silhouette(Z, Y)
    samples = metrics.silhouette_samples(Z, Y)
    assert found.n == 180
    assert found.overall.value == pytest.approx(samples.mean(), abs=1e-5)
    np.testing.assert_allclose(found.by_point, samples, atol=1e-5)
    assert found.classes.tolist() == [0, 2, 5]
    np.testing.assert_allclose(found.by_class, [samples[k == Y].mean() for k in (0, 2, 5)], atol=1e-5)
    assert found.overall.value > 0.7
    assert abs(found.overall.null) < 0.05
    assert stands_out(found.overall)


def test_the_silhouette_of_a_sample_is_that_of_the_sample() -> None:
    found = silhouette(Z, Y, n_subsample=100, seed=3)
    rows = np.flatnonzero(np.isfinite(found.by_point))
    assert found.n == len(rows) == 100
    assert found.overall.value == pytest.approx(metrics.silhouette_score(Z[rows], Y[rows]), abs=1e-5)
    np.testing.assert_array_equal(silhouette(Z, Y, n_subsample=100, seed=3).by_point, found.by_point)


def test_purity_counts_the_neighbours_of_the_same_class() -> None:
    z = np.array([[0.0], [1], [2.1], [10], [11]])
    found = purity(z, [0, 0, 1, 1, 1], k=2)
    assert found.by_point.tolist() == [0.5, 0.5, 0, 1, 1]
    assert found.by_class.tolist() == pytest.approx([0.5, 2 / 3])


def test_purity_of_planted_clusters_is_one_and_its_null_is_chance() -> None:
    found = purity(Z, Y, k=10)
    assert found.overall.value == 1
    sizes = np.array([50, 60, 70])
    assert found.overall.null == pytest.approx((sizes * (sizes - 1)).sum() / (180 * 179), abs=0.02)
    assert stands_out(found.overall)


def test_the_overlap_of_two_classes_is_the_share_of_neighbours_counted_one_by_one() -> None:
    rng = np.random.default_rng(4)
    y = rng.choice([0, 2, 5, UNLABELLED], 150, p=[0.5, 0.3, 0.1, 0.1])
    z = rng.normal(size=(150, 2)) + 1.5 * (y == 5)[:, None]
    found, k = purity(z, y, k=7), 7
    known = np.flatnonzero(y != UNLABELLED)
    for i, a in enumerate((0, 2, 5)):
        own = [n for n in known if y[n] == a]
        for j, b in enumerate((0, 2, 5)):
            each = []
            for n in own:
                near = sorted((float(np.square(z[m] - z[n]).sum()), m) for m in known if m != n)
                each.append(sum(y[m] == b for _, m in near[:k]) / k)
            assert found.shares[i, j] == pytest.approx(np.mean(each))
            assert found.chance[i, j] == pytest.approx((np.sum(y == b) - (a == b)) / (len(known) - 1))
    np.testing.assert_allclose(found.shares.sum(1), 1)
    np.testing.assert_allclose(found.chance.sum(1), 1)
    np.testing.assert_allclose(np.diag(found.shares), found.by_class, rtol=1e-6)


def test_classes_that_are_shuffled_overlap_as_by_chance() -> None:
    y = np.random.default_rng(5).permutation(Y)
    found = purity(Z, y, k=10)
    np.testing.assert_allclose(found.shares, found.chance, atol=5 * np.sqrt(0.25 / (50 * 10)))


def test_centroids_are_the_class_means() -> None:
    found = centroids(Z, Y)
    np.testing.assert_allclose(found.centroids, [Z[k == Y].mean(0) for k in (0, 2, 5)], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.distances, metrics.pairwise_distances(found.centroids), atol=1e-5)
    np.testing.assert_allclose(found.rms_radius, 3**0.5, rtol=0.1)
    between = (found.distances[0, 1] + found.distances[0, 2] + found.distances[1, 2]) / 3
    assert found.separation.value == pytest.approx(between / found.rms_radius.mean(), rel=1e-5)
    assert stands_out(found.separation)


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_planted_clusters_are_found(method: Clustering) -> None:
    found = cluster(Z, Y, method, n_clusters=3)
    assert found.n_clusters == 3
    assert found.noise == np.mean(found.found == NOISE)
    assert found.rand.value == pytest.approx(metrics.adjusted_rand_score(Y, found.found))
    assert found.information.value == pytest.approx(metrics.normalized_mutual_info_score(Y, found.found))
    assert found.rand.value > (0.99 if method == "kmeans" else 0.8)
    assert abs(found.rand.null) < 0.03
    assert 0 < found.information.null < 0.05
    assert stands_out(found.rand)
    assert stands_out(found.information)
    np.testing.assert_array_equal(cluster(Z, Y, method, n_clusters=3).found, found.found)


def test_structureless_codes_stand_out_in_nothing() -> None:
    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(200, 4)), rng.integers(0, 3, 200)
    for measured in (
        silhouette(z, y).overall,
        purity(z, y).overall,
        centroids(z, y).separation,
        cluster(z, y, n_clusters=3).rand,
        typical(z, y).overall,
    ):
        assert not stands_out(measured)


def test_hdbscan_leaves_out_what_belongs_nowhere() -> None:
    z, y = np.vstack([Z, [[500.0, 500, 500]]]), np.append(Y, 0)
    assert cluster(z, y, "hdbscan").found[-1] == NOISE


@pytest.mark.parametrize("metric", ["euclidean", "mahalanobis"])
def test_the_most_typical_are_closest_to_their_centroid(metric: Distance) -> None:
    z = Z.copy()
    z[[3, 70, 170]] = CENTERS[[0, 1, 2]] + 8 * np.array([0, 0, 1])  # far from every class
    found = typical(z, Y, n=4, metric=metric)
    assert found.outliers[:, 0].tolist() == [3, 70, 170]
    for c, k in enumerate((0, 2, 5)):
        own = np.flatnonzero(k == Y)
        order = own[np.argsort(found.by_point[own])]
        assert found.prototypes[c].tolist() == order[:4].tolist()
        assert found.outliers[c].tolist() == order[::-1][:4].tolist()
    gaps = z - np.array([z[k == Y].mean(0) for k in (0, 2, 5)])[GROUP]
    inverse = np.eye(3) if metric == "euclidean" else np.linalg.inv(gaps.T @ gaps / len(gaps))
    expected = np.sqrt(np.einsum("ij,jk,ik->i", gaps, inverse, gaps))
    np.testing.assert_allclose(found.by_point, expected, rtol=1e-4)
    assert found.metric == metric
    assert found.overall.value < found.overall.null


def test_an_unused_dimension_is_not_blown_up() -> None:
    z = np.hstack([Z, 1e-6 * np.random.default_rng(2).normal(size=(180, 1))])
    with_it, without = (typical(x, Y, metric="mahalanobis").by_point for x in (z, Z))
    np.testing.assert_allclose(with_it, without, rtol=1e-4)


def test_a_small_class_has_fewer_examples() -> None:
    found = typical(Z[:52], Y[:52], n=4)
    assert found.prototypes[1].tolist()[2:] == [NONE, NONE]
    assert sorted(found.prototypes[1].tolist()[:2]) == [50, 51]


def test_what_has_no_label_is_left_out() -> None:
    z, y = with_unlabelled()
    kept = np.flatnonzero(y != UNLABELLED)
    for number in (silhouette, purity, typical):
        among, alone = number(z, y), number(Z, Y)
        assert among.n == 180
        assert np.isnan(among.by_point[[0, 61, 182]]).all()
        np.testing.assert_array_equal(among.by_point[kept], alone.by_point)
        assert among.overall == alone.overall
    np.testing.assert_array_equal(centroids(z, y).centroids, centroids(Z, Y).centroids)
    np.testing.assert_array_equal(typical(z, y).prototypes, kept[typical(Z, Y).prototypes])
    found = cluster(z, y, n_clusters=3)
    assert found.rand.value == pytest.approx(metrics.adjusted_rand_score(Y, found.found[kept]))


def test_codes_that_are_all_the_same_have_numbers() -> None:
    z, y = np.ones((12, 3)), np.arange(12) % 2
    assert silhouette(z, y).overall.value == 0
    assert centroids(z, y).separation == Measured(0, 0, 0)
    assert typical(z, y, metric="mahalanobis").overall == Measured(0, 0, 0)
    assert cluster(z, y, n_clusters=3).n_clusters == 1


def test_one_class_has_what_takes_one_and_the_rest_is_refused() -> None:
    y = np.zeros(180)
    assert purity(Z, y).overall == Measured(1, 1, 0)
    assert len(typical(Z, y).classes) == 1
    for number in (silhouette, centroids):
        with pytest.raises(ValueError, match=naming("classes", 2, 1)):
            number(Z, y)


def test_what_cannot_be_is_refused() -> None:
    bad = Z.copy()
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match=naming(1, 180)):
        purity(bad, Y)
    with pytest.raises(ValueError, match=naming(180, (179,))):
        purity(Z, Y[1:])
    with pytest.raises(ValueError, match=naming("classes", 1, 0)):
        typical(Z, np.full(180, UNLABELLED))
    with pytest.raises(ValueError, match=naming(179, 180)):
        purity(Z, Y, k=180)
    with pytest.raises(ValueError, match=naming("silhouette", 180)):
        silhouette(Z, np.arange(180))
    with pytest.raises(ValueError, match=naming(180, 181)):
        cluster(Z, Y, n_clusters=181)
    with pytest.raises(ValueError, match=naming("'ward'", "kmeans", "hdbscan")):
        cluster(Z, Y, "ward")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=naming("'cosine'", "euclidean", "mahalanobis")):
        typical(Z, Y, metric="cosine")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=naming("covariance", 3_000)):
        typical(np.zeros((180, 3_000)), Y, metric="mahalanobis")


def test_codes_without_labels_are_grouped_and_compared_with_nothing() -> None:
    found = cluster(Z, np.full(len(Z), -1), n_clusters=3)
    np.testing.assert_array_equal(found.found, cluster(Z, Y, n_clusters=3).found)
    assert np.isnan([found.rand.value, found.information.null]).all()
