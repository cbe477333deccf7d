"""The kinds of a code's dimensions: places of categories and the ends of uniform numbers, in units of the codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.latent.code_kinds import CodeKinds, code_kinds
from latentlab.models import code_parts
from latentlab.models.parts.priors import Independent, OneHot, StandardNormal, Uniform

PRIOR = Independent((StandardNormal(1), OneHot(3), Uniform(2), OneHot(2)))
DRAWS = PRIOR.sample(5_000, torch.Generator().manual_seed(0)).numpy()
CENTER, SCALE = DRAWS.mean(0), DRAWS.std(0)


@pytest.fixture
def kinds() -> CodeKinds:
    return code_kinds(code_parts(PRIOR), CENTER, SCALE)


def own(z: tuple[float, ...]) -> np.ndarray:
    """A place in the units of the prior."""
    return np.asarray(CENTER + SCALE * np.array(z))


def test_a_place_of_a_category_is_one_hot(kinds: CodeKinds) -> None:
    first, second = kinds.categories
    assert (first.axes, second.axes) == ((1, 2, 3), (6, 7))
    for k in range(3):
        z = first.at((0.5,) * 8, k)
        np.testing.assert_allclose(own(z)[1:4], np.eye(3)[k], atol=1e-5)
        assert [z[axis] for axis in (0, 4, 5, 6, 7)] == [0.5] * 5
        assert first.nearest(z) == k
    np.testing.assert_allclose(own(kinds.middle(8)), [CENTER[0], 1, 0, 0, *CENTER[4:6], 1, 0], atol=1e-5)


def test_a_uniform_number_reaches_twice_as_far_as_it_is_drawn(kinds: CodeKinds) -> None:
    assert [axis for axis, _ in kinds.ends] == [4, 5]
    for axis, ends in kinds.ends:
        for end, expected in zip(ends, (-2, 2), strict=True):
            z = [0.0] * 8
            z[axis] = end
            assert own(tuple(z))[axis] == pytest.approx(expected, abs=1e-5)
            assert abs(end) == pytest.approx(2 / (1 / np.sqrt(3)), rel=0.05)
    assert kinds.farthest == max(abs(end) for _, ends in kinds.ends for end in ends)


def test_categories_come_first_and_uniform_numbers_next(kinds: CodeKinds) -> None:
    assert kinds.ordered((0, 5, 4, 3, 2, 1, 7, 6)) == (1, 2, 3, 6, 7, 4, 5, 0)


def test_a_normal_prior_has_no_other_kinds() -> None:
    kinds = code_kinds(code_parts(StandardNormal(3)), np.zeros(3, np.float32), np.ones(3, np.float32))
    assert not kinds.are_several
    assert (kinds.farthest, kinds.middle(3), kinds.ordered((2, 0, 1))) == (0, (0, 0, 0), (2, 0, 1))
