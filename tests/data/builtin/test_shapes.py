"""The shapes: areas against closed forms and quadrature, places, and the factors that come with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.data import Splits, load
from latentlab.data.builtin.shapes import FACTORS, LEVELS, MARGIN, RADII, SIDES, Sprites


@pytest.fixture(scope="module")
def shapes() -> Splits:
    return load("shapes")


def levels(shape: int, size: int, angle: int, x: int = 4, y: int = 4) -> np.ndarray:
    return np.array([[shape, size, angle, x, y]])


def heart_area() -> float:
    """Of the region (a² + b² - 1)³ < a² b³, by counting a grid of a thousandth."""
    a, b = np.meshgrid(np.arange(-1.3, 1.3, 1e-3), np.arange(-1.3, 1.3, 1e-3))
    return float(((a**2 + b**2 - 1) ** 3 < a**2 * b**3).sum() * 1e-6)


@pytest.mark.parametrize(("shape", "unit_area"), [(0, 2.0), (1, np.pi / 2), (2, heart_area() / 1.26**2)])
@pytest.mark.parametrize("size", [0, 5])
@pytest.mark.parametrize("angle", [0, 5])
def test_a_shape_covers_its_area(shape: int, unit_area: float, size: int, angle: int) -> None:
    side = SIDES["shapes-64"]
    image = Sprites.of_side(side).render(levels(shape, size, angle))
    radius = side * RADII[0 if size == 0 else 1]
    assert image.double().sum() / 255 == pytest.approx(unit_area * radius**2, rel=0.03)


@pytest.mark.parametrize("name", list(SIDES))
def test_a_shape_is_the_same_wherever_it_stands_and_its_middle_is_where_its_factors_say(name: str) -> None:
    side = SIDES[name]
    corners = np.array([[1, 5, 2, x, y] for x in (0, 4, 9) for y in (0, 9)])
    images = Sprites.of_side(side).render(corners)[:, 0].double()
    mass = images.sum((1, 2))
    assert torch.equal(mass, mass[:1].expand_as(mass))
    middles = torch.arange(side) + 0.5
    step = side * (1 - 2 * MARGIN) / 9
    for image, (x, y) in zip(images, corners[:, 3:], strict=True):
        place = (image.sum(0) @ middles.double() / image.sum(), image.sum(1) @ middles.double() / image.sum())
        expected = [round(side * MARGIN + step * k) for k in (x, y)]
        assert [float(p) for p in place] == pytest.approx(expected, abs=0.05)


def test_half_a_turn_is_twelve_angles() -> None:
    """An ellipse that is turned by six of them lies across; a square is itself again."""
    sprites = Sprites.of_side(32).patches[:, 5].astype(int)
    assert np.abs(np.rot90(sprites[1, 0]) - sprites[1, 6]).max() <= 4
    assert np.abs(sprites[0, 0] - sprites[0, 6]).max() <= 4
    assert np.abs(sprites[2, 0] - sprites[2, 6]).max() > 200


def test_all_combinations_are_there_once_with_the_factors_that_made_them(shapes: Splits) -> None:
    assert [len(part) for part in shapes] == [17_600, 2_000, 2_000]
    every = torch.cat([part.factors.levels for part in shapes if part.factors is not None])
    assert len(torch.unique(every, dim=0)) == len(every) == np.prod(LEVELS)
    test = shapes.test
    assert test.factors is not None
    assert test.factors.names == FACTORS
    assert torch.equal(Sprites.of_side(32).render(test.factors.levels.numpy()), test.x)
    assert torch.equal(test.factors.levels[:, 0], test.y)


def test_factors_follow_their_examples(shapes: Splits) -> None:
    chosen = shapes.test[torch.tensor([7, 3])]
    assert chosen.factors is not None
    assert shapes.test.factors is not None
    assert torch.equal(chosen.factors.levels, shapes.test.factors.levels[[7, 3]])
