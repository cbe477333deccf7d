"""Decision surfaces and components show the classes that they were given."""

import numpy as np
import torch

from latentlab.analysis.decision import decision, parting
from latentlab.figures.few_labels import components, decision_surface
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
    points = [trace for trace in figure.data if trace.type == "scattergl"]
    assert [(trace.name, trace.marker.color) for trace in points] == [
        ("left", LIGHT.classes[0]), ("right", LIGHT.classes[1])
    ]  # fmt: skip
    assert sum(len(trace.x) for trace in points) == 60
    assert sum(len(trace.x) for trace in figure.data if trace.type == "scatter") == 4


def test_components_are_named_by_their_share() -> None:
    found = parting(np.column_stack([3 * X[:, 0], X[:, 1]]), Y)
    figure = components(found, Y, ("left", "right"), DARK)
    assert figure.layout.xaxis.title.text == f"PC1 of a ({found.pca.share[0]:.0%})"
    np.testing.assert_array_equal(figure.data[0].x, found.places[Y == 0, 0])
