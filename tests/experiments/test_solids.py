"""The experiment on solids in space: planted codes, and that two models are measured and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentlab.data import Splits, load
from latentlab.experiments import solids


def test_each_number_has_the_dimension_that_suits_best() -> None:
    levels = np.stack([axis.ravel() for axis in np.indices((5, 4, 3))], 1)
    first, second, third = ((levels - levels.mean(0)) / levels.std(0)).T
    mixed = 0.6 * third + 0.8 * first  # of variance 1: |correlation| .6 and .8
    z = np.stack([np.zeros(60), mixed, -5 * second, 1 + 1e-3 * third, mixed], 1).astype(np.float32)
    assert solids.matched(z, levels) == pytest.approx(
        np.array([[0.8, 0, 0.6], [0, 1, 0], [0, 0, 1]]), abs=1e-5
    )  # not the third number by z2 as well


@pytest.mark.training
def test_both_models_are_measured_and_kept(tmp_path: Path) -> None:
    few = Splits(*(part[:n] for part, n in zip(load("three-d"), (400, 100, 100), strict=True)))
    knobs = {"z_dim": 5, "hidden": 8, "likelihood": "gray-bernoulli"}
    scores = list(solids.run((3,), few, knobs, {"epochs": 1, "batch_size": 100}))
    assert [one.model for one in scores] == [*solids.MODELS]
    assert all(0 <= value <= 1 for one in scores for value in (one.azimuth, one.elevation, one.light, one.other))
    solids.TABLE.at(tmp_path / "scores.csv").save(scores)
    assert [one.model for one in solids.TABLE.at(tmp_path / "scores.csv").read()] == [*solids.MODELS]
    assert [row["seeds"] for row in solids.table_rows(scores)] == ["1", "1"]
