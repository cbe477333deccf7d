"""The plane behind which classes are coloured: what a pixel's colour is made of, and shares as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.latent.traversal import manifold_grid
from latentlab.figures.generated.plane import FAINT, STRONG, predicted_plane, tinted
from latentlab.figures.generated.shares import predicted_shares
from latentlab.figures.theme import DARK, LIGHT, Theme

N = 4


def rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_ink_is_the_colour_of_text_and_the_rest_that_of_the_class(look: Theme) -> None:
    examples = np.zeros((1, 2, 1, 3, 3), np.float32)
    examples[0, 0, 0, 1, 1] = 1
    drawn = tinted(examples, np.array([[2, 5]]), np.array([[1.0, 0.0]], np.float32), look)
    np.testing.assert_allclose(drawn[0, 0, :, 1, 1], rgb(look.text), atol=1e-6)
    for column, k, share in ((0, 2, STRONG), (1, 5, FAINT)):
        expected = share * np.array(rgb(look.classes[k])) + (1 - share) * np.array(rgb(look.surface))
        np.testing.assert_allclose(drawn[0, column, :, 0, 0], expected, atol=1e-6)


def test_a_coloured_image_is_framed() -> None:
    examples = np.random.default_rng(0).random((1, 1, 3, 5, 5)).astype(np.float32)
    drawn = tinted(examples, np.array([[1]]), np.ones((1, 1), np.float32), LIGHT)
    np.testing.assert_array_equal(drawn[..., 1:-1, 1:-1], examples[..., 1:-1, 1:-1])
    assert np.ptp(drawn[0, 0, :, 0], -1).max() == 0


def test_the_pointer_finds_the_class_of_each_place() -> None:
    """Row 0 of the grid has the largest y, and lies at the top."""
    grid = manifold_grid(lambda z: torch.sigmoid(z).reshape(-1, 1, 1, 2).repeat(1, 1, 2, 1), N, 3.0)
    place = np.stack(np.meshgrid(grid.x, grid.y), -1)
    np.testing.assert_allclose(grid.examples[:, :, 0, 0], 1 / (1 + np.exp(-place)), rtol=1e-5)
    predicted = np.zeros((N, N), np.int64)
    predicted[0, 3] = 1
    figure = predicted_plane(grid, predicted, np.full((N, N), 0.5, np.float32), ("a", "b"), ("z1", "z2"), LIGHT)
    (own,) = [one for one in figure.data if (one.hovertemplate or "").startswith("b")]
    assert (list(own.x), list(own.y)) == ([3], [N - 1])
    assert [one.name for one in figure.data if one.showlegend is not False] == ["a: 15", "b: 1"]


def test_shares_are_drawn_in_percent() -> None:
    figure = predicted_shares({"real": np.array([0.25, 0.75]), "samples": np.array([1.0, 0.0])}, ("a", "b"), LIGHT)
    np.testing.assert_array_equal(figure.data[0].z, [[25, 75], [100, 0]])
