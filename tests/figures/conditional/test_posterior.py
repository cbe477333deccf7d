"""The posterior's picture: marks whose area goes with their weight, in the colour of their class."""

import numpy as np

from latentlab.analysis.conditional.posterior import posterior
from latentlab.figures.conditional.posterior import LARGEST, posterior_panels
from latentlab.figures.theme import LIGHT

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(50, 2, 3)).astype(np.float32)


def test_the_area_of_a_mark_goes_with_its_weight() -> None:
    log_w = np.stack([np.zeros(50), np.full(50, -1.5)], 1)
    found = posterior(Z, log_w, np.log([[0.75, 0.25]]))
    panels = posterior_panels(found, (2, 0), Z[:, 0], ("upper", "lower"), LIGHT)
    inferred, own = ([trace for trace in panel.data if trace.name] for panel in panels.values())
    for traces, weights in ((inferred, found.inferred), (own, found.own)):
        for k, trace in enumerate(traces):
            np.testing.assert_array_equal(trace.x, Z[:, k, 2])
            np.testing.assert_array_equal(trace.y, Z[:, k, 0])
            assert trace.marker.color == LIGHT.classes[k]
        ratio = (traces[0].marker.size[0] / traces[1].marker.size[0]) ** 2
        np.testing.assert_allclose(ratio, weights[0, 0] / weights[0, 1], rtol=1e-4)


def test_a_draw_that_weighs_nothing_is_not_drawn_and_none_covers_the_rest() -> None:
    log_w = np.zeros((50, 2))
    log_w[0, 0], log_w[:, 1] = 40.0, -40.0
    _, own = posterior_panels(
        posterior(Z, log_w, np.log([[0.5, 0.5]])), (0, 1), Z[:, 0], ("upper", "lower"), LIGHT
    ).values()
    upper, lower = (trace for trace in own.data if trace.name)
    assert upper.marker.size.tolist() == [LARGEST]
    assert not len(lower.x)
