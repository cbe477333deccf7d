"""The experiment on the mutual information of an InfoGAN: both weights with each seed, and what ships."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.experiments.adversarial import infogan
from latentlab.experiments.adversarial.infogan import MOST, SEEDS, WEIGHTS


@pytest.mark.training
def test_both_weights_are_trained_with_each_seed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infogan, "N_MEASURED", 500)
    small = {"categories": 8, "noise": 1, "hidden": 8, "layers": 1}
    scores = list(infogan.run((0, 1), {"epochs": 1, "batch_size": 2_000}, small))
    assert [(score.seed, score.weight) for score in scores] == [(seed, one) for seed in (0, 1) for one in WEIGHTS]
    assert len({score.bound for score in scores}) == len(scores)
    infogan.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = infogan.TABLE.at(tmp_path / "scores.csv").read()
    np.testing.assert_allclose([score.bound for score in kept], [score.bound for score in scores], rtol=1e-5)
    assert [row["seeds"] for row in infogan.table_rows(kept)] == ["2"] * len(WEIGHTS)


def test_what_ships_meets_the_thresholds_of_the_source() -> None:
    scores = infogan.TABLE.read()
    assert {(score.weight, score.seed) for score in scores} == {(weight, seed) for weight in WEIGHTS for seed in SEEDS}
    for score in scores:
        assert score.bound <= MOST
        if score.weight:
            assert score.bound >= 0.95 * MOST
            assert score.information >= 1.97
            assert score.modes == 8
        else:
            assert max(score.bound, score.information) <= 0.1


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = infogan.TABLE.read()
    monkeypatch.setattr(infogan, "TABLE", infogan.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(infogan, "run", lambda seeds: iter(one for one in shipped if one.seed in seeds))
    assert main(["reproduce", "infogan", "--data", infogan.DATA, "--seeds", "2"]) == 0
    assert f"{math.log(8):.3f}" in capsys.readouterr().out
    assert infogan.TABLE.read() == [one for one in shipped if one.seed < 2]
