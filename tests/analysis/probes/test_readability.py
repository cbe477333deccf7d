"""Where a planted property is readable: what is said of curves whose true errors are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab.analysis.activations import NetworkLayer
from latentlab.analysis.probes.layer_curve import ASIDE, Curve, Reading, probe_curve
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.probes.logistic_regression import ClassificationScore
from latentlab.analysis.probes.readability import Readability, is_lower, readability
from latentlab.analysis.probes.verdict import of_probes, of_two_networks
from latentlab.device import generator
from latentlab.models import Classifies
from tests.conftest import mentions, numbers_in

N = 1_000


def std_errors(errors: np.ndarray, n: int = N) -> list[float]:
    return [ClassificationScore(float(e), 0.0, 0.0, n).std_error for e in errors]


def found_in(truth: list[float], chance: float, rng: np.random.Generator, n: int = N) -> Readability:
    """What is found of errors that are counted on n test examples."""
    errors = rng.binomial(n, truth) / n
    return readability(errors.tolist(), std_errors(errors, n), rng.binomial(n, chance) / n, n)


def test_a_property_that_is_written_in_the_middle_is_found_and_lost_where_it_was_planted() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = found_in([0.5, 0.5, 0.1, 0.12, 0.5, 0.45], 0.5, rng)
        assert (found.readable, found.lost) == ((2, 3), (4, 5))


def test_of_a_property_that_is_nowhere_nothing_is_said() -> None:
    rng = np.random.default_rng(1)
    wrong = sum(bool(found_in([0.6] * 15, 0.6, rng, 500).readable) for _ in range(500))
    assert wrong < 0.02 * 500


def test_the_best_layers_are_those_that_the_test_examples_cannot_tell_from_the_best() -> None:
    errors = [0.13, 0.13, 0.08, 0.05, 0.02, 0.008, 0.004, 0.005]  # of the class, in a network that predicts it
    found = readability(errors, std_errors(np.array(errors)), 0.874, N)
    assert found == Readability(tuple(range(8)), (5, 6, 7), ())
    many = readability(errors, std_errors(np.array(errors), 10**7), 0.874, 10**7)
    assert many.best == (6,)


def test_a_layer_must_keep_most_of_the_best_ones_advantage() -> None:
    errors = [0.1, 0.17, 0.19, 0.4, 0.1]  # of 0.4 that the best gains over chance these keep 100, 82, 78, 25, 100 %
    found = readability(errors, std_errors(np.array(errors), 10**6), 0.5, 10**6)
    assert found.readable == (0, 1, 4)
    assert found.lost == ()
    few = readability(errors[:3], std_errors(np.array(errors[:3]), 200), 0.5, 200)
    assert few.readable == (0, 1, 2)  # of so few examples 78 % may be 80 %


@pytest.mark.parametrize(("errors", "chance"), [([], 0.5), ([0.1, float("nan")], 0.5), ([0.1], float("nan"))])
def test_what_is_no_curve_is_a_sentence(errors: list[float], chance: float) -> None:
    with pytest.raises(ValueError, match="layer"):
        readability(errors, [0.01] * len(errors), chance, N)


def planted(errors: dict[str, float], chance: float, kinds: dict[str, str] | None = None) -> Curve:
    """A curve with given test errors, of `N` examples."""
    x, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    probe = linear_probe(x, y, l2=1e-2)
    readings = []
    for name, error in errors.items():
        score = dataclasses.replace(probe.train, error=error, n=N)
        one = dataclasses.replace(probe, test=score, baseline=chance)
        layer = NetworkLayer(name, (kinds or {}).get(name, "Linear"), (2,), True)
        readings.append(Reading(layer, (one,), "all", np.zeros((N, 2), np.float32)))
    return Curve(tuple(readings), np.zeros(N, np.int64), (N, N, N))


SLANT = {"input": 0.067, "conv1": 0.09, "fc1": 0.07, "relu": 0.125, "logits": 0.545}


def test_the_sentence_names_the_layers_where_it_begins_and_ends() -> None:
    said = of_probes("slant", planted(SLANT, 0.693))
    assert mentions(said, "input", "6.7%", "69.3%", "relu", "12.5%", "logits", "54.5%")
    kept = of_probes("slant", planted(SLANT | {"logits": 0.08}, 0.693))
    assert mentions(kept, "input")
    assert not mentions(kept, "logits")
    worse = of_probes("slant", planted(SLANT | {"logits": 0.3}, 0.693))
    assert mentions(worse, "input", "logits", "30.0%")
    late = of_probes("class", planted({"input": 0.5, "a": 0.2, "b": 0.15, "c": 0.001}, 0.5))
    assert mentions(late, "c", "0.1%")
    assert not mentions(late, "b")
    nowhere = of_probes("class", planted({"input": 0.5, "a": 0.49}, 0.51))
    assert mentions(nowhere, "51.0%")
    assert not mentions(nowhere, "49.0%")


def test_latent_variables_that_no_layer_follows_are_no_step() -> None:
    curve = planted(SLANT | {"a": 0.06}, 0.693, {"a": ASIDE})
    assert of_probes("slant", curve) == of_probes("slant", planted(SLANT, 0.693))


class Planted(Classifies):
    """Two layers and an output; with `product` the first layer's two numbers are multiplied in the second."""

    def __init__(self, product: bool) -> None:
        super().__init__()
        self.one, self.two, self.out = (nn.Linear(2, 2, bias=False) for _ in range(3))
        for layer in (self.one, self.two, self.out):
            nn.init.eye_(layer.weight)
        self.product = product

    def classify(self, x: Tensor) -> Tensor:
        h = self.one(x)
        h = self.two(torch.stack([h.prod(1), h[:, 0]], 1) if self.product else h)
        return torch.log_softmax(self.out(h), 1)


def test_of_two_networks_the_one_that_computes_a_property_has_it_from_there_on() -> None:
    x = torch.randn(1_000, 2, generator=generator(0))
    y = (x.prod(1) > 0).long().numpy()  # which no linear map tells
    curves = {name: probe_curve(Planted(name == "A"), x, y, (500, 200, 300), n_classes=2) for name in "AB"}
    assert [reading.layer.name for reading in curves["A"].readings] == ["input", "one", "two", "out"]
    errors = {name: curve.means()[1:] for name, curve in curves.items()}
    assert errors["A"][1] < 0.05 < 0.4 < min(errors["A"][0], *errors["B"])
    chance = curves["A"].readings[0].probes[0].baseline
    for order in ("AB", "BA"):
        said = of_two_networks("sign", {name: curves[name] for name in order})
        assert mentions(said, "A", "two", f"{errors['A'][1]:.1%}", "B", f"{errors['B'].min():.1%}", f"{chance:.1%}")
        assert not mentions(said, "one") or errors["B"].argmin() == 0
    nowhere = of_two_networks("sign", {"B": curves["B"], "C": curves["B"]})
    assert numbers_in(nowhere) == [pytest.approx(100 * chance, abs=0.05)]  # no error of a layer


def test_of_two_networks_only_a_difference_beyond_both_intervals_is_said() -> None:
    a, verdicts = planted({"input": 0.001, "fc": 0.16, "out": 0.3}, 0.66), list[str]()
    for error, apart in ((0.18, False), (0.26, True)):
        b = planted({"input": 0.001, "conv": error}, 0.66)
        said = of_two_networks("slant", {"A": a, "B": b})
        numbers = [f"{value:.1%} ± {2 * np.sqrt(value * (1 - value) / N):.1%}" for value in (0.16, error)]
        assert mentions(said, "fc", "A", "conv", "B", *numbers)
        assert is_lower(0.16, std_errors(np.array([0.16]))[0], error, std_errors(np.array([error]))[0]) == apart
        verdicts.append(said.replace(numbers[1], ""))
    assert verdicts[0] != verdicts[1]


def test_equal_networks_are_rarely_said_to_differ() -> None:
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(1_000):
        (a, s), (b, t) = (min(zip(e, std_errors(e), strict=True)) for e in rng.binomial(N, 0.2, (2, 12)) / N)
        wrong += is_lower(a, s, b, t) or is_lower(b, t, a, s)
    assert wrong < 0.02 * 1_000
