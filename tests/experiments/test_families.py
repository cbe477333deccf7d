"""The experiment on families of posteriors: what ships is what was measured, and no bound exceeds log Z."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.data.builtin.two_modes import log_partition
from latentlab.experiments import families
from latentlab.experiments.families import ANNEALED_GAUSSIAN, AUXILIARY, GAUSSIAN, SETTINGS, flow_name

ONE_MODE = log_partition() - np.log(2)
ERROR = 0.02  # nats: of a bound by draws


def test_what_ships_is_measured_as_its_scores_state() -> None:
    found = families.shipped()
    assert list(found) == list(SETTINGS)
    for name in (GAUSSIAN, flow_name(16), AUXILIARY):
        again = families.measured(name, found[name].family(SETTINGS[name]))
        np.testing.assert_allclose(again.bounds, found[name].bounds, atol=1e-3)
        np.testing.assert_allclose(again.weighted, found[name].weighted, atol=1e-2)
        np.testing.assert_allclose(again.upper, found[name].upper, atol=1e-3)


def test_no_bound_exceeds_what_its_modes_allow() -> None:
    for found in families.shipped().values():
        both = (found.upper > 0.01) & (found.upper < 0.99)
        assert (found.bounds <= np.where(both, log_partition(), ONE_MODE) + ERROR).all()
        assert (found.bounds <= found.weighted + ERROR).all()


def test_flows_cover_both_modes_and_no_gaussian_does_well() -> None:
    found = families.shipped()
    assert found[flow_name(16)].n_both == len(found[flow_name(16)].bounds)
    assert found[flow_name(16)].bounds.min() > found[flow_name(4)].bounds.mean() > found[GAUSSIAN].bounds.max()
    assert not found[GAUSSIAN].covers_both[found[GAUSSIAN].best]
    assert found[ANNEALED_GAUSSIAN].n_both == len(found[ANNEALED_GAUSSIAN].bounds)
    assert found[ANNEALED_GAUSSIAN].bounds.max() < found[GAUSSIAN].bounds.max() - 1
    assert 0 < found[AUXILIARY].n_both < len(found[AUXILIARY].bounds)


@pytest.mark.training
def test_a_fit_improves_is_reported_and_kept_beside_the_others(tmp_path: Path) -> None:
    results, fits, reports = tmp_path / "scores.csv", tmp_path / "fits.safetensors", list[float]()
    short = replace(SETTINGS[GAUSSIAN], n_steps=200)
    fitted = families.fit(GAUSSIAN, short, 3, 5, reports.append)
    assert reports == [0.5, 1.0]
    start = families.fit(GAUSSIAN, replace(short, n_steps=1), 3, 5)
    assert (fitted.bounds > start.bounds + 0.4).all()
    assert len(set(fitted.bounds.tolist())) == 3
    other = families.fit(AUXILIARY, replace(SETTINGS[AUXILIARY], n_steps=5), 2)
    families.save([fitted, other], results, fits)
    families.save([other], results, fits)
    kept = families.shipped(results, fits)
    assert list(kept) == [GAUSSIAN, AUXILIARY]
    np.testing.assert_allclose(kept[GAUSSIAN].bounds, fitted.bounds, rtol=1e-5)
    for name, value in fitted.parameters.items():
        assert np.array_equal(kept[GAUSSIAN].parameters[name], value)
    best = families.drawn(kept[GAUSSIAN], short, 20_000)
    assert np.abs(best.mean(0) - fitted.parameters["mean"][fitted.best, 0]).max() < 0.05


def test_further_restarts_are_joined_and_the_best_of_all_is_kept() -> None:
    found = families.shipped()[GAUSSIAN]
    worse = replace(found, bounds=found.bounds - 1)
    better = replace(found, bounds=found.bounds + 1)
    joined = families.joined(worse, [better])
    assert joined.best == found.best + len(found.bounds)
    assert len(joined.parameters["mean"]) == 2 * len(found.bounds)
    np.testing.assert_allclose(
        families.drawn(joined, SETTINGS[GAUSSIAN], 500).mean(0),
        families.drawn(found, SETTINGS[GAUSSIAN], 500).mean(0),
        atol=0.5,
    )
    rows = families.table_rows(families.scores_of(joined))
    assert [row["family"] for row in rows] == [GAUSSIAN]


def test_the_command_keeps_what_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = families.shipped()
    monkeypatch.setattr(families, "TABLE", families.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(families, "FITS", tmp_path / "fits.safetensors")
    monkeypatch.setattr(families, "run", lambda: iter(found.values()))
    assert main(["reproduce", "families"]) == 0
    assert flow_name(16) in capsys.readouterr().out
    kept = families.shipped()
    assert [one.name for one in kept.values()] == list(found)
    assert np.array_equal(kept[AUXILIARY].bounds, found[AUXILIARY].bounds)
