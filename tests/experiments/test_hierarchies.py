"""The experiment on hierarchies: what it measures is what the runs that ship state, and its scores are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentlab.data import load
from latentlab.experiments import hierarchies
from latentlab.experiments.hierarchies import ADDITIONS, HierarchyScore, Setting
from latentlab.runs.shipped import SHIPPED_RUNS


@pytest.mark.slow
def test_a_run_is_measured_as_its_card_states() -> None:
    store, run_id = SHIPPED_RUNS, "digits-five-layers-lvae"
    found = hierarchies.measure(store.load(run_id), load("digits"), n=200)
    card = store.read(run_id).metrics
    assert found["bound"] == pytest.approx(card["bound"], abs=0.3)  # of other binary draws of the same examples
    assert found["weighted"] == pytest.approx(card["bound_200"], abs=0.3)
    assert sum(found["kl"]) == pytest.approx(card["kl"], abs=0.15)
    assert list(found["active"]) == [32, 16, 8, 4, 2]
    assert found["probe"] == pytest.approx((0.74, 0.66, 0.53, 0.40, 0.25), abs=0.06)  # as the recipe states


@pytest.mark.training
def test_four_models_are_trained_with_each_seed_and_kept_beside_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchies, "N_DRAWS", 20)
    path = tmp_path / "scores.csv"
    other = HierarchyScore("mnist", "VAE", 0, -1.0, -1.0, (1.0,), (1.0,), (0.1,))
    hierarchies.TABLE.at(path).save([other])
    small = {"epochs": 1, "batch_size": 200}
    setting = Setting({"z_dim": 4, "z2_dim": 2, "hidden": 8}, small, small | {"warmup": 1.0}, 400)
    scores = list(hierarchies.run("digits", (0, 1), setting))
    assert [(score.model, score.seed) for score in scores] == [(name, seed) for seed in (0, 1) for name in ADDITIONS]
    assert len({score.bound for score in scores}) == len(scores)
    assert all(score.bound <= score.weighted for score in scores)  # on the same draws of the examples, 20 against 1
    assert all(len(score.kl) == len(score.active) == len(score.probe) == 2 for score in scores)
    hierarchies.TABLE.at(path).save(scores)
    kept = hierarchies.TABLE.at(path).read()
    assert [(score.dataset, score.model) for score in kept] == [
        *(("digits", s.model) for s in scores),
        ("mnist", "VAE"),
    ]
    assert [row["seeds"] for row in hierarchies.table_rows(kept)] == ["2", "2", "2", "2", "1"]
