"""What is drawn of a field is what it is: arrows point along it, layers lie where they belong, kinds have signs."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score.exact_1d import optima, source_log_density, source_score
from latentlab.analysis.score.field import lattice, score_field
from latentlab.analysis.score.fixed_points import FixedPoints
from latentlab.figures.score import field as draw
from latentlab.figures.score.profiles import denoising_steps, eigenvalue_bars, energies, optima_curves
from latentlab.figures.theme import DARK, LIGHT, Theme
from tests.conftest import mentions

BOX = Box(-1.0, 1.0, 0.0, 2.0)
FIELD = score_field(lambda x: x + torch.stack([x[:, 1], -x[:, 0]], 1) * 0.01, 0.1, BOX, 16)


@pytest.mark.parametrize(("even", "thin"), [(False, 1), (True, 1), (False, 2)])
def test_an_arrow_points_along_the_score_at_its_place(even: bool, thin: int) -> None:
    figure = draw.plane(FIELD, BOX, LIGHT)
    draw.add_arrows(figure, FIELD, LIGHT, even, thin)
    x, y = (np.concatenate([np.asarray(trace[axis], float) for trace in figure.data]) for axis in "xy")
    shafts = np.stack([x, y], 1).reshape(-1, 6, 2)
    assert len(shafts) == (16 // thin) ** 2
    assert np.isnan(shafts[:, 5]).all()
    tail, tip = shafts[:, 0], shafts[:, 1]
    middle = (tail + tip) / 2
    expected = np.stack([middle[:, 1], -middle[:, 0]], 1)
    way = tip - tail
    length, wanted = np.linalg.norm(way, axis=1), np.linalg.norm(expected, axis=1)
    np.testing.assert_allclose((way * expected).sum(1) / (length * wanted), 1, atol=1e-4)
    assert length.max() <= 2 / 15 * thin
    if even:
        np.testing.assert_allclose(length, length[0], rtol=1e-4)
        assert len({trace.line.color for trace in figure.data}) > 2
    else:
        assert np.corrcoef(np.argsort(np.argsort(length)), np.argsort(np.argsort(wanted)))[0, 1] > 0.999


def test_a_hole_has_no_arrow_and_a_field_of_holes_none_at_all() -> None:
    def some(x: torch.Tensor) -> torch.Tensor:
        return torch.where(x[:, :1] < 0, torch.nan, x + 1)

    figure = draw.plane(FIELD, BOX, LIGHT)
    draw.add_arrows(figure, score_field(some, 0.1, BOX, 16), LIGHT)
    assert len(figure.data[0].x) == 6 * 16 * 8
    empty = draw.plane(FIELD, BOX, LIGHT)
    draw.add_arrows(empty, score_field(lambda x: x * np.nan, 0.1, BOX, 16), LIGHT)
    assert len(empty.data) == 0


def test_a_box_that_is_no_square_is_drawn_with_its_own_edges() -> None:
    box = Box(-1.0, 5.0, 10.0, 14.0)
    figure = draw.plane(
        score_field(lambda x: 2 * x, 1.0, box, 3), box, LIGHT, draw.PlaneLayer(np.zeros((3, 3)), "flat")
    )
    assert (list(figure.layout.xaxis.range), list(figure.layout.yaxis.range)) == ([-1, 5], [10, 14])
    np.testing.assert_allclose(figure.data[0].x, [-1, 2, 5])
    np.testing.assert_allclose(figure.data[0].y, [10, 12, 14])


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_layer_lies_where_it_was_computed(look: Theme) -> None:
    z = lattice(BOX, 16)[:, 0].reshape(16, 16).numpy()
    for layer in (
        draw.PlaneLayer(z, "plain"),
        draw.PlaneLayer(z, "diverging", diverging=True),
        draw.PlaneLayer(np.abs(z), "contours", contours=True),
        draw.PlaneLayer(z, "of either sign", low=-1.0),
        draw.PlaneLayer(np.full((16, 16), np.nan), "nothing but holes"),
        draw.PlaneLayer(np.full((16, 16), np.nan), "nothing but holes", diverging=True),
    ):
        (trace,) = draw.plane(FIELD, BOX, look, layer).data
        np.testing.assert_array_equal(trace.z, layer.z.astype(np.float32))
        np.testing.assert_allclose([trace.x[0], trace.x[-1], trace.y[0], trace.y[-1]], astuple(BOX))
    basins = np.array([[-1, 0], [1, 12]])
    (trace,) = draw.plane(FIELD, BOX, look, draw.PlaneLayer(basins, "basins", discrete=True)).data
    assert trace.z.tolist() == [[0, 1], [2, 3]]  # none is gray, and ten colours go round
    np.testing.assert_allclose(trace.x, BOX.x)


def test_each_kind_of_fixed_point_has_a_sign_and_its_number() -> None:
    found = FixedPoints(np.arange(8.0).reshape(4, 2), np.zeros((4, 2), complex), ("sink", "saddle", "sink", "source"))
    figure = draw.plane(FIELD, BOX, LIGHT)
    draw.add_fixed_points(figure, found, LIGHT)
    assert [trace.name for trace in figure.data] == ["2 sinks", "1 saddle", "1 source"]
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    np.testing.assert_array_equal(figure.data[0].x, [0, 4])
    draw.add_spurious(figure, np.zeros((0, 2)), LIGHT)
    assert len(figure.data) == 3
    draw.add_spurious(figure, np.zeros((2, 2)), LIGHT)
    assert mentions(str(figure.data[-1].name), 2)


def test_points_have_the_colour_of_their_class() -> None:
    figure = draw.plane(FIELD, BOX, DARK)
    xy, labels = np.arange(10.0).reshape(5, 2), np.array([0, 1, 1, 0, 3])
    draw.add_points(figure, xy, labels, ("a", "b", "c", "d"), DARK)
    assert [(trace.name, trace.marker.color) for trace in figure.data] == [
        (name, DARK.classes[k]) for k, name in ((0, "a"), (1, "b"), (3, "d"))
    ]
    np.testing.assert_array_equal(figure.data[1].x, [2, 4])


def test_a_few_points_are_drawn_so_large_that_they_are_seen() -> None:
    few, many = draw.plane(FIELD, BOX, LIGHT), draw.plane(FIELD, BOX, LIGHT)
    for figure, n in ((few, 5), (many, 500)):
        draw.add_points(figure, np.zeros((n, 2)), np.zeros(n, int), ("a",), LIGHT)
    assert few.data[0].marker.size >= 8 > many.data[0].marker.size


def test_a_place_is_drawn_with_what_may_have_been_there() -> None:
    figure = draw.plane(FIELD, BOX, LIGHT)
    path = np.array([[0.0, 1.0], [0.5, 1.0], [0.6, 1.0]])
    draw.add_place(figure, np.eye(2), np.array([0.2, 0.1]), path, 0.3, LIGHT)
    ellipse, tangent, normal, way, _ = figure.data
    assert (max(ellipse.x), min(ellipse.x)) == (pytest.approx(0.7), pytest.approx(0.3))
    assert max(ellipse.y) == pytest.approx(1.1, abs=1e-3)
    np.testing.assert_allclose(tangent.x, [-0.3, 0.3])
    np.testing.assert_allclose(normal.y, [0.85, 1.15])
    np.testing.assert_array_equal(way.x, path[:, 0])
    lost = draw.plane(FIELD, BOX, LIGHT)
    draw.add_place(lost, np.eye(2), np.array([np.nan, 1]), path, 0.3, LIGHT)
    assert len(lost.data) == 2


def test_each_step_of_the_chain_of_walkback_has_a_way_back_to_its_example() -> None:
    figure, chain = draw.plane(FIELD, BOX, LIGHT), np.array([[0.0, 1.0], [0.5, 1.5], [1.0, 2.0]])
    draw.add_walkback(figure, chain, LIGHT)
    back, steps, example = figure.data
    np.testing.assert_array_equal(steps.y, chain[:, 1])
    np.testing.assert_array_equal(back.x, [0.5, 0.0, np.nan, 1.0, 0.0, np.nan])
    assert (example.x[0], example.y[0]) == (0.0, 1.0)


def test_a_loop_is_closed() -> None:
    figure = draw.plane(FIELD, BOX, LIGHT)
    draw.add_polygon(figure, np.array([[0.0, 0], [1, 0], [1, 1]]), LIGHT)
    assert (figure.data[0].x[0], figure.data[0].y[0]) == (figure.data[0].x[-1], figure.data[0].y[-1])


def test_a_streamline_has_a_head_that_points_where_it_leads() -> None:
    lines = np.full((3, 6, 2), np.nan)
    lines[0] = np.stack([np.linspace(0, 0.5, 6), np.zeros(6)], 1)  # to the right
    lines[1, :3] = np.stack([np.zeros(3), np.linspace(0.2, 0.0, 3)], 1)  # down, and then it ends
    lines[2, 0] = 0.7  # a place without a direction
    figure = draw.plane(FIELD, BOX, LIGHT)
    draw.add_streamlines(figure, lines, LIGHT)
    drawn = np.stack([np.asarray(figure.data[0][axis], float) for axis in "xy"], 1)
    left, tip, right = drawn[21:].reshape(2, 4, 2)[:, :3].transpose(1, 0, 2)
    np.testing.assert_allclose(tip, [[0.3, 0], [0, 0.1]], atol=1e-6)
    back = tip - (left + right) / 2
    np.testing.assert_allclose(back / np.linalg.norm(back, axis=1, keepdims=True), [[1, 0], [0, -1]], atol=1e-6)
    colours = {LIGHT.accent, *(colour for _, colour in draw.KINDS.values())}
    assert figure.data[0].line.color not in colours  # those of repeated denoising and of fixed points


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_colour_says_where_the_data_are_dense_and_another_one_how_large_a_number_is(look: Theme) -> None:
    z = np.linspace(0, 1, 9).reshape(3, 3)
    kinds = {"density": {"density": True}, "energy": {"density": True, "contours": True}, "error": {}}
    drawn = {
        name: draw.draw_layer(draw.PlaneLayer(z, name, **how), FIELD.x, FIELD.y, look) for name, how in kinds.items()
    }
    dense = drawn["density"].colorscale[-1][1]
    assert drawn["energy"].colorscale[-1][1] == dense != drawn["error"].colorscale[-1][1]
    assert drawn["energy"].reversescale  # a low energy is a high density
    assert not drawn["density"].reversescale
    assert {trace.colorscale[0][1] for trace in drawn.values()} == {look.surface}


def test_details_show_their_numbers() -> None:
    bars = eigenvalue_bars(np.array([0.9, 0.1]), np.array([0.8, 0.2]), LIGHT)
    np.testing.assert_array_equal(bars.data[0].y, [0.9, 0.1])
    way = denoising_steps(np.array([[0.0, 0], [3, 4], [3, 5]]), 0.5, LIGHT)
    np.testing.assert_allclose(way.data[0].y, [10, 2])
    assert way.layout.yaxis.ticktext
    np.testing.assert_array_equal(denoising_steps(np.zeros((3, 2)), 0.5, LIGHT).data[0].y, [np.nan, np.nan])
    three = energies(FIELD, [draw.PlaneLayer(FIELD.length, str(k), contours=k < 2) for k in range(3)], LIGHT)
    kinds = {name: [trace.type for trace in figure.data] for name, figure in three.items()}
    assert kinds == {"0": ["contour"], "1": ["contour"], "2": ["heatmap"]}
    assert all(three[name].data[0].contours.showlabels for name in "01")
    found = optima(source_log_density, source_score, 0.16)
    curves = optima_curves(found, LIGHT)
    scores = {trace.line.color: trace for trace in curves.data if trace.xaxis == "x3"}
    assert set(scores) == {"#2ca25f", "#f28e2b", "#8856a7"}
    near = np.abs(found.x) <= 0.9
    np.testing.assert_allclose(scores["#8856a7"].y, found.denoising_score[near])
