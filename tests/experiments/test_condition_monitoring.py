"""The experiments on the conditions of a plant: small, and what ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.__main__ import main
from latentlab.data import Dataset, Kind, Splits
from latentlab.data.builtin.photovoltaic.plant import CLASSES, PLANTS, SENSORS, Readings
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.experiments.monitoring import added_conditions, next_month
from latentlab.experiments.monitoring import conditions as condition_monitoring
from latentlab.experiments.monitoring.added_conditions import ADDED, AddedScore
from latentlab.experiments.monitoring.condition_results import FEW, confusions, gain, table_rows, verdict
from latentlab.experiments.monitoring.conditions import ALL, DATA, LABELS, MODELS, SEEDS, ConditionScore, run
from tests.conftest import mentions


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Splits:
    """Readings of which the first two sensors say little, and trainings of few steps."""
    y = torch.arange(240) % 10
    x = torch.randn(240, 6, generator=generator(0))
    x[:, 2] += 4 * y
    data = Dataset("readings", x, y, CLASSES, Kind.VECTOR, SENSORS, Scale(np.zeros(6), np.ones(6)))
    found = Splits(data[:160], data[160:200], data[200:])
    monkeypatch.setitem(PLANTS, DATA[0], Readings(lambda *_: found))
    monkeypatch.setattr(condition_monitoring, "TRAINING", {"epochs": 1, "batch_size": 100})
    monkeypatch.setattr(condition_monitoring, "STEPS", 60)
    monkeypatch.setattr(condition_monitoring, "EPOCH", 200)
    monkeypatch.setattr(condition_monitoring, "BRIGHT", 18.0)  # from the fifth condition on
    monkeypatch.setattr(condition_monitoring, "LABELS", {6: (100,), 2: (0,)})
    return found


@pytest.mark.training
def test_every_model_is_trained_on_the_labels_and_sensors_that_are_given(small: Splits) -> None:
    scores = list(run(DATA[0], (0,)))
    assert [(one.sensors, one.labels, one.model) for one in scores] == [
        (sensors, labels, model) for sensors, labels in ((6, 100), (2, 0)) for model in MODELS
    ]
    truth = np.bincount(small.test.y.numpy(), minlength=10)
    for one in scores:
        counts = np.reshape(one.confusion, (10, 10))
        assert counts.sum(1).tolist() == truth.tolist()
        assert one.accuracy == pytest.approx(np.trace(counts) / len(small.test))
        bright = counts[5:].trace(5), counts[5:].sum()
        assert one.bright == pytest.approx(bright[0] / bright[1], abs=0.1)
    best = {sensors: max(one.accuracy for one in scores if one.sensors == sensors) for sensors in (6, 2)}
    assert best[6] > best[2] + 0.3  # the third sensor tells the condition


@pytest.mark.training
def test_what_is_known_is_named_and_the_rest_is_strange(small: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(added_conditions, "STEPS", 40)
    monkeypatch.setattr(added_conditions, "EACH", 12)
    given = added_conditions.given(small.train, 2, 0)
    counts = dict(zip(CLASSES, np.bincount(given.y.numpy(), minlength=10), strict=True))
    assert counts == {name: 12 if name in ADDED[:2] else 1 for name in CLASSES}
    first = next(iter(added_conditions.run(DATA[0], (0,))))
    assert (first.known, first.seed) == (1, 0)
    assert 0 <= first.found <= 1
    assert 0 <= first.auroc <= 1
    assert min(first.medians) <= first.unlabelled <= max(first.medians)
    assert first.medians[CLASSES.index(ADDED[0])] == pytest.approx(first.labelled)


def test_what_ships_is_of_every_seed_and_days_are_harder_than_minutes() -> None:
    scores = condition_monitoring.TABLE.read()
    measured = {(one.data, one.sensors, one.labels, one.model, one.seed) for one in scores}
    assert len(measured) == len(scores)
    settings = {(*one[:3], one[4]) for one in measured}
    assert measured == {(data, sensors, n, model, seed) for data, sensors, n, seed in settings for model in MODELS}
    every = [(data, sensors, n) for data in DATA for sensors, sizes in LABELS.items() for n in sizes]
    assert settings == {(*one, seed) for one in every for seed in SEEDS}
    by_day, at_random = (
        [one.accuracy for one in scores if (one.data, one.sensors, one.labels) == (data, ALL, 0)] for data in DATA
    )
    assert max(by_day) < max(at_random)
    assert all(one.bright > one.accuracy for one in scores if (one.data, one.sensors, one.labels) == (DATA[1], ALL, 0))
    for data in DATA:
        steps = [one for one in added_conditions.TABLE.read() if one.data == data]
        assert {(one.known, one.seed) for one in steps} == {(k + 1, seed) for k in range(len(ADDED)) for seed in SEEDS}
        assert all(one.unlabelled < one.labelled for one in steps)


def test_the_verdict_compares_trainings_of_the_same_seed_with_the_best_mlp() -> None:
    counts = np.zeros((10, 10))
    counts[CLASSES.index("C"), CLASSES.index("S")] = 3
    counts[CLASSES.index("S"), CLASSES.index("S")] = 7
    made = [
        ConditionScore(data, sensors, labels, model, seed, 0.4 + 0.1 * seed + better, 0.9, tuple(counts.ravel()))
        for data in DATA
        for sensors in LABELS
        for labels in (FEW, 0)
        for model, better in (("mlp", 0.0), ("mlp, dropout", 0.05), ("sdgm", 0.125))
        for seed in (0, 1)
    ]
    assert gain(made, DATA[0], ALL, FEW) == "+8, +7 points (mlp, dropout)"
    assert gain(made, DATA[0], ALL, FEW, ("mlp",)) == "+12, +12 points (mlp)"
    assert not gain([replace(one, model="linear") for one in made], DATA[0], ALL, FEW)
    said = verdict(made)
    assert mentions(said[0], "+8, +7")
    assert mentions(" ".join(said), "C and S 30.0%", "Most errors")
    plain = [replace(one, model="linear") for one in made if one.model == "mlp"]
    assert mentions(" ".join(verdict([*made, *plain])), "90%", "45%", "77.33", "92.47")
    assert verdict([]) == []
    assert confusions(made, DATA[0], ALL, 0, "sdgm").sum() == 20
    steps = [AddedScore(DATA[0], k, 0, 0, 0, -2, -50, -9, 0.9 + k / 100, 0.01, 0.8, tuple(range(10))) for k in (1, 6)]
    assert mentions(added_conditions.verdict(steps, DATA[0]), "0.910", "0.960", "IV", "RS4")
    assert not added_conditions.verdict(steps, DATA[1])


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (condition_monitoring, added_conditions):
        shipped = module.TABLE.read()
        monkeypatch.setattr(module, "TABLE", module.TABLE.at(tmp_path / f"{module.__name__}.csv"))

        def known(data: str, seeds: tuple[int, ...], shipped: list[ConditionScore] = shipped) -> list[ConditionScore]:
            return [one for one in shipped if one.seed in seeds and one.data == data]

        monkeypatch.setattr(module, "run", known)
    monkeypatch.setattr(next_month, "TABLE", next_month.TABLE.at(tmp_path / "months.csv"))
    months = next_month.TABLE.kind(0, 0.01, 0.01, 0.0, 0.03, 0.02, 0.005, 0.015, 0.02)
    monkeypatch.setattr(next_month, "run", lambda: [months])
    shipped = table_rows(condition_monitoring.run(DATA[1], (0,)))  # type: ignore[arg-type]
    assert main(["reproduce", "monitoring", "--seeds", "1", "--data", DATA[1]]) == 0
    assert "92.47" in capsys.readouterr().out
    assert table_rows(condition_monitoring.TABLE.read()) == shipped
    assert {one.data for one in added_conditions.TABLE.read()} == {DATA[1]}
    assert next_month.TABLE.read() == [months]
