"""The figures of a sweep draw each training where its knobs and its score are."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.sweep import bands, compare
from latentlab.figures.sweep import DRAWN, curves_with_bands, parallel_coordinates
from latentlab.figures.theme import LIGHT

SETTINGS = [{"z_dim": z, "beta": beta} for z in (2, 10, 5) for beta in (1.0, 4.0)]
SCORES = np.arange(12.0).reshape(6, 2)
SCORES[0, 1], SCORES[1] = np.nan, np.nan


def test_a_line_leads_from_the_knobs_to_the_score_and_the_best_is_drawn_last() -> None:
    figure = parallel_coordinates(SETTINGS, SCORES, compare(SCORES, True), "bound", LIGHT)
    drawn = {line.name: line for line in figure.data}
    assert len(drawn) == 6
    best = figure.data[-1]
    assert best.name == "z_dim 5, beta 4"
    assert max(line.line.width for line in figure.data[:-1]) < best.line.width
    low, high = 0.0, 11.0
    assert np.allclose(best.y.reshape(2, 4)[:, :3], [[0.5, 1, (10 - low) / high], [0.5, 1, 1]])
    assert np.allclose(drawn["z_dim 2, beta 1"].y[:3], [0, 0, 0])
    assert np.isnan(drawn["z_dim 2, beta 4"].y[2])  # not trained yet
    assert not np.isnan(drawn["z_dim 2, beta 4"].y[:2]).any()


def test_curves_are_means_with_bands_for_the_best_and_for_what_has_begun_before_any_is_ranked() -> None:
    curves = np.random.default_rng(0).normal(size=(7, 2, 10)) + np.arange(7)[:, None, None]
    settings = [{"z_dim": z} for z in range(7)]
    figure = curves_with_bands(settings, curves, compare(curves[..., -1], True), "bound", LIGHT)
    named = {line.name: line for line in figure.data if line.name}
    mean, low, high = bands(curves)
    best = compare(curves[..., -1], True).order[:DRAWN]
    for k in best:
        assert np.allclose(named[f"z_dim {k}"].y, mean[k])
    filled = [line for line in figure.data if line.fill == "toself"]
    assert len(filled) == DRAWN
    assert any(np.allclose(line.y, np.concatenate([high[best[0]], low[best[0]][::-1]])) for line in filled)
    early = np.full((3, 2, 4), np.nan)
    early[1, 0, :2] = 1.0
    begun = curves_with_bands(settings[:3], early, compare(np.full((3, 2), np.nan), True), "bound", LIGHT)
    assert [line.name for line in begun.data if line.name] == ["z_dim 1"]
