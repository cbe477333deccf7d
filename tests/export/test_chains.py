"""Draws as files: each is read back by the library for which it is made, and has the numbers of the chains."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import torch
from arviz_base import convert_to_datatree

from latentlab.analysis.sampling import ENERGIES, HMC, KNOWN, Experiment, experiment
from latentlab.export.chains import Draws, draws_csv, draws_netcdf, draws_npz, draws_of
from latentlab.settings import VERSION

SETTINGS: dict[str, str | int | float] = {"target": "two far modes", "seed": 3, "run": "moons-dae", "burn_in": 0.25}


@pytest.fixture(scope="module")
def found() -> Experiment:
    known = KNOWN["two far modes"].instance(ENERGIES["exact"])
    chosen = experiment(known, HMC(), 0.9, n_chains=5, n_steps=40, seed=3, adapt=0.25)
    chosen.chains.lost[1] = True  # as if it were
    return chosen


@pytest.fixture(scope="module")
def draws(found: Experiment) -> Draws:
    return draws_of(found, 0.25, SETTINGS)


def test_a_netcdf_file_is_what_arviz_makes_of_it(found: Experiment, draws: Draws, tmp_path: Path) -> None:
    path = tmp_path / "draws.nc"
    path.write_bytes(draws_netcdf(draws))
    read = convert_to_datatree(str(path))
    position = read["posterior"]["position"]
    assert position.dims == ("chain", "draw", "coordinate")
    assert list(position["chain"].values) == [0, 2, 3, 4]
    assert list(position["draw"].values) == list(range(10, 40))
    assert list(position["coordinate"].values) == list(found.names)
    np.testing.assert_array_equal(position.values, found.draws(0.25).transpose(1, 0, 2))
    stats = read["sample_stats"]
    assert {stats[name].dims for name in draws.stats} == {("chain", "draw")}
    np.testing.assert_array_equal(stats["accepted"].values, found.chains.accepted[10:, [0, 2, 3, 4]].T)
    np.testing.assert_array_equal(stats["step_size"].values, found.scale)
    assert found.scale != 0.9  # it is the one that was found
    np.testing.assert_array_equal(stats["diverging"].values, 0)
    assert {**SETTINGS, "step": found.scale, "latentlab_version": VERSION}.items() <= read.attrs.items()


def test_what_is_known_of_a_step_is_that_of_the_density(found: Experiment, draws: Draws) -> None:
    """The log-density is that of the closed form; the energy less the potential is the kinetic energy of momenta of
    two dimensions, whose mean is 1; the mean of the probabilities is the share that is accepted.
    """
    assert found.truth is not None
    log_prob = found.truth.log_prob(torch.from_numpy(draws.positions.reshape(-1, 2)).double())
    np.testing.assert_allclose(draws.stats["lp"].ravel(), log_prob, atol=1e-4)
    kinetic = draws.stats["energy"] + draws.stats["lp"]
    assert kinetic.min() >= -1e-4
    assert kinetic.mean() == pytest.approx(1, abs=4 / np.sqrt(kinetic.size))
    rate = draws.stats["acceptance_rate"]
    assert 0 <= rate.min() <= rate.max() <= 1
    assert rate.mean() == pytest.approx(draws.stats["accepted"].mean(), abs=0.1)


def test_csv_and_npz_have_the_same_numbers(draws: Draws) -> None:
    table = pd.read_csv(io.BytesIO(draws_csv(draws)))
    assert list(table) == ["chain", "draw", *draws.names, *draws.stats]
    assert len(table) == 4 * 30
    third = table[table.chain == 3]
    np.testing.assert_allclose(third[list(draws.names)], draws.positions[2], rtol=1e-6)
    np.testing.assert_allclose(third["energy"], draws.stats["energy"][2], rtol=1e-6)
    with np.load(io.BytesIO(draws_npz(draws)), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["position"], draws.positions)
        np.testing.assert_array_equal(arrays["acceptance_rate"], draws.stats["acceptance_rate"])
        assert json.loads(str(arrays["settings"])) == draws.settings
