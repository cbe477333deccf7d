"""Samplers at equal cost: the nearest to the truth is first, whatever its effective sample size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from latentlab.analysis.sampling import FAR_MODES, KNOWN, Comparison, side_by_side
from latentlab.analysis.verdict import of_samplers
from latentlab.data.builtin.synthetic import DENSITIES, mixture
from tests.conftest import mentions

NARROW = mixture([[0.0, 0.0]], 1e-3)


@pytest.fixture(scope="module")
def far() -> list[Comparison]:
    """Two far modes of 0.3 and 0.7, from one point."""
    return side_by_side(FAR_MODES, {"MALA": 0.6, "random walk": 0.6, "Gibbs": 1.0}, "one point", 40, 600)


def test_samplers_are_compared_at_the_same_number_of_evaluations() -> None:
    scales = {"random walk": 0.8, "HMC": 0.25, "Gibbs": 1.0}
    rows = side_by_side(DENSITIES["mixture"], scales, "data", n_chains=400, n_evaluations=200)
    assert {row.name: row.n_steps for row in rows} == {"random walk": 200, "HMC": 20, "Gibbs": 200}
    for row in rows:
        assert row.distance < 0.35
        assert row.diagnostics is not None
        assert row.diagnostics.n_steps == row.n_steps // 2
    again = side_by_side(DENSITIES["mixture"], scales, "data", n_chains=400, n_evaluations=200)
    assert [row.distance for row in rows] == [row.distance for row in again]


def test_what_missed_a_mode_is_last_and_not_to_be_trusted_however_large_its_ess(far: list[Comparison]) -> None:
    assert far[0].name == "Gibbs"
    assert not far[0].fault
    assert far[0].missed == 0
    assert far[0].distance == pytest.approx(far[0].noise, rel=0.5)
    for row in far[1:]:
        assert row.fault
        assert row.missed == pytest.approx(0.3)
        assert row.unreached == pytest.approx(0.3, abs=0.01)  # all of that mode, and next to nothing of the other
        assert row.distance == pytest.approx(0.3, abs=0.05)
    assert far[1].distance < far[2].distance
    ess = {row.name: row.diagnostics.ess_per_evaluation for row in far if row.diagnostics is not None}
    assert ess["MALA"] > 0.3 * ess["Gibbs"]  # that number gives nothing away


def test_what_disagrees_with_itself_is_not_to_be_trusted_though_it_starts_in_the_truth() -> None:
    stuck, mixing = side_by_side(FAR_MODES, {"MALA": 0.6, "Gibbs": 1.0}, "data", 100, 400)[::-1]
    assert (stuck.name, stuck.missed) == ("MALA", 0)
    assert stuck.distance < 0.15
    assert stuck.fault
    assert not mixing.fault


def test_a_sampler_that_loses_every_chain_is_a_row_like_the_others() -> None:
    found = side_by_side(NARROW, {"unadjusted Langevin": 1e3, "Gibbs": 1.0}, "data", 20, 50)
    assert [row.name for row in found] == ["Gibbs", "unadjusted Langevin"]
    assert found[1].diagnostics is None
    assert np.isinf(found[1].distance)
    assert found[1].fault


@pytest.mark.slow
def test_a_density_in_more_dimensions_has_a_distance_too() -> None:
    curve = KNOWN["curve"]
    assert curve.closed_form is not None
    (row,) = side_by_side(curve.closed_form, {"HMC": curve.narrowest}, "data", 200, 100)
    assert 0 < row.noise < row.distance < 1
    assert row.n_chains == 20


def test_the_verdict_names_the_nearest_that_can_be_trusted_and_those_that_can_not(far: list[Comparison]) -> None:
    said = of_samplers(far)
    assert mentions(said, "Gibbs", f"{far[0].distance:.3f}", "MALA", "random walk", "30%")
    assert mentions(said.split(".")[0], "Gibbs")
    assert not mentions(said.split(".")[0], "MALA")
    assert not mentions(of_samplers(far[:1]), "MALA")
    assert not mentions(of_samplers(far[1:]), f"{far[1].distance:.3f}")  # none can be trusted: no distance is praised
    liar = dataclasses.replace(far[1], distance=0.0)
    assert mentions(of_samplers([liar, *far[:1]]), f"{far[0].distance:.3f}")
