"""Traits against shapes whose moments are known, and consistency against correlations worked out pair by pair."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from latentlab.analysis.arrays import Doubles, Floats
from latentlab.analysis.conditional.style import style_consistency, traits
from tests.conftest import naming


def bar(width: float, height: float, shear: float = 0.0, side: int = 41) -> Floats:
    """A bar of intensity 1, width x height pixels, sheared to the right by `shear` columns a row."""
    middle = side // 2
    y, x = middle - np.arange(side)[:, None], np.arange(side) - middle
    inside = (np.abs(x - shear * y) <= width / 2) & (np.abs(y) <= height / 2)
    return inside[None].astype(np.float32)


def test_traits_are_those_of_the_shape() -> None:
    found = traits(np.stack([bar(4.5, 20.5), bar(4.5, 20.5, 0.5), bar(4.5, 20.5, -1.0), np.zeros((1, 41, 41))]))
    assert found["ink"][0] == pytest.approx(5 * 21 / 41**2)
    assert found["width"][0] == pytest.approx(np.sqrt((5**2 - 1) / 12))  # of the numbers -2 ... 2
    assert found["height"][0] == pytest.approx(np.sqrt((21**2 - 1) / 12))
    assert found["slant"][:3] == pytest.approx([0, 0.5, -1], abs=0.02)
    assert [trait[3] for trait in found.values()] == [0, 0, 0, 0]
    moved = traits(np.roll(bar(4.5, 20.5, 0.5), (3, -5), (1, 2))[None])
    assert [trait[0] for trait in moved.values()] == pytest.approx([trait[1] for trait in found.values()])


def plain(cells: Floats) -> dict[str, Doubles]:
    return {f"{t}": cells[:, t].astype(np.float64) for t in range(cells.shape[1])}


def test_consistency_is_the_mean_correlation_of_two_columns() -> None:
    rng = np.random.default_rng(0)
    style = rng.standard_normal((30, 1, 3)) * [2, 1, 0]
    cells = ((style + rng.standard_normal((30, 5, 3))) * rng.uniform(1, 9, (1, 5, 3)) + 7).astype(np.float32)
    found = style_consistency(cells, plain)
    for t in range(3):
        pairs = [np.corrcoef(cells[:, i, t], cells[:, j, t])[0, 1] for i, j in itertools.combinations(range(5), 2)]
        assert found.traits[f"{t}"].value == pytest.approx(np.mean(pairs), abs=1e-5)
    assert found.overall.value == pytest.approx(np.mean([each.value for each in found.traits.values()]))
    # true correlations are 4/5, 1/2 and 0
    assert found.traits["0"].value > 0.6 > found.traits["1"].value > 0.25
    assert abs(found.traits["2"].value) < 4 * found.traits["2"].null_std


def test_the_control_is_no_consistency() -> None:
    cells = np.repeat(np.random.default_rng(1).standard_normal((40, 1, 2)), 6, axis=1).astype(np.float32)
    found = style_consistency(cells, plain)
    assert found.overall.value == pytest.approx(1, abs=1e-5)
    assert abs(found.overall.null) < 0.01
    assert 0 < found.overall.null_std < 0.05
    assert style_consistency(cells, plain, seed=0) == found
    assert style_consistency(cells, plain, seed=1) != found


def test_rows_that_are_all_the_same_keep_no_style() -> None:
    cells = np.broadcast_to(np.random.default_rng(1).random((1, 6, 1, 8, 8)), (20, 6, 1, 8, 8)).astype(np.float32)
    found = style_consistency(cells)
    assert list(found.traits) == ["ink", "slant", "width", "height"]
    assert found.overall.value == 0


def test_two_rows_are_one_sentence() -> None:
    with pytest.raises(ValueError, match=naming(3, 2, 5)):
        style_consistency(np.zeros((2, 5, 3), np.float32), plain)
