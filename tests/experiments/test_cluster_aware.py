"""The experiment on cluster-aware models: what it measures, and that its scores are kept."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from latentlab import device
from latentlab.data import load
from latentlab.experiments import cluster_aware
from latentlab.experiments.cluster_aware import ClusterScore, Setting
from latentlab.models import InfersClusters, LogLikelihood
from latentlab.runs.shipped import SHIPPED_RUNS

SMALL = Setting(
    {"z_dim": 4, "z2_dim": 2, "hidden": 16}, {"epochs": 1, "batch_size": 200}, ((0, False), (20, True)), 400
)


def score(dataset: str, seed: int, labels: int = 0) -> ClusterScore:
    return ClusterScore(dataset, labels, 0, seed, math.nan, math.nan, 1.0, 2.0, 0.5, 3, -2.0, -1.0)


@pytest.mark.training
def test_each_variant_is_trained_with_each_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_aware, "N_DRAWS", 20)
    scores = list(cluster_aware.run("digits", (0, 1), SMALL))
    assert [(s.seed, s.labels, s.tempered) for s in scores] == [(0, 0, 0), (0, 20, 1), (1, 0, 0), (1, 20, 1)]
    assert len({s.bound for s in scores}) == len(scores)
    assert all(s.bound < s.weighted for s in scores)
    assert [math.isnan(s.error) and math.isnan(s.error_top) for s in scores] == [True, False, True, False]
    cluster_aware.TABLE.at(tmp_path / "scores.csv").save([score("mnist", 0), *scores])
    rows = cluster_aware.table_rows(cluster_aware.TABLE.at(tmp_path / "scores.csv").read())
    assert [(row["data"], row["seeds"]) for row in rows] == [("digits", "2"), ("digits", "2"), ("mnist", "1")]
    assert rows[2]["reported"] == "-81.60"
    assert rows[0]["reported"] == rows[0]["error of p(y|x), %"]  # neither is there


def test_scores_take_the_place_of_those_of_the_same_data_and_seed(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    cluster_aware.TABLE.at(path).save([score("mnist", 0), score("digits", 0), score("digits", 1)])
    cluster_aware.TABLE.at(path).save([score("digits", 1, labels=100)])
    found = [(s.dataset, s.seed, s.labels) for s in cluster_aware.TABLE.at(path).read()]
    assert found == [("digits", 0, 0), ("digits", 1, 100), ("mnist", 0, 0)]


@pytest.mark.slow
def test_a_run_that_ships_is_measured_as_its_card_states() -> None:
    store, run_id = SHIPPED_RUNS, "digits-cagem"
    model, test = store.load(run_id), load("digits").test
    found, card = cluster_aware.measure(model, test, True), store.read(run_id).metrics
    assert found["error"] == pytest.approx(card["error"], abs=1e-6)
    assert found["error_top"] == pytest.approx(card["error of p(y|x)"], abs=1e-6)
    assert found["bound"] == pytest.approx(card["bound"], abs=0.1)
    assert found["kl_z1"] + found["kl_z2"] == pytest.approx(card["kl"], abs=0.2)
    assert isinstance(model, InfersClusters)
    assert isinstance(model, LogLikelihood)
    x = test.batch().x
    with torch.no_grad():
        bounds = [float(model.log_prob(x, n, device.generator(0)).mean()) for n in (1, 100)]
    assert found["bound"] < bounds[0] < bounds[1]
    assert found["weighted"] == pytest.approx(bounds[1], abs=0.1)
