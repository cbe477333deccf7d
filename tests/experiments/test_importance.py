"""The experiments on importance sampling, small: what is measured is what is kept and shown; and what ships."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.analysis.importance.variance import trace
from latentlab.analysis.importance.verdict import Compared, of_importance
from latentlab.data import load
from latentlab.experiments.importance import bomb as importance_bomb
from latentlab.experiments.importance import of_run as run_importance
from latentlab.experiments.importance import shortcuts as importance_shortcuts
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance import training as importance
from latentlab.experiments.importance.system import first_steps
from latentlab.experiments.importance.training import Setting, mean_gradient, with_wrong_labels
from latentlab.experiments.score_tables import grouped
from latentlab.models import Trains
from latentlab.nn.gradient_norms import DENSE, EXACT, LAST, NAIVE
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED
from latentlab.training.importance.recorded import Exchange
from tests.conftest import mentions

TINY = Setting(n_train=60, n_test=40, depth=1, hidden=8, steps=4, every=2, batch=16, refresh=15, wrong=0.1)


@pytest.mark.training
def test_the_experiments_are_measured_and_kept(tmp_path: Path) -> None:
    plain = replace(TINY, wrong=0.0)
    scores = [*importance.run("a", (0,), TINY), *importance.run("b", (0,), plain)]
    assert [(one.method, one.step) for one in scores[:6]] == [(m, t) for m in ("ISSGD", "SGD") for t in (0, 2, 4)]
    drawn, even = scores[:3], scores[3:6]
    assert drawn[0].loss == even[0].loss  # the same network before the first step
    assert drawn[0].stale == pytest.approx(drawn[0].ideal, rel=1e-6)  # nothing is stale yet
    assert all(one.ideal <= one.smoothed and one.ideal <= one.uniform for one in drawn)
    assert drawn[2].age == pytest.approx(2.5)  # 15 of 60 in each step, seen after the last: 1, 2, 3, 4 steps
    assert all(math.isnan(one.stale) and one.factor == 1.0 for one in even)
    assert [one.share for one in even] == pytest.approx([1.0] * 3)
    assert all(0 <= one.recall <= 1 for one in drawn)
    assert math.isnan(scores[-1].recall)
    bomb = list(importance_bomb.run((0,), [replace(TINY, steps=20)]))
    assert (bomb[0].sweep, bomb[0].diverged) == (4, bomb[0].loss > 2)
    assert bomb[0].factor > 1
    cheap = list(importance_shortcuts.run((0,), (0, 1), 90))
    assert [one.weights for one in cheap[:5]] == [EXACT, NAIVE, DENSE, LAST, importance_shortcuts.EVEN]
    assert all(one.deviation >= cheap[0].deviation for one in cheap[:5])
    assert cheap[0].correlation == pytest.approx(1.0)
    assert cheap[0].deviation != cheap[5].deviation
    table = importance_tables.PROGRESS.at(tmp_path / "scores.csv")
    table.save(scores)
    kept = table.read()
    assert [one.step for one in kept] == [one.step for one in scores]
    assert kept[1].ideal == pytest.approx(scores[1].ideal, rel=1e-5)
    assert {row["setting"] for row in importance_tables.wrong_rows(scores)} == {"a"}
    assert {row["setting"] for row in importance_tables.claim_rows(scores)} == {"b"}
    assert [row["method"] for row in importance_tables.test_error_rows(scores)][3:] == ["ISSGD", "SGD"]
    assert len(importance_tables.progress_rows(scores)) == len(scores)
    assert len(importance_tables.bomb_rows(bomb)) == 1
    assert len(importance_tables.shortcut_rows(cheap)) == 5


def test_wrong_labels_are_planted_and_the_mean_gradient_is_that_of_all() -> None:
    data = load("digits").train
    planted, rows = with_wrong_labels(data, 0.1)
    differ = torch.nonzero(planted.y != data.y).flatten()
    assert differ.tolist() == rows.tolist()
    assert len(rows) == round(0.1 * len(data))
    assert set(planted.y.tolist()) <= set(range(10))
    model = SHIPPED_RUNS.load("digits-sgd")
    assert isinstance(model, Trains)
    two = data[:2]
    before = mean_gradient(model, two)  # of a frozen model
    model.requires_grad_(True)
    (loss,) = model.eval().losses(two.batch(), torch.Generator())
    parts = torch.autograd.grad(loss.value.mean(), list(model.parameters()))
    expected = math.sqrt(sum(float(part.square().sum()) for part in parts))
    assert before == pytest.approx(expected, rel=1e-5)


def test_the_gradients_of_a_run_and_trainings_on_the_spot() -> None:
    shares = list[float]()
    found = run_importance.heaviness(SHIPPED, SHIPPED / ".none", "digits-sgd", shares.append)
    data = load("digits").train
    assert len(found.norms) == len(found.given) == len(found.predicted) == len(data)
    assert shares[-1] == 1.0
    assert trace(found.norms, found.norms, found.mean_norm) >= 0
    wrong = found.given != found.predicted
    assert not wrong.any() or found.norms[wrong].min() > np.median(found.norms)
    with pytest.raises(ValueError, match="adversarial"):
        run_importance.check(SHIPPED_RUNS.read("moons-gan"))
    made = run_importance.live(TINY, shares.append)
    assert shares[-1] == 1.0
    assert len(made.scores) == 2 * 3 * 3
    assert made.drawn.sum() == 4 * 16
    assert len(made.heaviness.wrong) == 6


@pytest.mark.parametrize("name", ["mnist η 0.05, c 1", "mnist η 0.01, c 0.1"])
def test_what_ships_bears_out_what_the_page_says(name: str) -> None:
    scores = [one for one in importance_tables.PROGRESS.read() if one.setting == name]
    drawn = [one for one in scores if one.method == "ISSGD"]
    assert {one.seed for one in scores} == {0, 1, 2}
    assert all(one.ideal <= one.smoothed and one.ideal <= one.uniform for one in drawn)
    assert np.mean([one.smoothed <= one.uniform for one in drawn]) >= 0.85
    last = [one for one in drawn if one.step == 2_000]
    assert np.median([one.uniform / one.ideal for one in last]) > 2.3
    losses = grouped(scores, lambda one: (one.method, one.step))
    for (method, step), own in losses.items():
        if method == "ISSGD" and 2_000 / 3 < step < 4_000 / 3:
            plain = losses["SGD", step]
            assert np.median([one.loss for one in own]) <= np.median([one.loss for one in plain])


def test_the_last_layer_alone_is_nearly_as_good_in_what_ships() -> None:
    scores = importance_tables.SHORTCUTS.read()
    by_place = grouped(scores, lambda one: (one.seed, one.epoch))
    assert {seed for seed, _ in by_place} == {0, 1, 2}
    for (_, epoch), own in by_place.items():
        of = {one.weights: one for one in own}
        assert of[EXACT].deviation <= min(one.deviation for one in own)
        if epoch >= 5:
            assert of[LAST].correlation > 0.99
            assert of[LAST].deviation < 1.005 * of[EXACT].deviation < of[importance_shortcuts.EVEN].deviation / 1.4


@pytest.mark.parametrize("exact", [False, True])
def test_the_events_of_a_training_are_those_of_the_simulated_engine(exact: bool) -> None:
    n, measured, steps = 50, 2 * 8, 4
    events = first_steps(steps, 2, 8, exact, n)
    assert [event.what for event in events] == list(Exchange) * steps
    assert [event.version for event in events if event.what is Exchange.PARAMETERS_LEFT] == list(range(steps))
    left = [event.rows for event in events if event.what is Exchange.WEIGHTS_LEFT]
    assert left == [
        (0, n - 1) if exact else (t * measured % n, (t * measured + measured - 1) % n) for t in range(steps)
    ]
    oldest = [event.version for event in events if event.what is Exchange.WEIGHTS_TAKEN]
    assert oldest == (list(range(steps)) if exact else [0, 0, 0, 0])
    sizes = [event.count for event in events[:4]]
    assert sizes == [64 * 16 + 16 + 16 * 10 + 10] * 2 + [n if exact else measured, n]


def test_wrong_labels_are_among_the_heaviest() -> None:
    rows = importance_tables.wrong_rows(importance_tables.PROGRESS.read())
    assert len(rows) == 4
    assert min(float(found.partition("%")[0]) for _, _, found, *_ in map(dict.values, rows)) > 50  # chance is 10


def test_the_verdict_says_both_numbers() -> None:
    half, end = (Compared(t, 0.02, 0.04, 0.08, 0.08, 2.0, 5.0, 3.0) for t in (1_000, 2_000))
    assert mentions(of_importance(end, half), "1,000", "0.02", "0.04", "2,000", "8.0", "2.5")
    assert of_importance(replace(end, loss=0.04), replace(half, loss=0.05)) != of_importance(end, half)
