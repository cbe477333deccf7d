"""Neighbours against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.spatial
from numpy.typing import NDArray

from latentlab.analysis import neighbours as module
from latentlab.analysis.neighbours import METRICS, as_distance, comparable, neighbour_graph, neighbours
from tests.conftest import naming

X = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6)) + 5
CODES = np.random.default_rng(4).normal(size=(8, 4)).astype(np.float32)


def reference_distances(a: NDArray[Any], b: NDArray[Any], metric: str) -> NDArray[np.float64]:
    return np.asarray(scipy.spatial.distance.cdist(a.astype(np.float64), b.astype(np.float64), metric))


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_are_those_of_brute_force(metric: str) -> None:
    query = np.random.default_rng(3).normal(size=(17, 6)).astype(np.float32) + 5
    distances = reference_distances(query, X.astype(np.float32), metric)
    found = neighbours(X, query, 9, metric)
    np.testing.assert_array_equal(found.index, distances.argsort(1)[:, :9])
    np.testing.assert_allclose(found.distance, np.sort(distances, 1)[:, :9], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_a_graph_has_the_nearest_others(metric: str) -> None:
    distances = reference_distances(X, X, metric)
    np.fill_diagonal(distances, np.inf)
    found = neighbour_graph(X, 7, metric)
    assert found.metric == metric
    np.testing.assert_array_equal(found.index, distances.argsort(1)[:, :7])
    np.testing.assert_allclose(found.distance, np.sort(distances, 1)[:, :7], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("offset", [0, 1e5])
def test_copies_of_a_code_are_its_nearest_others(offset: float) -> None:
    z = np.repeat(CODES, 5, 0) + np.float32(offset)
    found = neighbour_graph(z, 5)
    assert (found.index != np.arange(40)[:, None]).all()
    assert (np.diff(np.sort(found.index, 1)) > 0).all()
    assert (found.index[:, :4] // 5 == np.arange(40)[:, None] // 5).all()
    assert (found.distance[:, :4] == 0).all()
    assert (found.distance[:, 4] > 0).all()
    np.testing.assert_array_equal(neighbour_graph(z, 2).distance, 0)


@pytest.mark.parametrize("k", [0, 200])
def test_a_graph_of_too_many_neighbours_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match=naming(199, k)):
        neighbour_graph(X, k)


def test_codes_that_are_read_only_will_do() -> None:
    z = X.astype(np.float32)
    z.setflags(write=False)
    np.testing.assert_array_equal(neighbours(z, z[:3], 1).index[:, 0], [0, 1, 2])


def test_a_code_without_length_is_at_distance_one() -> None:
    z = np.array([[0.0, 0], [0, 0], [1, 0], [1, 1e-3]])
    found = neighbours(z, z[:1], 4, "cosine")
    assert found.distance[0].tolist() == pytest.approx([0, 0, 1, 1])
    assert neighbours(z, z[2:3], 2, "cosine").index[0].tolist() == [2, 3]


@pytest.mark.parametrize(("rows", "block"), [(10_000, 200), (3, 1 << 20), (1, 1)])
def test_blocks_of_any_size_give_the_same_neighbours(rows: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = neighbour_graph(X, 7)
    monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(module, "BLOCK", block)
    found = neighbour_graph(X, 7)
    np.testing.assert_array_equal(found.index, whole.index)
    np.testing.assert_allclose(found.distance, whole.distance, rtol=1e-6)


def test_progress_is_the_share_of_the_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", len(X) // 4)
    shares: list[float] = []
    neighbour_graph(X, 2, progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("metric", METRICS)
def test_codes_are_as_far_apart_as_the_metric_says(metric: str) -> None:
    codes = comparable(X.astype(np.float32), metric)
    lengths = reference_distances(codes, codes, "euclidean")
    np.testing.assert_allclose(as_distance(lengths, metric), reference_distances(X, X, metric), rtol=1e-3, atol=1e-5)
