"""The plane that chains are drawn on: its box holds what matters, and its shade is the density at the right places."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.plane import frame, shade
from latentlab.data import mixture

WIDE = mixture([[10.0, -3.0]], [[2.0, 0.5]])


def test_a_shade_is_the_density_at_the_middles_of_the_cells() -> None:
    box = Box(6.0, 12.0, -4.0, -1.0)
    found = shade(WIDE.log_prob, box, torch.float64, 6)
    for row, y in enumerate([-3.75, -3.25, -2.75, -2.25, -1.75, -1.25]):
        for column, x in enumerate([6.5, 7.5, 8.5, 9.5, 10.5, 11.5]):
            exact = np.exp(-0.5 * ((x - 10) / 2) ** 2 - 0.5 * ((y + 3) / 0.5) ** 2)
            highest = np.exp(-0.5 * (0.5 / 2) ** 2 - 0.5 * (0.25 / 0.5) ** 2)
            assert found[row, column] == pytest.approx(exact / highest, rel=1e-9)
    assert found.max() == 1


def test_the_frame_of_a_density_holds_three_standard_deviations_on_each_side() -> None:
    assert frame(WIDE, np.zeros((3, 2))) == Box(10 - 1.15 * 6, 10 + 1.15 * 6, -3 - 6, -3 + 6)


@pytest.mark.parametrize("truth", [None, mixture([[0.0] * 4], 1.0)])
def test_without_a_density_of_the_plane_the_frame_holds_the_places(truth: object) -> None:
    assert truth is None or truth.dim == 4  # type: ignore[attr-defined]
    places = torch.randn(5_000, 2, generator=device.generator(0)).numpy() * np.array([3, 1]) + np.array([5, -5])
    box = frame(truth, places)  # type: ignore[arg-type]
    inside = (places > box.low).all(1) & (places < box.high).all(1)
    assert inside.mean() > 0.995
    assert box.width == pytest.approx(1.15 * box.height)
    assert box.centre == pytest.approx((5, -5), abs=0.5)
    assert frame(None, np.ones((4, 2))).is_proper
