"""Dependency networks against joint laws that are known, and against closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.dependency import (
    bits,
    exact,
    fitted,
    ising,
    log_pseudolikelihood,
    logistic,
    ordered,
    pseudolikelihood,
    random_scan,
    resampled,
    scan,
    trees,
)
from latentlab.analysis.stats import total_variation

RANDOM = np.random.default_rng(0).dirichlet(np.ones(8))


def disagreeing(d: int, seed: int) -> Doubles:
    """(d, 2^d) conditionals of no one joint law."""
    rng, x = np.random.default_rng(seed), bits(d)
    others = [sum(x[:, j].astype(int) << j for j in range(d) if j != i) for i in range(d)]
    return np.array([rng.uniform(0.05, 0.95, 2**d)[places] for places in others])


def test_the_conditionals_of_a_joint_law_give_it_back() -> None:
    joint = ising(3, 0.8, 0)
    x = bits(9)
    assert (x[5].tolist(), len(joint)) == ([True, False, True, *[False] * 6], 512)
    found = fitted(exact(joint), list(range(9)))
    for law in (found.scan, found.forward, found.backward):
        assert total_variation(law, joint) < 1e-11
    conditional = exact(RANDOM)
    state = 0b101
    assert conditional[1, state] == pytest.approx(RANDOM[0b111] / (RANDOM[0b111] + RANDOM[0b101]))
    assert total_variation(random_scan(conditional), RANDOM) < 1e-14


def test_an_ising_model_is_one() -> None:
    """Neighbours on a square of two: log p is a sum of products of neighbours, the same for all signs turned."""
    joint = ising(2, 1.0, 3)
    s = 2.0 * bits(4) - 1
    design = np.stack([np.ones(16), *(s[:, i] * s[:, j] for i, j in ((0, 1), (2, 3), (0, 2), (1, 3)))], 1)
    assert np.linalg.lstsq(design, np.log(joint), rcond=None)[1] < 1e-20
    np.testing.assert_allclose(joint, joint[::-1])


def test_the_sources_two_variables_that_disagree() -> None:
    conditionals = np.array([[0.2, 0.2, 0.7, 0.7], [0.6, 0.1, 0.6, 0.1]])
    found = fitted(conditionals, [0, 1])
    assert found.forward == pytest.approx([0.24, 0.36, 0.36, 0.04])
    assert found.backward == pytest.approx([0.48, 0.12, 0.12, 0.28])
    assert found.scan == pytest.approx([0.36, 0.24, 0.24, 0.16])


def test_a_random_scan_is_the_mean_of_all_orders_for_two_variables_only() -> None:
    far = {}
    for d in (2, 3):
        each = []
        for seed in range(8):
            own = disagreeing(d, seed)
            mean = np.mean([ordered(own, order) for order in itertools.permutations(range(d))], 0)
            each.append(total_variation(random_scan(own), mean))
        far[d] = float(np.median(each))
    assert far[2] < 1e-13
    assert 0.002 < far[3] < 0.03


def test_drawing_a_site_anew_keeps_the_others_law() -> None:
    law = np.random.default_rng(1).dirichlet(np.ones(8))
    found = resampled(law, disagreeing(3, 0), 1).reshape(2, 2, 2)  # axes: site 2, 1, 0
    np.testing.assert_allclose(found.sum(1), law.reshape(2, 2, 2).sum(1))
    twice = resampled(found.ravel(), disagreeing(3, 0), 1)
    np.testing.assert_allclose(twice, found.ravel())


def test_fits_of_the_right_form_find_the_conditionals_and_trees_belong_to_no_joint_law() -> None:
    """With the true frequencies for counts the logistic form of an Ising model is exact."""
    joint = ising(2, 0.8, 0)
    np.testing.assert_allclose(logistic(1e6 * joint), exact(joint), atol=1e-6)
    np.testing.assert_allclose(trees(1e6 * joint, depth=3), exact(joint), atol=1e-9)  # a leaf for each state
    joint = ising(3, 0.8, 0)
    counts = np.random.default_rng(0).multinomial(5_000, joint).astype(float)
    for own, far, apart in ((logistic(counts), 0.06, 0.01), (trees(counts), 0.07, 0.06)):
        found = fitted(own, list(range(9)))
        assert total_variation(found.scan, joint) < far < total_variation(counts / 5_000, joint)
        assert total_variation(found.forward, found.backward) < apart
    assert total_variation(found.forward, found.backward) > 0.02


def test_images_of_their_own_conditionals_have_the_law_of_the_states() -> None:
    """The same fit from examples as from counts; chains of random scans have its exact law."""
    joint = ising(2, 0.8, 0)
    counts = np.random.default_rng(0).multinomial(2_000, joint).astype(float)
    x = bits(4)
    weights = pseudolikelihood(np.repeat(x, counts.astype(int), 0), np.ones(2_000))
    own = logistic(counts)
    np.testing.assert_allclose(weights, pseudolikelihood(x, counts), atol=1e-7)
    expected = np.log(np.where(x, own.T, 1 - own.T)).sum(1)
    np.testing.assert_allclose(log_pseudolikelihood(weights, x), expected, atol=1e-6)
    chains, rng = np.zeros((20_000, 4), bool), np.random.default_rng(1)
    for _ in range(12):
        chains = scan(weights, chains, rng)
    shares = np.bincount(chains @ (1 << np.arange(4)), minlength=16) / len(chains)
    assert total_variation(shares, random_scan(own)) < 0.02


def test_separable_examples_have_finite_conditionals() -> None:
    counts = np.zeros(8)
    counts[[0, 7]] = 50.0
    for own in (logistic(counts), trees(counts)):
        assert ((own > 0) & (own < 1)).all()
        assert np.isfinite(random_scan(own)).all()


def test_what_has_no_law_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="law"):
        random_scan(np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]))  # each follows the other
    with pytest.raises(ValueError, match="11"):
        bits(11)
