"""Detectors on recorded readings: one protocol for all, an honest verdict, and what ships is complete."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.__main__ import main
from latentlab.analysis.monitoring.baselines import BASELINES
from latentlab.data import Dataset, Kind, Splits, spec_of
from latentlab.experiments.monitoring import recorded_anomalies
from latentlab.experiments.monitoring.recorded_anomalies import SEEDS, TABLE, VAE, AnomalyScore, verdict


def rows(n: int) -> Dataset:
    """Readings of nine sensors that are about alike, and a sixth of them in which one isn't like the others."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 1)) + 0.2 * rng.normal(size=(n, 9))
    y = np.arange(n) % 6 == 0
    x[y, 4] += 4
    return Dataset("shuttle", torch.from_numpy(x).float(), torch.from_numpy(y).long(), ("a", "b"), Kind.VECTOR)


def test_every_detector_is_measured_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = TABLE.at(tmp_path / "scores.csv")
    monkeypatch.setattr(recorded_anomalies, "TABLE", mine)
    monkeypatch.setattr(recorded_anomalies, "load", lambda _: Splits(rows(300), rows(301), rows(120)))
    monkeypatch.setattr(recorded_anomalies, "TRAINING", {"epochs": 1, "batch_size": 100})
    monkeypatch.setattr(recorded_anomalies, "RESAMPLED", 20)
    assert main(["reproduce", "monitoring-recorded", "--seeds", "1", "--data", "shuttle"]) == 0
    found = {one.detector: one for one in mine.read()}
    assert set(found) == {VAE, *BASELINES}
    assert all(one.low <= one.precision <= one.high for one in found.values())
    assert all(one.share == pytest.approx(1 / 6, rel=1e-4) for one in found.values())
    assert found["principal components"].auroc > 0.95  # they fit what makes the sensors alike
    assert "principal components" in capsys.readouterr().out


def score(name: str, precision: float, width: float) -> AnomalyScore:
    return AnomalyScore(name, 0, 0.9, precision, precision - width, precision + width, 0.1, 0.01, 0.8)


def test_the_verdict_says_who_is_best_and_who_is_as_good() -> None:
    apart = [score(VAE, 0.9, 0.01), score("first", 0.95, 0.01), score("last", 0.2, 0.01)]
    assert verdict(apart).index("first") < verdict(apart).index("VAE") < verdict(apart).index("last")
    alike = [replace(one, low=one.precision - 0.1, high=one.precision + 0.1) for one in apart]
    assert verdict(alike) != verdict(apart)
    assert verdict(apart[1:]) == ""


def test_what_ships_is_of_all_detectors_and_seeds() -> None:
    found = TABLE.read()
    assert {(one.detector, one.seed) for one in found} == {(name, k) for name in (VAE, *BASELINES) for k in SEEDS}
    assert all(one.low < one.precision < one.high and 0.5 < one.auroc <= 1 for one in found)
    assert spec_of("shuttle").shape == (9,)
