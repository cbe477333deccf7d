"""What is said of a game whose outcome is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentlab.analysis.adversarial.best_discriminator import LEAST
from latentlab.analysis.adversarial.modes import mode_coverage
from latentlab.analysis.adversarial.on_a_line import on_a_line
from latentlab.analysis.adversarial.verdict import of_category, of_line, of_modes, of_value
from latentlab.analysis.arrays import Doubles
from tests.conftest import mentions

RNG = np.random.default_rng(0)
X = RNG.normal(2, 0.5, 20_000)
MEANS = np.array([[-2.0, 0], [2, 0], [0, 2]])


def undecided(x: Doubles) -> Doubles:
    return 0 * x


def test_a_narrow_generator_is_found_though_v_is_where_it_should_be() -> None:
    said = of_line(on_a_line(X, 2 + (X - 2) / 4, undecided))
    assert mentions(said, "Not converged", "25%", "−1.39")


def test_a_generator_in_the_wrong_place_is_found_though_it_is_as_wide() -> None:
    said = of_line(on_a_line(X, X + 1, undecided))
    assert mentions(said, "Not converged", "2 standard deviations")


def test_samples_like_the_data_are_said_to_be() -> None:
    assert mentions(of_line(on_a_line(X[:10_000], X[10_000:], undecided)), "agree", "near")
    biased = of_line(on_a_line(X[:10_000], X[10_000:], lambda x: x - 3))
    assert mentions(biased, "agree", "discriminator")


def test_what_is_not_finite_has_diverged() -> None:
    assert "diverged" in of_line(on_a_line(X, X, lambda x: x * math.nan))
    assert "diverged" in of_value(math.nan)


@pytest.mark.parametrize("n_reached", [1, 2, 3])
def test_missing_modes_are_counted(n_reached: int) -> None:
    samples = np.repeat(MEANS[:n_reached], 50, 0).astype(np.float32)
    said = of_modes(mode_coverage(samples, MEANS, np.full((3, 2), 0.1), np.full(3, 1 / 3)), LEAST)
    assert ("collapse" in said) == (n_reached < 3)
    assert n_reached == 3 or f"{n_reached} of 3" in said


def test_samples_that_are_at_no_mode_are_collapsed_only_if_they_are_in_one_place() -> None:
    stds, due = np.full((3, 2), 0.1), np.full(3, 1 / 3)
    apart = np.repeat(1.5 * MEANS, 20, 0).astype(np.float32)
    scattered = of_modes(mode_coverage(apart, MEANS, stds, due), -1.2)
    assert mentions(scattered, "100%", "0 of 3")
    assert "ollapse" not in scattered
    assert mentions(of_modes(mode_coverage(apart[:20], MEANS, stds, due), -1.2), "Collapsed", "1 of 3", "100%")


def test_samples_between_the_modes_are_counted() -> None:
    samples = np.concatenate([np.repeat(MEANS, 40, 0), np.zeros((80, 2))]).astype(np.float32)
    assert "40%" in of_modes(mode_coverage(samples, MEANS, np.full((3, 2), 0.1), np.full(3, 1 / 3)), -0.5)


def test_how_much_of_its_category_a_sample_says() -> None:
    said = {information: of_category(information, 8) for information in (2.05, 1.0, 0.01)}
    assert all(mentions(text, f"{information:.2f}", "2.08") for information, text in said.items())
    assert len({text.partition(":")[0] for text in said.values()}) == 3
    assert of_category(-0.5, 8).partition(":")[0] == said[0.01].partition(":")[0]
