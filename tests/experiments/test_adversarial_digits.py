"""The experiment that holds samples of a GAN against those of other families: all of them with each seed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances

from latentlab.__main__ import main
from latentlab.data import load
from latentlab.experiments import adversarial_digits
from latentlab.experiments.adversarial_digits import CLASSIFIER, N_SAMPLES, SAMPLERS, SEEDS, measure
from latentlab.runs.store import SHIPPED, Store


def test_samples_of_one_class_have_no_entropy_and_little_recall() -> None:
    splits, classifier = load("digits"), Store(SHIPPED, shipped=SHIPPED / ".none").load(CLASSIFIER)
    zeros = splits.train[(splits.train.y == 0).nonzero()[:100, 0]].batch().x
    every = splits.train[:100].batch().x
    one, all_of_them = (measure(x, splits, classifier) for x in (zeros, every))
    assert one["entropy"] < 0.2
    assert all_of_them["entropy"] > 2.1
    assert one["recall"] < 0.5 * all_of_them["recall"]
    assert one["parzen"] < all_of_them["parzen"]
    held = torch.cat([splits.valid.batch().x, splits.test.batch().x]).flatten(1).numpy()
    radii = np.sort(pairwise_distances(held), 1)[:, 3]
    inside = (pairwise_distances(every.flatten(1).numpy(), held) <= radii).any(1)
    assert all_of_them["precision"] == pytest.approx(inside.mean(), abs=0.02)


@pytest.mark.training
def test_all_samplers_are_scored_with_each_seed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial_digits, "N_SAMPLES", 20)
    scores = list(adversarial_digits.run((0,), {"epochs": 1, "batch_size": 500}))
    assert [score.sampler for score in scores] == list(SAMPLERS)
    adversarial_digits.save(scores, tmp_path / "scores.csv")
    kept = adversarial_digits.read(tmp_path / "scores.csv")
    np.testing.assert_allclose([score.parzen for score in kept], [score.parzen for score in scores], rtol=1e-5)


def test_what_ships_has_every_sampler_with_every_seed_and_real_images_are_best() -> None:
    scores = adversarial_digits.read()
    assert {(score.sampler, score.seed) for score in scores} == {(one, seed) for one in SAMPLERS for seed in SEEDS}
    means = {one: np.mean([score.recall for score in scores if score.sampler == one]) for one in SAMPLERS}
    assert max(means, key=means.__getitem__) == SAMPLERS[0]
    gan = [score for score in scores if score.sampler == "GAN"]
    assert all(score.entropy > 0.95 * math.log(10) for score in gan)  # no digit is missing
    assert len(load("digits").valid) + len(load("digits").test) == N_SAMPLES


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = adversarial_digits.read()
    monkeypatch.setattr(adversarial_digits, "RESULTS", tmp_path / "scores.csv")
    monkeypatch.setattr(adversarial_digits, "run", lambda seeds: iter(one for one in shipped if one.seed in seeds))
    assert main(["reproduce", "gan", "--seeds", "2"]) == 0
    assert "PixelCNN" in capsys.readouterr().out
    assert adversarial_digits.read() == [one for one in shipped if one.seed < 2]
