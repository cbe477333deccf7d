"""A control task on planted types: who can learn it, and on which examples that is measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from latentlab.analysis.probes.control_task import N_TYPES, control_task, controlled, input_types
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.data import UNLABELLED

N, N_FIT, PLANTED = 3_000, 1_500, 40


@pytest.fixture(scope="module")
def types() -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, PLANTED, N)


@pytest.fixture(scope="module")
def x(types: NDArray[np.int64]) -> torch.Tensor:
    """Inputs around as many places as there are types."""
    rng = np.random.default_rng(1)
    return torch.from_numpy(100 * rng.normal(size=(PLANTED, 6))[types] + 0.1 * rng.normal(size=(N, 6)))


def test_a_type_is_a_cluster_of_inputs_among_the_held_out_examples_as_among_the_others(
    x: torch.Tensor, types: NDArray[np.int64]
) -> None:
    found = input_types(x, N_FIT)
    assert found.max() < N_TYPES
    for part in (slice(N_FIT), slice(N_FIT, N)):  # clusters may halve a planted type, never mix two
        assert all(len(np.unique(types[part][found[part] == k])) == 1 for k in np.unique(found[part]))
    few = input_types(x[:200], 100)
    assert few.max() < 10
    assert adjusted_rand_score(few[:100], input_types(x[:100], 100)) == 1


def test_all_examples_of_a_type_have_its_label_and_labels_have_the_shares_of_the_target(x: torch.Tensor) -> None:
    y = np.random.default_rng(2).choice(3, N, p=[0.6, 0.3, 0.1])
    y[::7] = UNLABELLED
    task, type_of = control_task(x, y, N_FIT), input_types(x, N_FIT)
    known = y != UNLABELLED
    assert (task[~known] == UNLABELLED).all()
    assert all(len(np.unique(task[known & (type_of == k)])) == 1 for k in np.unique(type_of[known]))
    np.testing.assert_allclose(
        np.bincount(task[:N_FIT][known[:N_FIT]]) / known[:N_FIT].sum(), [0.6, 0.3, 0.1], atol=0.05
    )
    assert abs(np.corrcoef(task[known], y[known])[0, 1]) < 0.2
    assert (control_task(x, y, N_FIT) == task).all()
    assert (control_task(x, y, N_FIT, seed=1) != task).any()


def test_a_rare_class_still_makes_a_task_of_two_labels(x: torch.Tensor) -> None:
    y = np.zeros(N, np.int64)
    y[:4] = 1
    assert set(control_task(x, y, N_FIT)[:N_FIT]) == {0, 1}
    assert set(control_task(x, np.full(N, UNLABELLED), N_FIT)) == {UNLABELLED}


def test_what_shows_the_type_learns_the_task_and_what_shows_the_target_alone_does_not(x: torch.Tensor) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, N)
    task = control_task(x, y, N_FIT)
    target, kind = np.eye(2)[y], np.eye(N_TYPES)[input_types(x, N_FIT)]

    def selectivity_of(h: NDArray[np.float64]) -> tuple[float, float]:
        probe = linear_probe(h[:N_FIT], y[:N_FIT], test=(h[N_FIT:], y[N_FIT:]), l2=1e-4)
        found = controlled(probe, (h[:N_FIT], task[:N_FIT]), (h[N_FIT:], task[N_FIT:]), 2)
        assert found.control is not None
        assert found.selectivity == pytest.approx(1 - found.score.error - found.control)
        return found.control, found.selectivity or 0.0

    frequent = max(np.bincount(task[N_FIT:])) / (N - N_FIT)
    both, only = selectivity_of(np.hstack([target, kind])), selectivity_of(target)
    assert both == pytest.approx((1, 0), abs=0.02)  # such a layer says anything: its accuracy of 1 proves little
    assert only == pytest.approx((frequent, 1 - frequent), abs=0.05)


def test_the_control_is_measured_on_held_out_examples_where_memorising_does_not_help(x: torch.Tensor) -> None:
    n, d = 300, 300
    rng = np.random.default_rng(4)
    h, y = rng.normal(size=(N, d)), rng.integers(0, 2, N)
    task = control_task(x, y, n)
    probe = linear_probe(h[:n], y[:n], test=(h[n:], y[n:]), l2=1e-6, memorise=True)
    found = controlled(probe, (h[:n], task[:n]), (h[n:], task[n:]), 2)
    assert found.memorised == 1
    assert found.control == pytest.approx(0.5, abs=0.05)


def test_inputs_that_are_all_the_same_have_no_task() -> None:
    h, y = np.random.default_rng(5).normal(size=(60, 3)), np.arange(60) % 2
    task = control_task(torch.zeros(60, 4), y, 40)
    probe = linear_probe(h[:40], y[:40], test=(h[40:], y[40:]))
    assert controlled(probe, (h[:40], task[:40]), (h[40:], task[40:]), 2).control is None
