"""The figures show the numbers that they were given, where they belong."""

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.latent.bottleneck import health
from latentlab.analysis.latent.support import SupportMap, support_map
from latentlab.figures.latent.diagnosis import correlations, qq_plots, support_maps
from latentlab.figures.theme import DARK, LIGHT, Theme

W = torch.randn(2, 9, generator=device.generator(0))
CODES = torch.randn(50, 2, generator=device.generator(1))


def mapped(judged: bool = True) -> SupportMap:
    def classify(x: torch.Tensor) -> torch.Tensor:
        return torch.log_softmax(10 * torch.stack([x[:, 0], -x[:, 0]], 1), 1)

    return support_map(lambda z: z @ W, lambda x: x @ torch.linalg.pinv(W), classify if judged else None, CODES, 12)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_each_map_shows_its_quantity_and_the_place(look: Theme) -> None:
    support = mapped()
    maps = support_maps(support, (0.5, -1.0), ("z1", "z2"), ("left", "right"), look)
    assert [title.split()[0] for title in maps] == ["distance", "round-trip", "magnification", "predicted"]
    heat = [trace for figure in maps.values() for trace in figure.data if trace.type == "heatmap"]
    np.testing.assert_array_equal(heat[0].z, support.neighbour_distance)
    np.testing.assert_array_equal(heat[1].z, support.round_trip)
    np.testing.assert_allclose(heat[2].z, support.log_magnification / np.log(10), rtol=1e-6)
    np.testing.assert_array_equal(heat[3].z, support.predicted)
    np.testing.assert_array_equal(heat[4].z, support.entropy)
    for figure in maps.values():
        rings = [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]
        assert {(trace.x[0], trace.y[0]) for trace in rings} == {(0.5, -1.0)}
        assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("z1 (σ)", "z2 (σ)")


def test_a_region_has_its_classs_colour_and_name() -> None:
    support = mapped()
    figure = list(support_maps(support, (0, 0), ("z1", "z2"), ("left", "right"), LIGHT).values())[-1]
    scale = next(t for t in figure.data if t.type == "heatmap" and t.zmax == 1.5).colorscale
    assert scale[0] == (0, LIGHT.classes[0])
    assert scale[-1] == (1, LIGHT.classes[1])
    for name in figure.data:
        if name.type == "scatter" and name.mode == "text":
            row = np.flatnonzero(support.y == name.y[0])[0]
            column = np.flatnonzero(support.x == name.x[0])[0]
            assert support.predicted is not None
            assert ("left", "right")[support.predicted[row, column]] == name.text[0]


def test_without_a_judge_there_are_three_maps() -> None:
    assert len(support_maps(mapped(judged=False), (0, 0), ("z1", "z2"), (), LIGHT)) == 3


def test_quantiles_and_correlations_are_those_of_the_health() -> None:
    mean = torch.randn(400, 3, generator=device.generator(2))
    found = health(mean, torch.full((400, 3), -1.0))
    lines = qq_plots(found, LIGHT).data[1::2]
    for line, axis in zip(lines, found.order, strict=True):
        np.testing.assert_array_equal(line.x, found.normal)
        np.testing.assert_array_equal(line.y, found.quantiles[axis])
    (picture,) = correlations(found, LIGHT).data
    np.testing.assert_array_equal(picture.z, found.correlation)
    assert {picture.zmin, 0, picture.zmax} <= set(picture.colorbar.tickvals)  # the scale has its ends and its middle
