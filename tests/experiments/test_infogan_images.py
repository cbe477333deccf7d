"""The experiment on what an InfoGAN's codes are of images: planted codes, both weights with each seed, what ships."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.__main__ import main
from latentlab.data import Dataset, load
from latentlab.experiments.adversarial import infogan_images
from latentlab.experiments.adversarial.infogan_images import (
    SEEDS,
    WEIGHTS,
    Setting,
    category_use,
    changes,
    measure,
    sampled,
)
from latentlab.models.adversarial.infogan import InfoGAN
from latentlab.runs.shipped import SHIPPED_RUNS

K, U = 10, 2
ORDER = torch.tensor([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])  # the class of each category


class Prototype(nn.Module):
    """The mean image of the category's class, darker the larger the first uniform code."""

    def __init__(self, train: Dataset) -> None:
        super().__init__()
        x, y = train.batch().x, train.y
        self.means = torch.stack([x[y == k].mean(0) for k in range(K)]).flatten(1)

    def forward(self, code: Tensor) -> Tensor:
        return self.means[ORDER[code[:, :K].argmax(1)]] * (0.8 - 0.2 * code[:, K : K + 1])


class Nearest(nn.Module):
    """The category whose class has the nearest mean image; of the uniform codes nothing."""

    def __init__(self, means: Tensor) -> None:
        super().__init__()
        self.means = means

    def forward(self, x: Tensor) -> Tensor:
        logits = -20.0 * torch.cdist(F.normalize(x), F.normalize(self.means))[:, ORDER]
        return torch.cat([logits, x.new_zeros(len(x), 2 * U)], 1)


def planted(train: Dataset) -> InfoGAN:
    model = InfoGAN(InfoGAN.Config(categories=K, uniform=U, noise=3, hidden=8), train.spec)
    g = Prototype(train)
    model.generator["g"], model.generator["q"] = g, Nearest(g.means)
    return model.eval()


def test_planted_categories_are_matched_with_the_classes_in_any_order() -> None:
    splits, store = load("digits"), SHIPPED_RUNS
    model = planted(splits.train)
    found = measure(model, splits.test, store.load("digits-cnn"))
    test = splits.test.batch()
    cosine = F.normalize(test.x.flatten(1)) @ F.normalize(Prototype(splits.train).means).T
    assert found["matched"] == pytest.approx(float((cosine.argmax(1) == test.y).float().mean()), abs=0.01)
    assert found["matched"] > 0.8
    assert found["matched_samples"] > 0.9
    assert found["entropy"] == pytest.approx(math.log(10), abs=0.1)
    use = category_use(model, splits.test)
    assert use.counts.argmax(1).tolist() == ORDER.tolist()


def test_a_uniform_code_is_named_by_what_it_changes() -> None:
    """Bars whose lean is the first code and whose thickness the second, of two lengths, which are the categories."""
    rng = np.random.default_rng(0)
    codes, categories = rng.uniform(-1, 1, (300, 2)).astype(np.float32), rng.integers(0, 2, 300)
    y, x = np.mgrid[0:28, 0:28] - 13.5
    half = np.where(categories == 0, 6.0, 12.0)[:, None, None]
    across = np.abs(x + 0.5 * codes[:, 0, None, None] * y)
    bars = ((across < 2.5 + codes[:, 1, None, None]) & (np.abs(y) < half)).astype(np.float32)[:, None]
    found = changes(codes, categories, bars)
    assert found["slant"][0] > 0.95
    assert abs(found["slant"][1]) < 0.2
    assert found["stroke thickness"][1] > 0.9
    assert abs(found["stroke thickness"][0]) < 0.2


def test_what_is_sampled_has_its_own_codes() -> None:
    model = planted(load("digits").train)
    codes, categories, x = sampled(model, 50)
    assert codes.shape == (50, U)
    assert np.abs(codes).max() <= 1
    ink = Prototype(load("digits").train).means[ORDER[categories]].sum(1).numpy() * (0.8 - 0.2 * codes[:, 0])
    np.testing.assert_allclose(x.sum((1, 2, 3)), ink, rtol=1e-4)


@pytest.mark.training
def test_both_weights_are_trained_with_each_seed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infogan_images, "N_MEASURED", 100)
    knobs = {"uniform": 2, "noise": 1, "hidden": 8, "layers": 1}
    setting = Setting(knobs, {"epochs": 1, "batch_size": 500}, "digits-cnn")
    scores = list(infogan_images.run("digits", (0, 1), setting))
    assert [(score.seed, score.weight) for score in scores] == [(seed, one) for seed in (0, 1) for one in WEIGHTS]
    infogan_images.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = infogan_images.TABLE.at(tmp_path / "scores.csv").read()
    np.testing.assert_allclose([score.bound for score in kept], [score.bound for score in scores], rtol=1e-5)
    assert [row["seeds"] for row in infogan_images.table_rows(kept)] == ["2"] * len(WEIGHTS)
    infogan_images.TABLE.at(tmp_path / "scores.csv").save(scores[:1])
    assert len(infogan_images.TABLE.at(tmp_path / "scores.csv").read()) == 1  # in the place of all of these data


def test_what_ships_says_the_category_with_a_weight_and_not_without() -> None:
    scores = infogan_images.TABLE.read()
    assert {score.dataset for score in scores} == set(infogan_images.SETTINGS)
    for score in scores:
        assert score.bound <= math.log(K)
        assert score.bound >= 2.2 if score.weight else score.bound <= 0.5
    for dataset in infogan_images.SETTINGS:
        own = [score for score in scores if score.dataset == dataset]
        assert {(score.weight, score.seed) for score in own} == {(one, seed) for one in WEIGHTS for seed in SEEDS}
        for name in ("matched", "matched_samples", "slant"):
            means = {one: np.mean([getattr(score, name) for score in own if score.weight == one]) for one in WEIGHTS}
            assert means[1.0] > means[0.0]


def test_the_command_keeps_what_it_measures_and_the_scores_of_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = infogan_images.TABLE.read()
    monkeypatch.setattr(infogan_images, "TABLE", infogan_images.TABLE.at(tmp_path / "scores.csv"))
    others = [one for one in shipped if one.dataset != "digits"]
    infogan_images.TABLE.at(tmp_path / "scores.csv").save(others)
    monkeypatch.setattr(
        infogan_images, "run", lambda data, seeds: iter(s for s in shipped if (s.dataset, s.seed) <= (data, max(seeds)))
    )
    assert main(["reproduce", "infogan", "--data", "digits", "--seeds", "1"]) == 0
    assert "NMI" in capsys.readouterr().out
    kept = infogan_images.TABLE.read()
    assert [one for one in kept if one.dataset != "digits"] == others
    assert {one.seed for one in kept if one.dataset == "digits"} == {0}
