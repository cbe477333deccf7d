"""What is said of a field says which network has a score, and counts what it counts."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.score.denoiser import Losses
from latentlab.analysis.score.field import Agreement
from latentlab.analysis.score.verdict import matrix, of_contracting, of_loop, of_noise_left, table
from tests.conftest import numbers_in

REASON = "its_reason"
GOOD, BAD = Agreement(0.998, 0.25, 0), Agreement(0.21, 0.987, 0)


def test_what_has_no_score_is_told_from_what_has_one() -> None:
    said = of_contracting({"DAE": (GOOD, ""), "CAE": (BAD, REASON)})
    learned, other = said.split("**Not a score")
    assert "DAE" in learned
    assert numbers_in(learned)[0] == 0.998
    assert "CAE" in other
    assert REASON in other
    assert numbers_in(other)[:2] == [0.21, 99]
    assert "Not a score" not in of_contracting({"DAE": (GOOD, "")})
    assert "Learned" not in of_contracting({"CAE": (BAD, "no reason")})


def test_a_table_has_a_row_for_each_network() -> None:
    rows = table({"one": (GOOD, Losses(1.5, 1.2, 2.0)), "two": (BAD, Losses(3.6, 1.2, 2.0))})
    assert [numbers_in(" ".join(row.values())) for row in rows] == [[0.998, 25, 1.25], [0.21, 99, 3]]


def test_a_loop_of_too_few_corners_is_a_triangle() -> None:
    assert numbers_in(of_loop(2)) == [2]
    assert len({of_loop(0), of_loop(1), of_loop(3)}) == 3
    assert of_loop(3) == of_loop(8)


def test_the_noise_that_is_left_and_the_length_of_a_score() -> None:
    step = np.full((2, 1, 2, 2), 0.5, np.float32)  # of length 1
    assert numbers_in(of_noise_left(0.5, 0.125, step, 0.3, 0.5)) == [0.125, 0.5, 4, 2]  # 1 / σ², √4 · 0.3 / σ²
    assert numbers_in(of_noise_left(0.5, 0.125, step, 0.3, 0.0)) == [0.125, 0.5]


def test_a_matrix_has_a_line_for_each_row() -> None:
    assert [list(map(float, line.split())) for line in matrix(np.array([[1.0, -2.5], [3.0, 4e6]])).split("\n")] == [
        [1, -2.5], [3, 4e6],
    ]  # fmt: skip
