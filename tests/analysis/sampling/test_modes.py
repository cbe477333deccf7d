"""Modes against mixtures whose modes are known, and draws of which it is known where they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.sampling.modes import missed, modes
from latentlab.data.builtin.synthetic import DENSITIES, Density


def mixture(means: list[list[float]], stds: list[float], weights: list[float]) -> Density:
    std = torch.tensor(stds, dtype=torch.float64)[:, None].expand(-1, 2).contiguous()
    return Density(
        torch.tensor(means, dtype=torch.float64), std, torch.tensor(weights, dtype=torch.float64).log(),
        torch.zeros(len(means)).long(),
    )  # fmt: skip


FAR = mixture([[-4, 0], [4, 0], [4.5, 0.5]], [0.5, 0.5, 0.5], [0.3, 0.4, 0.3])  # the last two are one mode


def test_components_that_reach_each_other_are_one_mode_of_their_weight() -> None:
    draws = FAR.sample(20_000, device.generator(0)).numpy()
    right, left = modes(FAR, draws)
    assert (right.weight, left.weight) == pytest.approx((0.7, 0.3))
    np.testing.assert_allclose(left.mean, [-4, 0])
    np.testing.assert_allclose(right.mean, [(4 * 0.4 + 4.5 * 0.3) / 0.7, 0.5 * 0.3 / 0.7])
    assert left.visited == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 20_000))
    assert missed(FAR, draws) == []


@pytest.mark.parametrize("strays", [0, 5])
def test_a_mode_that_is_hardly_visited_is_missed(strays: int) -> None:
    draws = FAR.sample(20_000, device.generator(1)).numpy()
    at_left = draws[:, 0] < 0
    seen = np.concatenate([draws[~at_left], draws[at_left][:strays]])
    (left,) = missed(FAR, seen)
    assert left.weight == pytest.approx(0.3)
    assert left.visited == pytest.approx(strays / len(seen))
    (right,) = missed(FAR, draws[at_left])
    assert right.weight == pytest.approx(0.7)


@pytest.mark.parametrize(("name", "n"), [("moons", 2), ("spiral", 1), ("mixture", 4)])
def test_built_in_densities_have_the_modes_that_one_sees(name: str, n: int) -> None:
    density = DENSITIES[name]
    draws = density.sample(5_000, device.generator(2)).numpy()
    found = modes(density, draws)
    assert len(found) == n
    assert sum(mode.weight for mode in found) == pytest.approx(1)
    assert missed(density, draws) == []
