"""The sweep that ships: the test split is looked at for the setting alone that the validation split chose."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.analysis.sweep import compare, interval
from latentlab.experiments import sweep
from tests.conftest import mentions

pytestmark = pytest.mark.training


def test_what_ships_was_tested_in_the_chosen_setting_alone() -> None:
    scores = sweep.TABLE.read()
    found = sweep.trained(scores)
    assert found.scores.shape == (8, 3)
    assert found.curves.shape == (8, 3, 60)
    assert not np.isnan(found.curves).any()
    best = compare(found.scores, True).best
    assert [k for k, score in enumerate(scores) if not math.isnan(score.test)] == [
        3 * (best or 0) + r for r in range(3)
    ]


def test_it_is_trained_again_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sweep, "TABLE", sweep.TABLE.at(tmp_path / "sweep.csv"))
    monkeypatch.setattr(sweep, "GRID", {"z_dim": (1, 4), "beta": (1.0,)})
    monkeypatch.setattr(sweep, "TRAINING", {"epochs": 2})
    assert main(["reproduce", "sweep", "--seeds", "2", "--data", "digits"]) == 0
    scores = sweep.TABLE.read()
    assert [(one.z_dim, one.beta, one.seed) for one in scores] == [(z, 1.0, seed) for z in (1, 4) for seed in (0, 1)]
    assert all(len(one.curve) == 2 for one in scores)
    tested = [one for one in scores if not math.isnan(one.test)]
    other = [one for one in scores if math.isnan(one.test)]
    assert len({one.z_dim for one in tested}) == 1
    assert np.mean([one.curve[-1] for one in tested]) > np.mean([one.curve[-1] for one in other])
    assert mentions(capsys.readouterr().out, str(interval([one.test for one in tested])).split()[0])
