"""The ladder: every rung trained on the same labels and measured on the same examples, kept and read again."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from latentlab import device
from latentlab.data import DENSITIES, UNLABELLED, Kind, Splits, hide_labels, labelled_part, load
from latentlab.experiments import semi_supervised
from latentlab.experiments.score_tables import MISSING
from latentlab.experiments.semi_supervised import ALL, BENCHMARKS, Benchmark, BenchmarkResult
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, Classifies, Conditional, Spec
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.store import Store
from latentlab.training.evaluation import evaluate

pytestmark = pytest.mark.training

SMALL = Benchmark(20, ALL, {"z_dim": 3, "a_dim": 3, "hidden": 8, "layers": 1}, {"epochs": 1, "batch_size": 500})


@pytest.fixture(scope="module")
def scores() -> list[BenchmarkResult]:
    return list(
        semi_supervised.run_benchmark(
            "digits", [0, 1], replace(SMALL, models=("m1", "avae", "sdgm"), classifier="digits-cnn")
        )
    )


def test_each_model_is_scored_with_each_seed(scores: list[BenchmarkResult]) -> None:
    models = ["linear", "mlp", "m1", "avae", "sdgm"]
    assert [(score.model, score.seed) for score in scores] == [(name, seed) for seed in (0, 1) for name in models]
    for score in scores:
        has = {name for name in ("bound", "weighted", "active") if not math.isnan(getattr(score, name))}
        assert has == (set() if score.model in ("linear", "mlp") else {"bound", "weighted", "active"})
        assert math.isnan(score.error) == (score.model == "avae")
        assert math.isnan(score.separability) == (score.model not in ("avae", "sdgm"))
        assert math.isnan(score.agreement) == (score.model != "sdgm")
    assert all(0 <= score.error <= 1 for score in scores if not math.isnan(score.error))
    assert scores[2] != scores[7]  # another seed, another model


def test_scores_are_kept_and_read_again(scores: list[BenchmarkResult], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    semi_supervised.TABLE.at(path).save(scores)
    for kept, score in zip(semi_supervised.TABLE.at(path).read(), scores, strict=True):
        assert (kept.dataset, kept.model, kept.seed) == (score.dataset, score.model, score.seed)
        for name in ("error", "bound", "weighted", "active", "separability", "agreement"):
            assert getattr(kept, name) == pytest.approx(getattr(score, name), rel=1e-5, nan_ok=True)
    assert semi_supervised.TABLE.at(tmp_path / "none.csv").read() == []


def test_the_table_has_means_and_spreads() -> None:
    scores = [BenchmarkResult("moons", "m2", seed, error, 1.0) for seed, error in enumerate((0.01, 0.03))]
    (row,) = semi_supervised.table_rows(scores)
    assert list(row.values())[:4] == ["moons", "m2", "2", "2.00 ± 1.41"]  # per cent
    assert list(row.values())[-1] == MISSING


def test_the_table_has_what_the_papers_report() -> None:
    rows = semi_supervised.table_rows([BenchmarkResult("mnist", model, 0, 0.05) for model in ("mlp", "sdgm")])
    assert [list(row.values())[-1] for row in rows] == [MISSING, "1.32 ± 0.07"]


def mean_of(dataset: str, model: str, term: str) -> float:
    own = [score for score in semi_supervised.TABLE.read() if (score.dataset, score.model) == (dataset, model)]
    return float(np.mean([getattr(score, term) for score in own]))


def test_what_is_said_of_the_scores_that_ship_holds() -> None:
    assert mean_of("moons", "m1", "active") == 1
    assert mean_of("moons", "m1", "error") > mean_of("moons", "linear", "error")
    for model in ("m1", "m1_m2"):  # the likelihood leaves the codes something to say
        assert mean_of("digits", model, "error") < 0.15
        assert mean_of("digits", "m2", "error") < mean_of("digits", model, "error")
    paper = semi_supervised.REPORTED["mnist"]
    assert paper["adgm"] < paper["sdgm"] < paper["m2"]
    assert mean_of("mnist", "sdgm", "error") < mean_of("mnist", "adgm", "error")
    assert mean_of("mnist", "adgm", "error") == pytest.approx(mean_of("mnist", "m2", "error"), abs=0.01)


def test_the_lead_of_the_avae_is_that_over_the_vae_of_m1() -> None:
    def score(model: str, seed: int, bound: float) -> BenchmarkResult:
        return BenchmarkResult("moons", model, seed, bound=bound, weighted=bound + 1 + seed)

    scores = [score("m1", 0, -4.0), score("m1", 1, -2.0), score("avae", 0, -3.0), score("avae", 1, -1.5)]
    assert semi_supervised.lead_of_avae(scores, "moons") == pytest.approx((0.75, 0.75))
    assert semi_supervised.lead_of_avae(scores[:2], "moons") is None
    assert semi_supervised.lead_of_avae(scores, "digits") is None


def test_the_agreement_is_of_samples_and_not_of_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semi_supervised, "N_DRAWS", 1)
    store = Store.default()
    model, examples = store.load("mnist-sdgm-100"), store.examples("mnist-sdgm-100")[: semi_supervised.N_WEIGHTED]
    assert isinstance(model, Conditional)
    reader = store.load("mnist-cnn")
    assert isinstance(reader, Classifies)
    few = examples.batch()
    with torch.no_grad():
        y = torch.arange(len(few.x)) % 10
        of_means = (reader.classify(model.decode(model.encode(few.x, few.y), y)).argmax(1) == y).float().mean().item()
    assert of_means > 0.97
    assert semi_supervised.measure(model, examples, "mnist-cnn")["agreement"] < of_means - 0.02


def test_the_labels_of_a_rung_are_those_of_its_seed() -> None:
    one, same, other = (semi_supervised.labelled("digits", SMALL, seed).train.y for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert int((one != UNLABELLED).sum()) == 20


def test_the_moons_are_labelled_at_their_ends_and_in_the_middle() -> None:
    splits = semi_supervised.labelled("moons", BENCHMARKS["moons"], 0)
    few = labelled_part(splits.train)
    assert few.y.bincount().tolist() == [3, 3]
    for label, places in ((0, [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), (1, [[0.0, 0.5], [1.0, -0.5], [2.0, 0.5]])):
        distance = torch.cdist(torch.tensor(places), few.x[few.y == label])
        assert sorted(distance.argmin(1).tolist()) == [0, 1, 2]
        assert distance.amin(1).max() < 0.25
    assert len(splits.test) == semi_supervised.N_TEST
    assert not torch.equal(splits.test.x[:2_000], load("moons").test.x)
    assert not torch.equal(splits.test.x, semi_supervised.labelled("moons", BENCHMARKS["moons"], 1).test.x)
    assert splits.test.classes == DENSITIES["moons"].classes


def test_a_measured_bound_is_that_of_unlabelled_examples(few_digits: Splits) -> None:
    kind = MODELS["m2"]
    model = kind(kind.Config(hidden=8, z_dim=2), Spec((1, 8, 8), 10, Kind.IMAGE)).eval()
    initialise(model, device.generator(0))
    found = semi_supervised.measure(model, few_digits.test)
    hidden = replace(few_digits.test, y=torch.full_like(few_digits.test.y, UNLABELLED))
    assert found["bound"] == evaluate(model, hidden)["bound"] < evaluate(model, few_digits.test)["bound"] + 3
    assert found["error"] == pytest.approx(evaluate(model, few_digits.test)["error"])
    assert found["weighted"] > found["bound"]


def test_what_has_no_class_has_no_error(few_digits: Splits) -> None:
    model = VAE(VAE.Config(hidden=8), Spec((1, 8, 8), 10, Kind.IMAGE)).eval()
    initialise(model, device.generator(0))
    assert set(semi_supervised.measure(model, few_digits.test)) == {"bound", "weighted", "active"}


def test_a_baseline_sees_the_labelled_examples_only(few_digits: Splits) -> None:
    splits = few_digits._replace(train=hide_labels(few_digits.train, 50, 0))
    few, test = labelled_part(splits.train).batch(), splits.test.batch()
    probe = LogisticRegression(max_iter=5_000).fit(few.x.flatten(1), few.y)
    assert semi_supervised.baseline("linear", splits, 0, [8]).error == pytest.approx(
        1 - probe.score(test.x.flatten(1), test.y)
    )


def test_the_ladders_are_of_models_and_data_that_there_are() -> None:
    for name, steps in BENCHMARKS.items():
        assert load(name).train.shape if name != "mnist" else True
        assert set(steps.models) <= set(MODELS)
        for model in steps.models:
            from_dict(MODELS[model].Config, semi_supervised.config_of(model, steps))
        assert set(steps.config) <= {knob.name for model in steps.models for knob in knobs(MODELS[model].Config)}
