"""Dead segments against runs that are found by eye."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.probes.dead_segment import dead_segment


@pytest.mark.parametrize(
    ("errors", "segment"),
    [
        ([0.1, 0.7, 0.8, 0.1], (1, 2)),
        ([0.7, 0.1, 0.7, 0.7, 0.7], (2, 4)),
        ([0.1, 0.2], None),
        ([], None),
        ([0.1, 0.7, np.nan, 0.8, np.nan, 0.2], (1, 3)),
        ([0.9, 0.9], (0, 1)),
        ([0.7, 0.1, 0.7], (0, 0)),
    ],
)
def test_a_dead_segment_is_the_longest_run_near_chance(errors: list[float], segment: tuple[int, int] | None) -> None:
    assert dead_segment(errors, 0.9) == segment
