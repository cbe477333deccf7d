"""The experiment on layers of an auxiliary VAE: all models with each seed, and what ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.experiments import auxiliary_layers
from latentlab.experiments.auxiliary_layers import MODELS, SEEDS


@pytest.mark.training
def test_all_models_are_trained_with_each_seed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auxiliary_layers, "N_DRAWS", 20)
    small = {"z_dim": 4, "a_dim": 2, "hidden": 8, "layers": 1}
    scores = list(auxiliary_layers.run((0, 1), {"epochs": 1, "batch_size": 500}, small))
    assert [(score.model, score.seed) for score in scores] == [(name, seed) for seed in (0, 1) for name in MODELS]
    assert len({score.bound for score in scores}) == len(scores)
    assert all(score.bound <= score.weighted for score in scores)
    auxiliary_layers.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = auxiliary_layers.TABLE.at(tmp_path / "scores.csv").read()
    assert [score.model for score in kept] == [score.model for score in scores]
    np.testing.assert_allclose([score.bound for score in kept], [score.bound for score in scores], rtol=1e-5)
    assert [row["seeds"] for row in auxiliary_layers.table_rows(kept)] == ["2"] * len(MODELS)


def test_what_ships_compares_one_layer_with_two_over_the_seeds() -> None:
    scores = auxiliary_layers.TABLE.read()
    found = {(score.model, score.seed) for score in scores}
    assert len(found) == len(scores)
    assert {(name, seed) for name in ("one layer", "two layers") for seed in SEEDS} <= found
    assert {name for name, _ in found} == set(MODELS)
    assert all(score.bound < score.weighted < 0 for score in scores)


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = auxiliary_layers.TABLE.read()
    monkeypatch.setattr(auxiliary_layers, "TABLE", auxiliary_layers.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(auxiliary_layers, "run", lambda seeds: iter(one for one in shipped if one.seed in seeds))
    assert main(["reproduce", "auxiliary-layers", "--seeds", "2"]) == 0
    assert "two layers" in capsys.readouterr().out
    assert auxiliary_layers.TABLE.read() == [one for one in shipped if one.seed < 2]
