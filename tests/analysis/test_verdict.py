"""Verdicts on curves that are known to overfit, improve or rest, and on codes that are known to be unused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.latent.bottleneck import bottleneck
from latentlab.analysis.latent.bounds import Bound
from latentlab.analysis.latent.explained import Explained, explained
from latentlab.analysis.latent.layer_usage import LayerUsage
from latentlab.analysis.maps.clusters import purity
from latentlab.analysis.verdict import of_bottleneck, of_bounds, of_classes, of_layers, of_reconstructions, of_training
from tests.conftest import mentions, numbers_in

N = 100
T = np.arange(1, N + 1, dtype=float)
NOISE = np.random.default_rng(0).normal(size=N)


def said_of(values: Any) -> str:
    """The verdict on a curve that was measured after each epoch."""
    return of_training([float(t) for t in T[: len(values)]], [float(v) for v in values])


def test_a_curve_that_turns_is_said_to_overfit_where_it_turns() -> None:
    values = 50 * np.exp(-T / 10) + np.where(T > 40, 0.1 * (T - 40), 0) + 0.01 * NOISE
    (epoch,) = numbers_in(said_of(values))
    assert abs(epoch - 40) <= 5  # where 5 exp(-t/10) falls as fast as 0.1 t rises: a little before or after


@pytest.mark.parametrize("scale", [0.1, 1, 1_000])
def test_the_unit_makes_no_difference(scale: float) -> None:
    for values in (np.exp(-T / 10), 1 - T / N, np.exp(-T / 10) + np.where(T > 40, (T - 40) / 100, 0)):
        assert said_of(scale * values) == said_of(values)


def test_a_curve_that_falls_to_the_end_is_said_to_improve_and_one_that_rests_is_not() -> None:
    falling, resting = said_of(100 - T), said_of(50 * np.exp(-T / 5) + 0.1 * NOISE)
    assert falling
    assert not numbers_in(falling)
    assert resting == ""


def test_noise_alone_is_no_overfitting() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        said = said_of(50 * np.exp(-T / 5) + rng.normal(size=N))
        assert not numbers_in(said)


def test_a_curve_that_never_falls_has_learned_nothing() -> None:
    assert said_of(1 + T / 100)
    assert said_of(1 + T / 100) != said_of(100 - T)


@pytest.mark.parametrize("values", [[1.0] * 3, [1.0, np.nan] * 10, []])
def test_of_too_little_nothing_is_said(values: list[float]) -> None:
    assert said_of(values) == ""


def test_unused_dimensions_are_counted_and_the_remedy_names_what_was_set() -> None:
    mean = torch.randn(500, 4, generator=device.generator(0))
    mean[:, 2:] = 0.0
    log_std = torch.full_like(mean, -1.0)
    log_std[:, 2:] = 0.0
    some = bottleneck(mean, log_std)
    assert mentions(of_bottleneck(some, {"beta": 10.0}), 2, 4, "10")
    assert mentions(of_bottleneck(some, {}), 2, 4)
    none = bottleneck(torch.zeros(500, 4), torch.zeros(500, 4))
    assert mentions(of_bottleneck(none, {"beta": 10.0}), 4, "10")
    assert mentions(of_bottleneck(none, {"likelihood": "gaussian", "std": 0.3}), 4, "0.3")
    assert mentions(of_bottleneck(none, {"likelihood": "bernoulli"}), 4, "bernoulli")
    assert of_bottleneck(bottleneck(torch.randn(500, 4), torch.full((500, 4), -1.0)), {"beta": 10.0}) == ""


def used(name: str, *units: float) -> LayerUsage:
    return LayerUsage(name, np.array(units, np.float32))


def test_a_collapsed_layer_is_named_with_what_is_missing() -> None:
    layers = [used("z1", 3, 1, 0), used("z2", 0.02, 0), used("z3", 0.003, 0.009), used("z4", 0)]
    plain = {"batch_norm": False, "inference": "bottom-up"}
    said = of_layers(layers, plain, {"warmup": 0.0})
    assert mentions(said, "z3", "z4")
    assert not mentions(said, "z1")
    assert not mentions(said, "z2")
    remedies = ["batch normalisation", "warm-up", "ladder", "free bits"]
    cases = [
        (plain, 0.0, [True, True, True, False]),
        (plain, 0.3, [True, False, True, False]),
        ({"batch_norm": True, "inference": "bottom-up"}, 0.3, [False, False, True, False]),
        ({"batch_norm": True, "inference": "ladder"}, 0.0, [False, True, False, False]),
        ({"batch_norm": True, "inference": "ladder"}, 0.3, [False, False, False, True]),
    ]
    for config, warmup, expected in cases:
        said = of_layers(layers, config, {"warmup": warmup})
        assert [mentions(said, remedy) for remedy in remedies] == expected
    assert of_layers(layers[:2], plain, {"warmup": 0.0}) == ""
    assert not mentions(of_layers(layers[2:], plain, {"warmup": 0.0}), "z3")  # all of them


def test_a_dimension_that_is_active_but_carries_nothing_to_speak_of_is_not_needed() -> None:
    mean = torch.randn(500, 6, generator=device.generator(0))
    mean[:, 3] *= 0.12  # an active unit by Burda et al.: its variance is above 0.01
    mean[:, 4:] = 0.0
    log_std = torch.full_like(mean, -1.0)
    log_std[:, 3:] = 0.0
    found = bottleneck(mean, log_std)
    assert found.active.tolist() == [True] * 4 + [False] * 2
    assert found.hardly_used.tolist() == [False] * 3 + [True] + [False] * 2
    assert mentions(of_bottleneck(found, {}), 6, 2, 1, f"{found.carries[3]:.2g}", 3)
    even = bottleneck(torch.randn(500, 256), torch.full((500, 256), -1.0))  # each carries 1/256 of the whole
    assert even.n_used == 256


def test_reconstructions_are_held_against_pca_and_the_remedies_are_those_that_were_not_tried() -> None:
    rng = np.random.default_rng(0)
    scales = np.array([4.0, 3.0, 2.0, 1.0, 1.0, 1.0])  # shares of the variance: 16, 9, 4, 1, 1 and 1 of 32
    train, test = (scales * rng.normal(size=(20_000, 6)) + 5 for _ in range(2))
    kept = np.where(np.arange(6) < 2, test, 5)
    linear = explained(train, test, kept, 2)
    assert (linear.model, linear.pca) == pytest.approx((25 / 32, 25 / 32), abs=0.01)
    assert explained(train, test, np.full_like(test, 5.0), 2).model == pytest.approx(0, abs=0.01)
    assert explained(train, test, test, 2).model == 1
    with pytest.raises(ValueError, match="6"):
        explained(train, test, test, 6)
    mlp, conv = {"network": "mlp", "z_dim": 2}, {"network": "conv", "z_dim": 2}
    assert mentions(of_reconstructions(linear, mlp), "78%", 2, "convolutional")
    assert not mentions(of_reconstructions(linear, conv), "convolutional")
    assert not mentions(of_reconstructions(Explained(2, 0.9, 0.5), mlp), "convolutional")
    said = [
        of_reconstructions(Explained(2, *shares), {}) for shares in ((0.01, 0.3), (0.2, 0.3), (0.3, 0.3), (0.4, 0.3))
    ]
    assert len({re.sub(r"\d+%", "", one) for one in said}) == 4


def test_the_two_classes_that_overlap_most_are_named_with_their_shares() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [300, 200, 100])
    apart = 20.0 * np.eye(3)[y] + rng.normal(size=(600, 3))
    names = ["cat", "dog", "elk"]
    near = apart.copy()
    near[y == 2] += np.array([0, 18.5, -18.5])  # the elks come near to the dogs
    found = purity(near, y, 10)
    said = of_classes(found, names)
    assert mentions(said, "dog", "elk", 10, f"{found.shares[2, 1]:.1%}", f"{found.shares[1, 2]:.1%}")
    assert mentions(said, f"{200 / 599:.1%}")
    assert not mentions(said, "cat")
    none = of_classes(purity(apart, y, 10), names)
    assert mentions(none, 10, "0.1%")
    assert not mentions(none, "0.0%")
    assert none != said
    assert of_classes(purity(apart, np.zeros(600), 10), ["cat"]) == ""


def planted(*means: float) -> list[Bound]:
    """Bounds of 1, 10 and 100 draws that differ by a constant, up to noise of .01, on examples that differ by 10."""
    rng = np.random.default_rng(0)
    examples = rng.normal(0, 10, 400)
    return [
        Bound(n, examples - examples.mean() + mean + rng.normal(0, 0.01, 400))
        for n, mean in zip((1, 10, 100), means, strict=True)
    ]


def test_bounds_say_how_far_the_encoder_is_from_the_posterior() -> None:
    best, _, gap, _, rise, *draws = numbers_in(of_bounds(planted(-103, -100.5, -100)))
    assert (best, gap, rise) == pytest.approx((-100, 3, 0.5), abs=0.01)
    assert draws == [10, 100]
    best, _, gap, _ = numbers_in(of_bounds(planted(-103, -100.05, -100)))  # it rises no more
    assert (best, gap) == pytest.approx((-100, 3), abs=0.01)
    assert len(numbers_in(of_bounds(planted(-100, -100, -100)))) == 2  # no gap is seen
    assert numbers_in(of_bounds([Bound(0, np.array([-50.0, -52.0]))])) == [-51, 1]


def test_next_to_the_truth_bounds_say_what_draws_miss() -> None:
    first, _, last = planted(-103, -100.5, -100)
    exact = Bound(0, last.values + 2.0)
    truth, _, gap, _, draws, missed = numbers_in(of_bounds([first, last, exact]))
    assert (truth, gap, draws, missed) == pytest.approx((-98, 5, 100, 2), abs=0.01)
    assert len(numbers_in(of_bounds([first, last, Bound(0, last.values)]))) == 4  # they miss nothing
