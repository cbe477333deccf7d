"""Streamlines of fields whose lines are known: rays, circles, and a ridge."""

import numpy as np
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score.streamlines import streamlines

BOX = Box(-1.0, 1.0, -1.0, 1.0)


def test_the_lines_of_a_central_field_run_straight_to_the_middle() -> None:
    lines = streamlines(lambda x: -x, BOX, 6, 30, 0.01)
    assert lines.shape == (36, 31, 2)
    for line in lines:
        line = line[np.isfinite(line).all(1)]
        start = line[0]
        cross = line[:, 0] * start[1] - line[:, 1] * start[0]
        np.testing.assert_allclose(cross, 0, atol=1e-5)
        radii = np.linalg.norm(line, axis=1)
        assert (np.diff(radii) < 0).all()
        np.testing.assert_allclose(np.linalg.norm(np.diff(line, axis=0), axis=1), 0.01 * np.sqrt(8), rtol=1e-4)


def test_the_lines_of_a_turning_field_are_circles() -> None:
    lines = streamlines(lambda x: torch.stack([-x[:, 1], x[:, 0]], 1), BOX, 4, 40)
    radii = np.linalg.norm(lines, axis=2)
    inside = np.isfinite(radii)
    assert np.abs(radii - radii[:, :1])[inside].max() < 1e-3


def test_a_line_ends_on_a_ridge_and_outside() -> None:
    lines = streamlines(lambda x: torch.stack([0 * x[:, 0], -x[:, 1].sign()], 1), BOX, 5, 200)
    last = np.array([line[np.isfinite(line).all(1)][-1] for line in lines])
    assert np.abs(last[:, 1]).max() < 0.05  # at y = 0, where it would turn back
    away = streamlines(lambda x: x, BOX, 4, 400)
    assert np.isnan(away[:, -1]).all()
    assert np.isnan(streamlines(torch.zeros_like, BOX, 3)[:, 1:]).all()
