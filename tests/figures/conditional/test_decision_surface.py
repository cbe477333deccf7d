"""Decision surfaces and components show the classes that they were given."""

import numpy as np
import pytest
import torch

from latentlab.analysis.conditional.decision_surface import decision
from latentlab.analysis.conditional.separability import linear_separability
from latentlab.data import UNLABELLED
from latentlab.figures.conditional.decision_surface import components, decision_surface, latent_space
from latentlab.figures.theme import DARK, LIGHT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def test_each_place_has_the_colour_of_its_class_and_labels_stand_out() -> None:
    found = decision(lambda x: torch.stack([-5 * x[:, 0], 5 * x[:, 0]], 1).log_softmax(1), (-2, -2), (2, 2), 20)
    figure = decision_surface(found, X, Y, X[:4], Y[:4], ("left", "right"), LIGHT)
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    np.testing.assert_array_equal(maps[1].z, found.probs[..., 1])
    assert maps[1].z[0, -1] > 0.99
    marks = [trace for trace in figure.data if trace.type == "scatter"]
    points = [trace for trace in marks if trace.name]
    assert [(trace.name, trace.marker.color) for trace in points] == [
        ("left", LIGHT.classes[0]), ("right", LIGHT.classes[1])
    ]  # fmt: skip
    assert sum(len(trace.x) for trace in points) == 60
    assert sum(len(trace.x) for trace in marks if not trace.name) == 4


def test_components_are_named_by_their_share() -> None:
    found = linear_separability(np.column_stack([3 * X[:, 0], X[:, 1]]), Y)
    figure = components(found, Y, ("left", "right"), DARK)
    assert figure.layout.xaxis.title.text == f"PC1 of a ({found.pca.share[0]:.0%})"
    np.testing.assert_array_equal(figure.data[0].x, found.places[Y == 0, 0])


def test_codes_lie_where_they_are_by_class_and_the_unlabelled_are_grey() -> None:
    y = Y.copy()
    y[:10] = UNLABELLED
    figure = latent_space(X, y, ("left", "right"), ("z1", "z2"), LIGHT)
    assert [(trace.name, trace.marker.color) for trace in figure.data] == [
        ("no label", LIGHT.muted), ("left", LIGHT.classes[0]), ("right", LIGHT.classes[1])
    ]  # fmt: skip
    for k, trace in zip((UNLABELLED, 0, 1), figure.data, strict=True):
        np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), X[y == k])
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("z1", "z2")


def test_codes_of_a_line_have_a_row_for_each_class() -> None:
    figure = latent_space(X[:, :1], Y, ("left", "right"), ("z", ""), LIGHT)
    for k, trace in enumerate(figure.data):
        np.testing.assert_array_equal(trace.x, X[k == Y, 0])
        assert np.abs(trace.y - k).max() <= 0.31
        assert np.ptp(trace.y) > 0.4
    assert list(figure.layout.yaxis.ticktext) == ["left", "right"]


@pytest.mark.parametrize("scale", [1e-4, 0.3, 1.0, 7.0, 4e3])
def test_limits_hold_all_codes_and_move_in_steps(scale: float) -> None:
    seen = []
    for growth in np.linspace(1, 1.2, 20):
        x = (scale * growth * X).astype(np.float32)
        low, high = latent_space(x, Y, ("left", "right"), ("", ""), LIGHT).layout.xaxis.range
        assert low <= x[:, 0].min() <= x[:, 0].max() <= high
        assert high - low < 1.6 * np.ptp(x[:, 0])
        seen.append((low, high))
    assert len(set(seen)) <= 4


def test_codes_that_are_all_one_have_limits_too() -> None:
    low, high = latent_space(np.ones_like(X), Y, ("left", "right"), ("", ""), LIGHT).layout.xaxis.range
    assert low <= 1 <= high
