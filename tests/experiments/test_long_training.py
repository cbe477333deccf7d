"""The long training: its score is what the model gives, and is there for the run that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.data import load
from latentlab.experiments import long_training
from latentlab.models import Layered, LogLikelihood
from latentlab.runs.shipped import SHIPPED_RUNS

SMALL = "digits-five-layers-lvae"


@pytest.mark.slow
def test_a_score_is_of_all_examples_so_far(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(long_training, "STEP", 40)
    first, second = long_training.measure(SHIPPED_RUNS, SMALL, 80, 20)
    assert (first.n, second.n, second.n_train, second.epochs, second.planned) == (40, 80, 1_257, 150, 150)
    model = SHIPPED_RUNS.load(SMALL)
    assert isinstance(model, Layered)
    assert isinstance(model, LogLikelihood)
    x = model.binarise(load("digits").test[:80].batch().x, device.generator(0))
    for found, error, n in ((second.bound, second.bound_error, 1), (second.weighted, second.weighted_error, 20)):
        values = torch.stack([model.log_prob(x, n, device.generator(seed)) for seed in range(40)]).mean(0)
        assert found == pytest.approx(float(values.mean()), abs=0.1)
        assert error == pytest.approx(float(values.std() / np.sqrt(80)), abs=0.05)
    assert second.weighted > second.bound + 0.5
    assert len(second.kl) == len(second.active) == len(second.probe) == 5
    path = tmp_path / "scores.csv"
    for score in (first, second):
        long_training.TABLE.at(path).save([score])
    (kept,) = long_training.TABLE.at(path).read()
    assert kept.n == 80
    assert kept.weighted == pytest.approx(second.weighted, abs=1e-3)


@pytest.mark.parametrize("run_id", long_training.RUNS)
def test_what_ships_states_what_its_card_does(run_id: str) -> None:
    (score,) = [one for one in long_training.TABLE.read() if one.run == run_id]
    card = SHIPPED_RUNS.read(run_id)
    assert score.n >= 1_000
    assert score.planned == card.train["epochs"]
    assert score.epochs == round(card.steps * card.train["batch_size"] / score.n_train)
    assert score.bound == pytest.approx(card.metrics["bound"], abs=4 * score.bound_error)
    assert score.weighted > card.metrics["bound_200"]  # of more draws, of the same images
    assert sum(score.kl) == pytest.approx(card.metrics["kl"], abs=0.5)
    assert list(score.probe) == sorted(score.probe, reverse=True)
