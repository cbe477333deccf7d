"""Drift over weeks: distances against closed forms, and how often what doesn't drift stays within the band."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.linalg import sqrtm

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.drift import Block, Drift, drift, frechet, of_drift


def test_the_distance_is_that_of_two_gaussians() -> None:
    rng = np.random.default_rng(0)
    apart, one, two = rng.normal(size=3), rng.uniform(0.5, 2, 3), rng.uniform(0.5, 2, 3)
    known = np.sqrt((apart**2 + (one - two) ** 2).sum())  # of independent numbers
    assert frechet(apart, np.diag(one**2), np.diag(two**2)) == pytest.approx(known)
    first, second = (a @ a.T for a in rng.normal(size=(2, 3, 3)))
    both = np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet(apart, first, second) == pytest.approx(np.sqrt(apart @ apart + both))
    assert frechet(np.zeros(3), first, first) == pytest.approx(0, abs=1e-6)


def block(rng: np.random.Generator, wrong: Doubles | None = None, season: float = 0.0) -> Block:
    """Seven days of four sensors that read two latent numbers; a sensor's error is a share of its deviation."""
    reads = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, -1.0]])
    day = np.repeat(rng.normal(size=(7, 2)), 8, 0)  # days differ
    x = (day + season + rng.normal(size=(56, 2))) @ reads + 0.3 * rng.normal(size=(56, 4))
    x = x + (0.0 if wrong is None else wrong)
    codes = x @ np.linalg.pinv(reads)
    return Block(codes, (x - codes @ reads) / 0.3)


def test_without_a_drift_blocks_are_within_the_band_as_often_as_promised() -> None:
    rng = np.random.default_rng(1)
    found = [drift([block(rng) for _ in range(19)], [block(rng) for _ in range(4)]) for _ in range(60)]
    codes = np.mean([len(one.moved) for one in found]) / 4
    sensors = np.mean([len(one.disagreeing) for one in found]) / 4
    assert max(codes, sensors) < 0.1  # 1 / 20 is promised
    assert np.mean([one.chance(one.moved) <= 0.05 and len(one.moved) > 0 for one in found]) < 0.1


def test_so_many_beyond_all_normal_ones_are_as_improbable_as_shuffling_says() -> None:
    rng = np.random.default_rng(0)
    ranks = rng.permuted(np.tile(np.arange(9), (20_000, 1)), axis=1)
    n_beyond = (ranks[:, :4] > ranks[:, 4:].max(1, keepdims=True)).sum(1)
    one = Drift(np.zeros(4), np.zeros(5), *np.zeros((3, 1, 1)))
    for m in range(1, 5):
        assert one.chance(np.arange(m)) == pytest.approx((n_beyond >= m).mean(), abs=0.015)


def test_a_sensor_that_drifts_is_named_and_a_season_is_none() -> None:
    rng, names = np.random.default_rng(2), ("first", "second", "third", "fourth")
    normal = [block(rng) for _ in range(12)]
    said = partial(of_drift, names=names, step="week")
    wrong = drift(normal, [block(rng, np.array([0.0, 0.0, 0.0, 0.1 * k])) for k in range(8)])
    assert np.abs(wrong.sensors[7]).argmax() == 3
    assert wrong.sensors[7, 3] > 2 * wrong.sensor_band
    assert "“fourth”" in said(wrong)
    season = drift(normal, [block(rng, season=0.5 * k) for k in range(8)])
    assert season.distance[7] > season.band
    assert season.shift[7].min() > 1
    both = Drift(season.distance, season.normal_distance, season.shift, wrong.sensors, wrong.normal_sensors)
    assert said(both) not in (said(wrong), said(season))
    assert not any(name in said(season) for name in names)
    assert said(season) != said(drift(normal, [block(rng)]))
    with pytest.raises(ValueError, match="3"):
        drift(normal[:2], normal[2:])


def test_two_sensors_that_disagree_are_both_named() -> None:
    band = Drift(np.ones(1), np.ones(39), np.zeros((1, 1)), np.array([[9.0, -8.0, 1.0]]), np.full((39, 3), 2.0))
    assert all(f"“{name}”" in of_drift(band, "abc", "week") for name in "ab")
    assert "“c”" not in of_drift(band, "abc", "week")
