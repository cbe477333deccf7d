"""Probes: what is planted is found, what is absent is not, and no number comes without its warning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from latentlab.analysis.activations import layers
from latentlab.analysis.probes.features import INPUT, Features, Reduction, read_features
from latentlab.analysis.probes.layer_probes import probe_features, probe_layers
from latentlab.analysis.probes.linear_probe import (
    PENALTIES,
    linear_probe,
    probe_directions,
    random_labels,
)
from latentlab.analysis.probes.monotonicity import monotonicity
from latentlab.data import UNLABELLED, Dataset, Splits
from latentlab.experiments.published_probes import RESNET_50
from latentlab.models.classifiers.cnn import CNN
from latentlab.runs.store import Store
from latentlab.training.evaluation import evaluate
from tests.conftest import mentions, naming, numbers_in

RNG = np.random.default_rng


def planted(n: int = 3_000, d: int = 20, seed: int = 0) -> tuple[Any, Any, Any]:
    """Features in which factor A (3 classes) is written linearly and factor B (4 classes) isn't at all."""
    rng = RNG(seed)
    a, b = rng.integers(0, 3, n), rng.integers(0, 4, n)
    x = rng.normal(size=(n, d)).astype(np.float32)
    x[:, :3] += 8 * np.eye(3)[a]
    return x, a, b


def halves(x: Any, y: Any) -> dict[str, Any]:
    n = len(x) // 3
    return {"features": x[:n], "y": y[:n], "valid": (x[n : 2 * n], y[n : 2 * n]), "test": (x[2 * n :], y[2 * n :])}


def test_what_is_planted_is_read_and_what_is_absent_is_at_chance() -> None:
    x, a, b = planted()
    present, absent = linear_probe(**halves(x, a)), linear_probe(**halves(x, b))
    assert present.test is not None
    assert present.test.error < 0.02
    assert absent.test is not None
    assert abs(absent.test.error - absent.baseline) < 0.03
    assert not present.warnings


def test_random_labels_are_learned_by_heart_and_nothing_else() -> None:
    n, d = 400, 400
    rng = RNG(1)
    x, y = rng.normal(size=(n, d)), random_labels(n, 10, 1)
    other, theirs = rng.normal(size=(2_000, d)), random_labels(2_000, 10, 2)
    probe = linear_probe(x, y, test=(other, theirs), l2=0.0, memorise=True)
    assert probe.train.error == 0
    assert probe.test is not None
    assert abs(probe.test.error - 0.9) < 0.03
    assert probe.memorised == 1
    assert probe.selectivity is None  # no control task was fitted
    assert any(mentions(warning, d, n) for warning in probe.warnings)  # as many features as examples


def test_few_features_learn_little_by_heart() -> None:
    x, a, _ = planted()
    probe = linear_probe(**halves(x, a), memorise=True)
    assert probe.memorised is not None
    assert 1 / 3 < probe.memorised < 0.45


def test_validation_chooses_the_penalty() -> None:
    x, a, b = planted()
    assert linear_probe(**halves(x, b)).l2 == max(PENALTIES)  # nothing to learn
    chosen = linear_probe(**halves(x, a))
    others = [linear_probe(**halves(x, a), l2=l2).valid for l2 in PENALTIES]
    losses = [score.cross_entropy for score in others if score is not None]
    assert chosen.l2 == PENALTIES[int(np.argmin(losses))] < 0.1
    assert chosen.valid is not None
    assert chosen.valid.cross_entropy == pytest.approx(min(losses), rel=0.05)
    assert linear_probe(x, a, l2=0.5).l2 == 0.5


def test_the_weights_are_for_the_features_as_they_come() -> None:
    x, a, _ = planted()
    moved = 100 + 7 * x
    probe = linear_probe(**halves(moved, a))
    assert probe.test is not None
    said = probe.log_probs(moved[2_000:])
    assert np.mean(said.argmax(1) != a[2_000:]) == pytest.approx(probe.test.error, abs=2e-3)
    np.testing.assert_allclose(np.exp(said).sum(1), 1, rtol=1e-4)
    assert probe.direction(1)[:3].argmax() == 1
    assert np.linalg.norm(probe.direction(1)) == pytest.approx(1, abs=1e-5)


def test_the_most_frequent_class_is_the_baseline() -> None:
    rng = RNG(0)
    y = (rng.random(1_000) < 0.2).astype(int)
    probe = linear_probe(rng.normal(size=(1_000, 3)), y, test=(rng.normal(size=(500, 3)), y[:500]))
    assert probe.baseline == y[:500].mean()


def test_without_a_validation_split_a_fifth_is_held_out_always_the_same() -> None:
    x, a, _ = planted(1_000)
    first, again = (linear_probe(x, a, seed=3) for _ in range(2))
    assert first.valid is not None
    assert (first.train.n, first.valid.n) == (800, 200)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert first.score is first.valid


def test_examples_without_a_label_are_left_out_and_said() -> None:
    x, a, _ = planted()
    y = np.where(np.arange(len(a)) % 3, a, UNLABELLED)
    probe = linear_probe(x, y, l2=1e-2)
    assert probe.train.n == 2_000
    assert [numbers_in(warning) for warning in probe.warnings] == [[1_000, 3_000]]
    unlabelled = linear_probe(x, a, test=(x, np.full(len(a), UNLABELLED)), l2=1e-2)
    assert unlabelled.test is None


def test_ten_examples_are_a_probe_with_its_warnings() -> None:
    probe = linear_probe(RNG(0).normal(size=(10, 64)), np.arange(10) % 2)
    assert len(probe.warnings) == 2
    assert [numbers_in(warning) for warning in probe.warnings] == [[64, 8], [2]]  # features, examples; to test


X = RNG(0).normal(size=(20, 3))


@pytest.mark.parametrize(
    ("x", "y", "named"),
    [
        (X, np.zeros(20, int), ("classes", 0)),
        (X, np.full(20, UNLABELLED), ("classes", "label")),
        (X[:0], np.zeros(0, int), ("classes",)),
        (X, np.zeros(19, int), ((20, 3), (19,))),
        (X[:, 0], np.zeros(20, int), ((20,),)),
        (X[:, :0], np.zeros(20, int), ((20, 0), (20,))),
        (X, np.linspace(0, 1, 20), (0, -1)),  # what labels may be
        (X, np.full(20, -2), (0, -1)),
        (np.where(X > 2, np.nan, X) * [1, np.nan, 1], np.arange(20) % 2, ("features", "numbers")),
        (X * [1, np.inf, 1], np.arange(20) % 2, ("features", "numbers")),
    ],
)
def test_bad_input_is_a_sentence(x: Any, y: Any, named: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=naming(*named)):
        linear_probe(x, y)


def test_splits_of_different_widths_are_a_sentence() -> None:
    with pytest.raises(ValueError, match=naming(3, 2)):
        linear_probe(X, np.arange(20) % 2, test=(X[:, :2], np.arange(20) % 2))


# --- of a model ---


@pytest.fixture(scope="module")
def trained() -> CNN:
    model = Store.default().load("digits-cnn")
    assert isinstance(model, CNN)
    return model


def test_a_probe_at_the_logits_is_no_worse_than_the_model(trained: CNN, digits: Splits) -> None:
    probes = probe_layers(trained, digits, ["conv1", "logits"], forward=trained.classify, l2=0.0, tolerance=1e-5)
    assert [probe.layer for probe in probes] == [INPUT, "conv1", "logits"]
    model = evaluate(trained, digits.train)
    assert probes[-1].train.cross_entropy <= model["cross-entropy"] + 1e-3
    assert (probes[1].kept, probes[1].total) == (512, 1024)


def test_probing_leaves_the_model_as_it_is_and_its_features_can_be_used_again(trained: CNN, few_digits: Splits) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    calls: list[int] = []

    def forward(x: torch.Tensor) -> torch.Tensor:
        calls.append(len(x))
        return trained.classify(x)

    x, y = torch.cat([part.x for part in few_digits]), torch.cat([part.y for part in few_digits]).numpy()
    sizes = [len(part) for part in few_digits]
    features = read_features(trained, x, ["fc1", "logits"], forward=forward)
    n_calls = len(calls)
    first, second = (probe_features(features, y % 2, sizes) for _ in range(2))
    assert len(calls) == n_calls
    direct = probe_layers(trained, Splits(*(_parity(p) for p in few_digits)), ["fc1", "logits"], forward=forward)
    for one, other, third in zip(first, second, direct, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
        np.testing.assert_array_equal(one.weights, third.weights)
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert all(parameter.grad is None for parameter in trained.parameters())


def _parity(data: Dataset) -> Dataset:
    return Dataset(data.name, data.x, data.y % 2, ("even", "odd"), data.kind)


def test_sizes_that_do_not_add_up_are_a_sentence() -> None:
    with pytest.raises(ValueError, match=naming(20, "5 + 5 + 5")):
        probe_features({}, np.zeros(20, int), (5, 5, 5))


class Branches(nn.Module):
    """A network whose layers run in another order than they are declared in, one of them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.act = nn.Linear(6, 2), nn.Conv2d(1, 6, 3), nn.ReLU()
        self.unused, self.flat = nn.Linear(1, 1), nn.Flatten()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.act(self.first(x)).mean((2, 3))
        out: torch.Tensor = self.act(self.last(self.flat(h)))
        return out


def test_layers_are_found_in_the_order_in_which_they_run() -> None:
    found = layers(Branches().eval(), torch.rand(3, 1, 8, 8))
    assert [(layer.name, layer.kind, layer.shape) for layer in found] == [
        ("first", "Conv2d", (6, 6, 6)),
        ("last", "Linear", (2,)),
        ("act", "ReLU", (2,)),
    ]
    assert [layer.affine for layer in found] == [True, True, False]
    assert found[0].size == 216


def test_pooling_keeps_a_number_a_channel() -> None:
    net, x = Branches().eval(), torch.rand(9, 1, 8, 8)
    h = net.first(x).detach()
    mean, most = (read_features(net, x, ["first"], Reduction(how))["first"] for how in ("mean", "max"))
    np.testing.assert_allclose(mean.values, h.mean((2, 3)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(most.values, h.amax((2, 3)), rtol=1e-5, atol=1e-6)
    assert (mean.kept, mean.total, mean.how, most.how) == (6, 216, "mean", "max")


def test_the_same_subset_is_kept_in_every_call_and_a_small_layer_whole() -> None:
    net, x = Branches().eval(), torch.rand(40, 1, 8, 8)
    kept = Reduction(limit=50).chosen(216)
    assert len(set(kept.tolist())) == 50
    first, part = (read_features(net, images, ["first"], Reduction(limit=50), batch=7) for images in (x, x[:11]))
    np.testing.assert_array_equal(first["first"].values[:11], part["first"].values)
    np.testing.assert_allclose(first["first"].values, net.first(x).detach().flatten(1)[:, kept], rtol=1e-5)
    assert first[INPUT].kept == 50
    assert not np.array_equal(kept, Reduction(limit=50, seed=1).chosen(216))
    np.testing.assert_array_equal(Reduction(limit=50).chosen(50), np.arange(50))


def test_one_reduction_serves_several_models() -> None:
    """Layers of one name and of different sizes: what one model's has says nothing of the other's."""
    keep, x = Reduction(limit=10), torch.rand(6, 8)
    wide, narrow = (nn.Sequential(nn.Linear(8, d)).eval() for d in (30, 7))
    found = [read_features(net, x, ["0"], keep)["0"] for net in (wide, narrow, wide)]
    assert [(one.kept, one.total, one.how) for one in found] == [(10, 30, "subset"), (7, 7, "all"), (10, 30, "subset")]


def test_a_million_features_never_are_in_memory() -> None:
    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spread = nn.Upsample(scale_factor=125)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.spread(x)
            return out

    seen = read_features(Wide(), torch.rand(12, 1, 8, 8), ["spread"], Reduction(limit=9), batch=2)["spread"]
    assert (seen.values.shape, seen.total, seen.how) == ((12, 9), 1_000_000, "subset")


def test_a_layer_that_gives_no_numbers_is_a_sentence() -> None:
    net = Branches().eval()
    with torch.no_grad():
        net.first.weight[0, 0, 0, 0] = torch.nan
    with pytest.raises(ValueError, match=naming("first", "numbers")):
        read_features(net, torch.rand(3, 1, 8, 8), ["first"])


def test_a_layer_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=naming("middle")):
        read_features(Branches().eval(), torch.rand(3, 1, 8, 8), ["middle"])


def test_what_is_no_layer_may_be_read_too() -> None:
    net, x = Branches().eval(), torch.rand(9, 1, 8, 8)
    found = read_features(net, x, ["last"], also={"mean": lambda part: part.mean((2, 3))})
    assert list(found) == [INPUT, "last", "mean"]
    assert isinstance(found["mean"], Features)
    np.testing.assert_allclose(found["mean"].values, x.mean((2, 3)), rtol=1e-6)


# --- the curve ---


def test_the_sources_resnet_is_almost_monotone() -> None:
    found = monotonicity(RESNET_50)
    assert len(RESNET_50) == 17
    assert found.violations == ["add_8"]
    assert found.spearman == pytest.approx(-0.9975, abs=1e-4)
    assert found.kendall == pytest.approx(-0.9853, abs=1e-4)
    assert found.drop == "add_14"
    assert found.largest == pytest.approx(0.10)


def test_a_flat_curve_has_no_order() -> None:
    found = monotonicity({"a": 0.5, "b": 0.5})
    assert found.violations == []
    assert np.isnan(found.spearman)


@pytest.mark.parametrize("errors", [{}, {"a": 0.1}, {"a": 0.1, "b": float("nan")}])
def test_what_is_no_curve_is_a_sentence(errors: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="layers"):
        monotonicity(errors)


def test_a_probes_direction_leaves_out_what_classes_have_in_common() -> None:
    """Two classes that differ along the first axis; along the second all vary together, and widely."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    x = np.column_stack([y + 0.1 * rng.normal(size=600), 5 * rng.normal(size=600)])
    ways = probe_directions(x, y, 3)
    np.testing.assert_allclose(ways[1], [1, 0], atol=0.05)
    np.testing.assert_allclose(ways[0], [-1, 0], atol=0.05)
    assert not ways[2].any()
