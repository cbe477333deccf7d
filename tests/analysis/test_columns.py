"""Columns are in the user's units, and files have the user's numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.columns import MOST, Columns, most_varied, written
from latentlab.data.dataset import LEVELS
from latentlab.data.library.scaling import Scale, unit_scale

RNG = np.random.default_rng(0)


def own(x: list[list[float]] | np.ndarray) -> tuple[np.ndarray, np.ndarray, Columns]:
    """Numbers of a user, as models see them, and their columns."""
    numbers = torch.tensor(np.asarray(x), dtype=torch.float32)
    scale = unit_scale(numbers)
    assert scale is not None
    unit = scale.to_unit(numbers).numpy()
    return numbers.numpy(), unit, Columns.of(unit, (), scale)


def test_quantiles_in_the_users_units_are_those_of_the_users_numbers() -> None:
    numbers, _, columns = own(RNG.normal([5, -2e4, 1e-3], [9, 300, 1e-4], (200, 3)))
    found = columns.back(columns.quantiles)
    np.testing.assert_allclose(found, np.quantile(numbers, LEVELS, axis=0), rtol=1e-5)


def test_quantiles_of_very_many_are_about_theirs_and_the_ends_exact() -> None:
    x = RNG.normal(size=(2 * MOST + 7, 2)).astype(np.float32)
    found, true = Columns.of(x).quantiles, np.quantile(x, LEVELS, axis=0)
    np.testing.assert_array_equal(found[[0, -1]], [x.min(0), x.max(0)])
    np.testing.assert_allclose(found[1:-1], true[1:-1], atol=0.05)  # a standard error is at most 0.015


def test_a_file_has_the_numbers_that_the_user_had() -> None:
    table = [["13.2", "1280", "-0.001", "1700000128", "20013.7"], ["11.84", "278", "0.25", "1700001024", "20012.1"],
             ["12.7", "500", "0.013", "1700000512", "20019.9"]]  # fmt: skip
    _, unit, columns = own([[float(cell) for cell in row] for row in table])
    found = [columns.exact(row) for row in unit]
    assert found == table


@pytest.mark.parametrize("spread", [1e-6, 0.37, 12.0, 4e5])
def test_a_file_tells_numbers_apart_to_a_millionth_of_their_range(spread: float) -> None:
    numbers, unit, columns = own(RNG.uniform(-spread, spread, (50, 1)))
    found = np.array([columns.exact(row) for row in unit], float)
    np.testing.assert_allclose(found, numbers, atol=1e-6 * 2 * spread)


def test_numbers_are_written_with_three_digits_of_their_range() -> None:
    _, unit, columns = own([[11.03, 278, 0.13, 1e-9], [14.83, 1680, 0.66, 3e-9]])
    assert columns.texts(unit[0]) == ["11.03", "278", "0.130", "1e-09"]
    assert (written(-0.5, 2), written(1234567.8, 0), written(float("nan"), 1)) == ("-0.50", "1,234,568", "–")


def test_the_columns_of_a_series_are_named_once_for_each_time_in_a_file() -> None:
    x = RNG.random((9, 3, 2), np.float32)
    columns = Columns.of(x, ("lead I", "lead II"))
    scale = Scale(np.full((3, 2), [1.0, -2.0]), np.full((3, 2), [10.0, 0.5]))
    np.testing.assert_allclose(Columns.of(x, (), scale).back(x), scale.back(torch.from_numpy(x)), rtol=1e-6)
    assert columns.heads == ("lead I, 1", "lead II, 1", "lead I, 2", "lead II, 2", "lead I, 3", "lead II, 3")
    np.testing.assert_allclose(np.array(columns.exact(x[0]), float), x[0].ravel(), atol=1e-6)


def test_columns_that_vary_most_are_found_in_their_order() -> None:
    x = np.zeros((10, 5), np.float32)
    x[:, 3], x[:, 1], x[:, 4] = RNG.normal(0, 3, 10), RNG.normal(0, 2, 10), 7
    assert most_varied(x, np.zeros(5), 2) == [1, 3]
    assert most_varied(x[:1], x[0] - np.array([0, 0, 5, 0, 1]), 2) == [2, 4]  # a single one: farthest from the median
