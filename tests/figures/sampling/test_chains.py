"""The figures of chains hold what they are given."""

import numpy as np

from latentlab.analysis.box import Box
from latentlab.figures.sampling.chains import against, chains_at_step, memory, pairs, ranks, traces
from latentlab.figures.theme import DARK, LIGHT

RNG = np.random.default_rng(0)


def test_a_moment_shows_every_chain_and_what_it_tried() -> None:
    trail, tried = RNG.normal(size=(6, 9, 2)), RNG.normal(size=(9, 2))
    taken = np.arange(9) < 4
    drawn = chains_at_step(
        RNG.random((5, 5)), RNG.normal(size=(3, 2)), Box(-3, 3, -3, 3), trail, tried, taken, ["a", "b"], LIGHT
    )
    parts = {part.name: part for part in drawn.data}
    np.testing.assert_allclose(parts["accepted"].x, tried[:4, 0], atol=1e-6)
    np.testing.assert_allclose(parts["rejected"].y, tried[4:, 1], atol=1e-6)
    np.testing.assert_allclose(parts["chains"].x, trail[-1, :, 0], atol=1e-6)
    assert parts["accepted"].marker.symbol != parts["rejected"].marker.symbol


def test_the_path_of_each_proposal_is_a_line() -> None:
    paths, taken = RNG.normal(size=(5, 3, 2)), np.array([True, False, True])
    nothing = np.empty((0, 2))
    drawn = chains_at_step(
        None, nothing, Box(-3, 3, -3, 3), paths[:1], paths[-1], taken, ["a", "b"], LIGHT, paths=paths
    )  # fmt: skip
    _, accepted, _, refused, *_ = drawn.data
    gap = [np.nan]
    np.testing.assert_allclose(accepted.x, np.concatenate([paths[:, 0, 0], gap, paths[:, 2, 0], gap]), atol=1e-6)
    np.testing.assert_allclose(refused.y, np.concatenate([paths[:, 1, 1], gap]), atol=1e-6)


def test_a_box_that_is_no_square_is_drawn_with_its_own_edges() -> None:
    box, density = Box(-1, 5, 10, 14), np.arange(6.0).reshape(2, 3)
    drawn = chains_at_step(
        density, np.empty((0, 2)), box, RNG.random((1, 2, 2)), np.empty((0, 2)), np.empty(0, bool), "ab", LIGHT
    )
    assert (list(drawn.layout.xaxis.range), list(drawn.layout.yaxis.range)) == ([-1, 5], [10, 14])
    for shade in (drawn.data[0], against(density, density, box, LIGHT).data[0]):
        np.testing.assert_allclose(shade.x, [0, 2, 4])  # the middles of three cells from -1 to 5
        np.testing.assert_allclose(shade.y, [11, 13])


def test_numbers_are_drawn_as_they_are() -> None:
    x = RNG.normal(size=(50, 3))
    np.testing.assert_allclose(traces(x, "x1", DARK).data[2].y, x[:, 2], atol=1e-6)
    shares = RNG.random((4, 20))
    rows = ranks(shares, LIGHT).data
    np.testing.assert_allclose([row.y for row in rows], shares, atol=1e-6)
    assert len({row.yaxis for row in rows}) == 4  # a row of its own for each chain
    lags = RNG.random((30, 2))
    np.testing.assert_allclose(memory(lags, ["x1", "x2"], LIGHT).data[1].y, lags[:, 1], atol=1e-6)
    exact, found = RNG.random((6, 6)), RNG.random((6, 6))
    np.testing.assert_allclose(against(exact, found, Box(0, 1, 0, 1), LIGHT).data[2].z, found - exact, atol=1e-6)


def test_there_is_a_panel_for_each_coordinate_and_the_next() -> None:
    data, samples = RNG.normal(size=(40, 10)), RNG.normal(size=(30, 10))
    drawn = pairs(data, samples, [f"x{k + 1}" for k in range(10)], LIGHT)
    assert len(drawn.data) == 20
    assert [note.text for note in drawn.layout.annotations][-1] == "x10, x1"
    np.testing.assert_allclose(drawn.data[18].y, data[:, 0], atol=1e-6)
    assert drawn.data[1].x.min() > drawn.data[0].x.max()  # beside, not over it
