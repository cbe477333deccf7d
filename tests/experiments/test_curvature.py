"""The experiments on curvature, small: what is measured is what is kept and shown; and the runs that ship with it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.analysis.curvature.measure import from_arrays, to_arrays
from latentlab.analysis.curvature.verdict import Steps, of_curvature
from latentlab.experiments.curvature import of_run as run_curvature
from latentlab.experiments.curvature import race as curvature_race
from latentlab.experiments.curvature import tables as curvature_tables
from latentlab.experiments.curvature import training as curvature
from latentlab.experiments.curvature.of_run import Settings
from latentlab.experiments.curvature.race import RACERS
from latentlab.experiments.curvature.training import FollowScore, Setting
from latentlab.runs import measured
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED

TINY = Setting({"width": 4, "kernel": 3, "hidden": 8, "dropout": 0.0}, 64, 24, (0, 2), 2, 2, (0.5, 1.0), 2)
RUN = run_curvature.RUNS[0]


@pytest.mark.training
def test_the_experiments_are_measured_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curvature_tables, "PROGRESS", curvature_tables.PROGRESS.at(tmp_path / "scores.csv"))
    progress = list(curvature.progress("digits", (0,), TINY))
    assert [score.step for score in progress] == [0, 2]
    assert all(one.smallest < one.largest and one.low_change <= 0 and one.high_change <= 0 for one in progress)
    subsets = list(curvature.subsets((0,), TINY, 2))
    assert [(score.n, score.end, score.error) for score in subsets[:2]] == [(64, "LA", 0.0), (64, "SA", 0.0)]
    assert all(score.error > 0 and 0 <= score.cosine <= 1 for score in subsets[2:])
    racers = {name: RACERS[name] for name in ("RMSProp 0.001", "RMSProp 0.001 + Ritz")}
    race = list(curvature_race.race((0,), TINY, racers))
    assert [score.method for score in race] == list(racers)
    assert race[0].loss != race[1].loss
    assert math.isnan(race[0].quotient)
    follow = [FollowScore(0, "Ritz", -0.3, -0.4, -0.41, 20.0)]
    curvature_tables.PROGRESS.save(progress)
    assert [one.step for one in curvature_tables.PROGRESS.read()] == [0, 2]
    curvature_tables.PROGRESS.save([replace(progress[0], data="mnist")])
    assert {one.data for one in curvature_tables.PROGRESS.read()} == {"digits", "mnist"}
    assert {row["data"] for row in curvature_tables.claim_rows()} == {"digits", "mnist"}
    assert len(curvature_tables.subset_rows(subsets)) > 1
    assert [row["λ smallest"] for row in curvature_tables.follow_rows(follow)] == ["-0.41"]
    assert len(curvature_tables.race_rows(race)) == 2


@pytest.mark.parametrize("run_id", run_curvature.RUNS)
def test_a_run_that_ships_has_its_curvature_at_each_snapshot(run_id: str) -> None:
    run, tensors = SHIPPED_RUNS.read(run_id), measured.read(SHIPPED_RUNS, run_id)
    found = [
        run_curvature.stored(tensors, SHIPPED_RUNS.load(run_id, epoch), run.dataset, Settings())
        for epoch in (*SHIPPED_RUNS.snapshots(run_id), None)
    ]
    assert len(found) == 7
    known = [one for one in found if one is not None]
    assert len(known) == 7
    assert all(one.smallest < 0 < one.largest for one in known)
    assert max(one.largest for one in known) > 5 * known[0].largest
    assert all(one.n_high == Settings().k == len(one.values) - one.n_high for one in known)
    sharp = run_curvature.sharpness_of(run, [0, run.steps], [known[0].largest, known[-1].largest])
    assert of_curvature(known[-1], ["a", "b", "c", "d"], Steps(str(run.train["optimizer"]), 0.1, sharp))
    assert run_curvature.stored(tensors, SHIPPED_RUNS.load(run_id), run.dataset, Settings(n=100)) is None


def test_what_ships_is_measured_again_as_it_is() -> None:
    run = SHIPPED_RUNS.read(RUN)
    model, (data, of_training) = SHIPPED_RUNS.load(RUN, 1), run_curvature.examples_of(SHIPPED_RUNS, run, Settings().n)
    assert of_training
    assert len(data) == Settings().n
    found = run_curvature.stored(measured.read(SHIPPED_RUNS, RUN), model, run.dataset, Settings())
    assert found is not None
    with torch.no_grad():
        (loss,) = model.losses(data.batch(), torch.Generator())  # type: ignore[operator]
    assert found.loss == pytest.approx(loss.value.mean().item(), rel=1e-4)
    arrays = to_arrays(found)
    again = from_arrays(arrays, 4)
    assert np.array_equal(again.lines, found.lines)
    for damaged in (
        arrays | {"lines": arrays["lines"][:1]},
        arrays | {"n_high": np.array(10.0)},
        {"loss": np.array(1.0)},
    ):
        with pytest.raises(ValueError, match="another network"):
            from_arrays(damaged, 4)


@pytest.mark.parametrize(("run_id", "word"), [("moons-gan", "players"), ("mnist-ppca", "fitted")])
def test_a_run_without_one_loss_is_refused_in_a_sentence(run_id: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        run_curvature.check(SHIPPED_RUNS.read(run_id))


def test_a_loss_that_is_no_function_of_the_parameters_alone_is_refused() -> None:
    """Walkback trains on a chain through which no gradient flows."""
    settings = Settings(20, 2)
    with pytest.raises(ValueError, match="fixed"):
        run_curvature.at_snapshot(SHIPPED, SHIPPED / ".none", "moons-dae-walkback", None, settings, lambda _: None)
