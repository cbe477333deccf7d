"""The figures of walks and of the laboratory hold what they are given."""

import numpy as np

from latentlab.figures.sampling.image_chains import class_trace, laws, matrices, width_curve
from latentlab.figures.theme import LIGHT


def test_every_image_of_a_walk_has_its_class() -> None:
    labels = np.array([[0, 2], [1, 2], [1, 0]])
    drawn = class_trace(labels, ["a", "b", "c"], 5, LIGHT)
    shown = {(float(x), float(y)): part.name for part in drawn.data for x, y in zip(part.x, part.y, strict=True)}
    assert shown == {
        (5.0, 1.0): "a", (10.0, 1.0): "b", (15.0, 1.0): "b", (5.0, 2.0): "c", (10.0, 2.0): "c", (15.0, 2.0): "a",
    }  # fmt: skip
    assert {part.marker.color for part in drawn.data} == set(LIGHT.classes[:3])


def test_matrices_laws_and_the_curve_are_drawn_as_they_are() -> None:
    rng = np.random.default_rng(0)
    content = {"C": rng.random((4, 4)), "R": rng.random((4, 4))}
    for part, values in zip(matrices(content, LIGHT).data, content.values(), strict=True):
        np.testing.assert_allclose(part.z, values, atol=1e-6)
    p, q = rng.random(4), rng.random(4)
    drawn = laws({"p": p, "q": q}, LIGHT)
    np.testing.assert_allclose(drawn.data[1].y, q, atol=1e-6)
    assert drawn.data[0].marker.pattern.shape != drawn.data[1].marker.pattern.shape
    widths, curve = np.array([0.1, 0.2, 0.4]), np.array([-5.0, 2.0, 1.0])
    np.testing.assert_allclose(width_curve(widths, curve, 0.2, LIGHT).data[0].y, curve)
