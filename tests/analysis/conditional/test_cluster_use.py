"""Which clusters are used, and the least error of a code that carries little."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from latentlab.analysis.conditional.cluster_use import cluster_use, least_error


def test_examples_are_counted_by_cluster_and_class() -> None:
    found = cluster_use([0, 0, 2, 2, 2], [1, 1, 0, 0, 1], 4, 2)
    assert found.counts.tolist() == [[0, 2], [0, 0], [2, 1], [0, 0]]
    assert found.share.tolist() == pytest.approx([0.4, 0, 0.6, 0])
    assert found.n_used == 2


def test_a_cluster_of_less_than_a_hundredth_counts_as_unused() -> None:
    clusters = np.repeat([0, 1, 2], [980, 9, 11])
    assert cluster_use(clusters, np.zeros(1_000, np.int64), 3, 1).n_used == 2


def test_the_information_is_that_of_the_table_whatever_the_names() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 500)
    clusters = np.where(rng.random(500) < 0.7, classes, rng.integers(0, 4, 500))
    found = cluster_use(clusters, classes, 4, 3)
    joint = found.counts / found.counts.sum()
    rows, columns = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mutual = np.nansum(joint * np.log(joint / (rows * columns)))
    entropies = [-(p * np.log(p)).sum() for p in (rows, columns)]
    assert found.information == pytest.approx(mutual / np.mean(entropies))
    assert cluster_use(3 - clusters, classes, 4, 3).information == pytest.approx(found.information)
    assert cluster_use(classes, classes, 3, 3).information == pytest.approx(1)


def test_clusters_and_classes_are_paired_as_well_as_any_pairs_do() -> None:
    """By trying all pairs, with more clusters than classes and with fewer."""
    rng = np.random.default_rng(2)
    for n_clusters, n_classes in [(4, 3), (3, 5)]:
        clusters, classes = rng.integers(0, n_clusters, 60), rng.integers(0, n_classes, 60)
        found = cluster_use(clusters, classes, n_clusters, n_classes)
        table = found.counts if n_clusters >= n_classes else found.counts.T
        best = max(
            sum(table[row, column] for column, row in enumerate(rows))
            for rows in itertools.permutations(range(len(table)), table.shape[1])
        )
        assert found.matched == pytest.approx(best / 60)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("error", [0.05, 0.3])
def test_the_least_error_is_reached_by_a_channel_that_errs_evenly(n_classes: int, error: float) -> None:
    """A guess that is right with 1 - e, and else any other class, has exactly the information of Fano's bound."""
    joint = np.full((n_classes, n_classes), error / (n_classes - 1) / n_classes)
    np.fill_diagonal(joint, (1 - error) / n_classes)
    information = (joint * np.log(joint * n_classes**2)).sum()
    assert least_error(information, n_classes) == pytest.approx(error, abs=1e-9)


def test_no_code_of_so_little_information_errs_less() -> None:
    """Against random channels: their best guess errs at least as often."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        channel = rng.dirichlet(np.full(6, rng.choice([0.05, 0.3, 2.0])), 4)  # p(code | class)
        joint = channel / 4
        information = np.nansum(joint * np.log(np.maximum(joint, 1e-300) / (joint.sum(0) / 4)))
        assert 1 - joint.max(0).sum() >= least_error(information, 4) - 1e-9


def test_enough_information_may_err_never_and_none_errs_as_chance() -> None:
    assert least_error(math.log(10), 10) == 0
    assert least_error(5.0, 10) == 0
    assert least_error(0.0, 10) == pytest.approx(0.9, abs=1e-4)
    assert least_error(1.13, 10) > 0.22  # the source's second hierarchy: what log 2 in place of h(e) says, at least
