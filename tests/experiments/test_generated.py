"""The experiment on generated images: both kinds of models, the command, and what ships against its controls."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.analysis.generated.images import BINARISED, DRAW, MEAN, PRIOR, REAL
from latentlab.experiments import generated
from latentlab.experiments.generated import FLAT, PLAIN, WAYS, WIDE, GeneratedScore, Setting, Training
from latentlab.experiments.score_tables import MISSING
from tests.conftest import numbers_in


@pytest.mark.training
def test_runs_that_ship_are_measured_once_and_trainings_with_each_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated, "N_MEASURED", 40)
    trained = Training("digits-vae", "vae", {"z_dim": 2, "hidden": 8}, {"epochs": 1, "batch_size": 500})
    setting = Setting("digits-cnn", {"GAN": "digits-gan", "VAE": trained})
    scores = list(generated.run("digits", (0, 1), setting))
    assert {(score.model, score.seed) for score in scores} == {("GAN", 0), ("VAE", 0), ("VAE", 1)}
    kinds = [score.images for score in scores if (score.model, score.way) == ("GAN", PLAIN)]
    assert kinds == [REAL, BINARISED, PRIOR]
    assert {score.way for score in scores} == set(WAYS)
    assert {score.n for score in scores} == {40}
    assert [math.isnan(one.seconds) for one in scores if one.model == "VAE"] == [True] * 15 + [False] * 15
    assert all(math.isnan(score.recognised) == (score.images == PRIOR) for score in scores)
    generated.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = generated.TABLE.at(tmp_path / "scores.csv").read()
    np.testing.assert_allclose([one.confidence for one in kept], [one.confidence for one in scores], rtol=1e-5)
    rows = generated.table_rows(kept)
    assert [(row["model"], row["seeds"]) for row in rows] == [("GAN", "1")] * 3 + [("VAE", "2")] * 5
    column = f"recognised {PLAIN}, %"
    assert [row[column] == MISSING for row in rows] == [False, False, True] * 1 + [False] * 4 + [True]


def test_no_reconstruction_that_ships_is_recognised_more_often_than_its_control() -> None:
    scores = generated.TABLE.read()
    assert {score.dataset for score in scores} == set(generated.SETTINGS)
    share = {(one.dataset, one.model, one.seed, one.images, one.way): one.recognised for one in scores}
    for (dataset, model, seed, images, way), value in share.items():
        if images in (MEAN, DRAW):
            assert value <= max(share[dataset, model, seed, control, way] for control in (REAL, BINARISED))
            assert share[dataset, model, seed, MEAN, way] >= value - 0.015
    pairs = {"mnist": ("VAE, 20 dimensions", "VAE, 2 dimensions"), "sketches": (WIDE, FLAT)}
    for dataset, (wide, flat) in pairs.items():
        assert share[dataset, wide, 0, MEAN, PLAIN] > share[dataset, flat, 0, MEAN, PLAIN]


def test_the_sources_numbers_stand_beside_ours() -> None:
    first = generated.REPORTED[0]
    own = [
        GeneratedScore("sketches", first.model, seed, DRAW, way, 100, 0.5 + 0.1 * seed, 0.9, 1.9, 150.0)
        for seed in (0, 1)
        for way in WAYS
    ]
    rows = generated.reported_rows(own)
    assert [row["source, %"] for row in rows] == ["68.5", "69.6", "50.2", "46.6"]
    assert rows[0][f"ours {PLAIN}, %"] == "55.00 ± 7.07"
    assert {row[f"ours {PLAIN}, %"] for row in rows[1:]} == {MISSING}
    assert [row["ours"] == MISSING for row in rows] == [False, True, True, False]
    assert numbers_in(rows[0]["ours"])[::2] == sorted(numbers_in(rows[0]["ours"])[::2], reverse=True)


def test_the_command_keeps_the_scores_of_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = generated.TABLE.read()
    monkeypatch.setattr(generated, "TABLE", generated.TABLE.at(tmp_path / "scores.csv"))
    others = [one for one in shipped if one.dataset != "digits"]
    generated.TABLE.at(tmp_path / "scores.csv").save(others)
    monkeypatch.setattr(generated, "run", lambda data, seeds: iter(s for s in shipped if s.dataset == data and seeds))
    assert main(["reproduce", "judge", "--data", "digits", "--seeds", "1"]) == 0
    assert "source, %" in capsys.readouterr().out
    assert {one.dataset for one in generated.TABLE.read()} == {one.dataset for one in shipped}
    assert main(["reproduce", "judge", "--data", "moons"]) == 1
