"""The experiment on the conditions of a plant: small, and what ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latentlab.__main__ import main
from latentlab.data import Dataset, Kind, Splits
from latentlab.data.builtin.photovoltaic.plant import CLASSES
from latentlab.device import generator
from latentlab.experiments import condition_monitoring
from latentlab.experiments.condition_monitoring import DATA, LABELS, SEEDS, ConditionScore, gain, read, run, verdict
from tests.conftest import mentions


@pytest.mark.training
def test_every_model_is_trained_on_the_labels_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    y = torch.arange(240) % 10
    data = Dataset("readings", torch.randn(240, 6, generator=generator(0)) + y[:, None], y, CLASSES, Kind.VECTOR)
    monkeypatch.setattr(condition_monitoring, "load", lambda _: Splits(data[:160], data[160:200], data[200:]))
    monkeypatch.setattr(condition_monitoring, "TRAINING", {"epochs": 1, "batch_size": 100})
    monkeypatch.setattr(condition_monitoring, "KNOBS", {**condition_monitoring.KNOBS, "hidden": 8})
    monkeypatch.setattr(condition_monitoring, "BASELINES", ("linear",))
    scores = list(run(DATA[0], (0,)))
    assert [(one.labels, one.model) for one in scores] == [
        (labels, model) for labels in LABELS for model in ("linear", "sdgm")
    ]
    assert all(0 <= one.accuracy <= 1 for one in scores)


def test_what_ships_is_of_every_seed_and_days_are_harder_than_minutes() -> None:
    scores = read()
    assert {(one.data, one.labels, one.model, one.seed) for one in scores} == {
        (data, labels, model, seed)
        for data in DATA
        for labels in LABELS
        for model in ("linear", "mlp", "sdgm")
        for seed in SEEDS
    }
    by_day, at_random = ([one.accuracy for one in scores if one.data == data and not one.labels] for data in DATA)
    assert max(by_day) < max(at_random)


def test_the_verdict_compares_trainings_of_the_same_seed() -> None:
    made = [
        ConditionScore(data, labels, model, seed, 0.5 + 0.1 * seed + (0.125 if model == "sdgm" else 0))
        for data in DATA
        for labels in LABELS
        for model in ("mlp", "sdgm")
        for seed in (0, 1)
    ]
    assert gain(made, DATA[0], 100) == "+12, +12"
    assert mentions(verdict(made), "+12, +12", "68%")
    assert not gain([replace(one, model="linear") for one in made], DATA[0], 100)


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = read()
    monkeypatch.setattr(condition_monitoring, "RESULTS", tmp_path / "scores.csv")
    found = lambda data, seeds: iter(one for one in shipped if one.seed in seeds and one.data == data)  # noqa: E731
    monkeypatch.setattr(condition_monitoring, "run", found)
    assert main(["reproduce", "monitoring", "--seeds", "1", "--data", DATA[1]]) == 0
    assert "92.47" in capsys.readouterr().out
    assert read() == [one for one in shipped if one.seed == 0 and one.data == DATA[1]]
