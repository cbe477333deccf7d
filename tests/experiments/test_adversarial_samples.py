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
from latentlab.experiments.adversarial import samples as adversarial_samples
from latentlab.experiments.adversarial.samples import REAL, SEEDS, SETTINGS, features, measure
from latentlab.models.classifiers.cnn import CNN
from latentlab.runs.shipped import SHIPPED_RUNS


def test_samples_of_one_class_have_no_entropy_and_little_recall() -> None:
    splits, store = load("digits"), SHIPPED_RUNS
    classifier = store.load(SETTINGS["digits"].classifier)
    zeros = splits.train[(splits.train.y == 0).nonzero()[:100, 0]].batch().x
    every = splits.train[:100].batch().x
    test = splits.test.batch().x
    one, all_of_them = (measure(x, test, splits.valid, classifier) for x in (zeros, every))
    assert one["entropy"] < 0.2
    assert all_of_them["entropy"] > 2.1
    assert one["recall"] < 0.5 * all_of_them["recall"]
    assert one["recall_of_features"] < 0.5 * all_of_them["recall_of_features"]
    assert one["parzen"] < all_of_them["parzen"]
    held = test.flatten(1).numpy()
    radii = np.sort(pairwise_distances(held), 1)[:, 3]
    inside = (pairwise_distances(every.flatten(1).numpy(), held) <= radii).any(1)
    assert all_of_them["precision"] == pytest.approx(inside.mean(), abs=0.02)


def test_features_are_what_the_last_layer_is_given() -> None:
    classifier = SHIPPED_RUNS.load("digits-cnn")
    assert isinstance(classifier, CNN)
    x = load("digits").test[:7].batch().x
    with torch.no_grad():
        log_probs = torch.log_softmax(classifier.logits(features(classifier, x)), 1)
        torch.testing.assert_close(log_probs, classifier.classify(x))


@pytest.mark.training
def test_all_samplers_are_scored_with_each_seed_and_kept(tmp_path: Path) -> None:
    short = {"epochs": 1, "batch_size": 500}
    setting = SETTINGS["digits"]
    few = {name: of if isinstance(of, str) else of._replace(train=short) for name, of in setting.samplers.items()}
    scores = list(adversarial_samples.run("digits", (0,), setting._replace(n_samples=20, samplers=few)))
    assert [score.sampler for score in scores] == [REAL, *few]
    assert [np.isfinite(score.of_data) for score in scores] == [score.sampler == "GAN" for score in scores]
    adversarial_samples.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = adversarial_samples.TABLE.at(tmp_path / "scores.csv").read()
    np.testing.assert_allclose([score.parzen for score in kept], [score.parzen for score in scores], rtol=1e-5)
    adversarial_samples.TABLE.at(tmp_path / "scores.csv").save(scores[:2])
    assert len(adversarial_samples.TABLE.at(tmp_path / "scores.csv").read()) == 2  # in the place of all of these data


@pytest.mark.parametrize("dataset", list(SETTINGS))
def test_what_ships_has_every_sampler_with_every_seed_and_real_images_are_best(dataset: str) -> None:
    scores = [score for score in adversarial_samples.TABLE.read() if score.dataset == dataset]
    samplers = [REAL, *SETTINGS[dataset].samplers]
    assert {(score.sampler, score.seed) for score in scores} == {(one, seed) for one in samplers for seed in SEEDS}
    means = {one: np.mean([score.recall for score in scores if score.sampler == one]) for one in samplers}
    assert max(means, key=means.__getitem__) == REAL
    gan = [score for score in scores if score.sampler == "GAN"]
    assert all(score.entropy > 0.95 * math.log(10) for score in gan)  # no digit is missing
    assert dataset == "digits" or all(score.of_samples < score.of_data for score in gan)


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = [one for one in adversarial_samples.TABLE.read() if one.dataset == "digits"]
    monkeypatch.setattr(adversarial_samples, "TABLE", adversarial_samples.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(adversarial_samples, "run", lambda _, seeds: iter(one for one in shipped if one.seed in seeds))
    assert main(["reproduce", "gan", "--seeds", "2"]) == 0
    assert "PixelCNN" in capsys.readouterr().out
    assert adversarial_samples.TABLE.read() == [one for one in shipped if one.seed < 2]
