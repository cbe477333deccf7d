"""Every point is drawn once, in its class's colour and shape."""

import numpy as np

from latentlab.figures.maps import map_3d
from latentlab.figures.theme import DARK


def test_each_class_has_its_points_colour_and_name() -> None:
    rng = np.random.default_rng(0)
    xyz, labels = rng.normal(size=(50, 3)).astype(np.float32), rng.integers(-1, 3, 50)
    figure = map_3d(xyz, labels, ("a", "b", "c"), ("PC1", "PC2", "PC3"), DARK)
    assert sorted(len(trace.x) for trace in figure.data) == sorted(np.bincount(labels + 1))
    for trace in figure.data:
        k = ("a", "b", "c", "no class").index(trace.name)
        own = xyz[labels == (k if k < 3 else -1)]
        np.testing.assert_array_equal(np.stack([trace.x, trace.y, trace.z], 1), own)
        assert trace.marker.color == (DARK.classes[k] if k < 3 else DARK.muted)
    assert figure.layout.scene.zaxis.title.text == "PC3"
    assert len({trace.marker.symbol for trace in figure.data if trace.name != "no class"}) == 3
