"""The experiment on pixel decoders: what it measures is what the runs that ship state, and its scores are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentlab.experiments import pixel_decoders
from latentlab.experiments.pixel_decoders import DECODERS, PixelScore
from tests.data.builtin.test_images import needs_mnist


@needs_mnist
@pytest.mark.training
def test_three_decoders_are_trained_with_each_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_decoders, "N_DRAWS", 5)
    monkeypatch.setattr(pixel_decoders, "N_MEASURED", 50)
    monkeypatch.setattr(pixel_decoders, "N_VALID", 50)
    monkeypatch.setattr(pixel_decoders, "TRAINING", {"epochs": 1, "batch_size": 100})
    small = {"z_dim": 4, "z2_dim": 2, "z3_dim": 0, "width": 4, "blocks": 1, "context": 2}
    scores = list(pixel_decoders.run("mnist-14", (0, 1), small, 200))
    assert [(score.model, score.seed) for score in scores] == [(name, seed) for seed in (0, 1) for name in DECODERS]
    assert len({score.bound for score in scores}) == len(scores)
    assert all(score.bound <= score.weighted + 0.5 for score in scores)  # 10 draws of each against 5 at once
    assert all(len(score.kl) == 2 for score in scores)
    path = tmp_path / "scores.csv"
    pixel_decoders.TABLE.at(path).save(scores)
    kept = pixel_decoders.TABLE.at(path).read()
    assert [(score.model, score.seed) for score in kept] == [(score.model, score.seed) for score in scores]
    assert [score.kl for score in kept] == [pytest.approx(score.kl, rel=1e-4) for score in scores]


def test_a_row_has_the_means_over_the_seeds_and_what_the_source_reports() -> None:
    scores = [PixelScore("mnist", "FAME", seed, -41.0 - seed, -38.0 - seed, (5.0, 2.0 + seed)) for seed in (0, 1)]
    scores += [PixelScore("mnist", "convolutional ladder VAE", 0, -43.0, -40.0, (1.0, 2.0))]
    fame, plain = pixel_decoders.table_rows(scores)
    assert fame["ELBO, nats"].startswith("-41.50")
    assert fame["KL, nats"].startswith("7.50")
    assert "5.00 2.50" in fame.values()
    assert "-77.82" in fame["reported"]
    assert (fame["seeds"], plain["seeds"]) == ("2", "1")
    assert "77" not in plain["reported"]


def test_scores_of_other_data_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    old, new, small = (
        PixelScore(dataset, "FAME", 0, bound, bound + 2, (5.0,))
        for dataset, bound in (("mnist", -85.0), ("mnist", -84.0), ("mnist-14", -41.0))
    )
    pixel_decoders.TABLE.at(path).save([old])
    pixel_decoders.TABLE.at(path).save([small])
    pixel_decoders.TABLE.at(path).save([new])
    assert pixel_decoders.TABLE.at(path).read() == [small, new]
