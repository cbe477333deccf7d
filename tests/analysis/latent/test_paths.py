"""Paths against surfaces whose shortest curves are known: planes, spheres, hills, a paraboloid; then a real decoder."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import scipy.integrate
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.latent.paths import Path, geodesic, interpolate, measure
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import mlp
from latentlab.runs.store import Store
from tests.conftest import naming

RADIUS = 2.0
Surface = Callable[[Tensor], Tensor]


def ends_at(z0: tuple[float, ...], z1: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    return torch.tensor(z0), torch.tensor(z1)


def random_codes(n: int, z_dim: int, seed: int = 0) -> Tensor:
    return torch.randn(n, z_dim, generator=device.generator(seed))


def refined(path: Path, k: int = 80) -> Tensor:
    """The same curve through k times as many codes."""
    share = torch.arange(k).reshape(1, k, 1) / k
    z = torch.from_numpy(path.codes)
    return torch.cat([torch.lerp(z[:-1, None], z[1:, None], share).flatten(0, 1), z[-1:]])


def sphere(z: Tensor) -> Tensor:
    """Polar angle and azimuth -> a point of a sphere, as an image of 1 x 1 pixels with three channels."""
    u, v = z.unbind(1)
    return RADIUS * torch.stack([u.sin() * v.cos(), u.sin() * v.sin(), u.cos()], 1).reshape(-1, 3, 1, 1)


def hill(z: Tensor, height: float = 2.0) -> Tensor:
    return torch.cat([z, height * (-2 * z.square().sum(1, keepdim=True)).exp()], 1)


def polar(z: Tensor) -> Tensor:
    """Polar coordinates of a plane: bent codes, flat examples."""
    return torch.stack([z[:, 0] * z[:, 1].cos(), z[:, 0] * z[:, 1].sin()], 1)


def linear(z_dim: int, z: Tensor) -> Tensor:
    return (z @ torch.randn(z_dim, 12, generator=device.generator(z_dim))).reshape(-1, 1, 3, 4)


def distance(decode: Surface, z0: Tensor, z1: Tensor) -> float:
    return float((decode(z1[None]) - decode(z0[None])).norm())


# --- codes between two codes ---------------------------------------------------------------------------------------


def test_linear_interpolation_is_even_and_hits_its_ends() -> None:
    z0, z1 = random_codes(2, 5)
    path = interpolate(z0, z1, 7)
    torch.testing.assert_close(path, torch.stack([z0 + i / 6 * (z1 - z0) for i in range(7)]))
    assert torch.equal(path[0], z0)
    assert torch.equal(path[-1], z1)


@pytest.mark.parametrize("z_dim", [2, 3, 20])
def test_spherical_interpolation_keeps_the_norm_and_turns_evenly(z_dim: int) -> None:
    z0, z1 = random_codes(2, z_dim)
    z1 *= z0.norm() / z1.norm()
    path = interpolate(z0, z1, 9, "spherical")
    torch.testing.assert_close(path.norm(dim=1), z0.norm().expand(9))
    cosines = nn.functional.cosine_similarity(path[:-1].double(), path[1:].double())
    angle = math.acos(nn.functional.cosine_similarity(z0, z1, dim=0).item())
    np.testing.assert_allclose(cosines.arccos(), angle / 8, rtol=1e-4)
    assert torch.equal(path[0], z0)
    assert torch.equal(path[-1], z1)
    shoemake = [(math.sin((1 - t) * angle) * z0 + math.sin(t * angle) * z1) / math.sin(angle) for t in (0.25, 0.5)]
    torch.testing.assert_close(path[[2, 4]], torch.stack(shoemake), rtol=1e-4, atol=1e-5)


def test_between_codes_of_unequal_norm_the_norm_changes_evenly() -> None:
    path = interpolate(*ends_at((3.0, 0.0), (0.0, 1.0)), 5, "spherical")
    torch.testing.assert_close(path.norm(dim=1), torch.tensor([3.0, 2.5, 2.0, 1.5, 1.0]))


@pytest.mark.parametrize(
    ("z0", "z1"),
    [
        ((1.0, 2.0), (1.0, 2.0)),  # the same
        ((1.0, 2.0), (3.0, 6.0)),  # parallel
        ((1.0, 2.0), (1.0, 2.0 + 1e-6)),
        ((0.0, 0.0), (1.0, 2.0)),
        ((1.0, 2.0), (0.0, 0.0)),
        ((0.0, 0.0), (0.0, 0.0)),
        ((1.5,), (-0.5,)),  # no way round in one dimension
    ],
)
def test_where_no_angle_is_defined_spherical_is_linear(z0: tuple[float, ...], z1: tuple[float, ...]) -> None:
    ends = ends_at(z0, z1)
    torch.testing.assert_close(interpolate(*ends, 6, "spherical"), interpolate(*ends, 6))


@pytest.mark.parametrize("z0", [(2.0, 0.0), (1.0, 1.0), (0.3, -0.4, 1.2), (1.0,) * 20])
@pytest.mark.parametrize("off", [0.0, 1e-7, 1e-3])
def test_between_opposite_codes_it_goes_round_and_always_the_same_way(z0: tuple[float, ...], off: float) -> None:
    start = torch.tensor(z0)
    end = -start
    end[0] *= 1 + off
    path = interpolate(start, end, 9, "spherical")
    np.testing.assert_allclose(path.norm(dim=1), start.norm(), rtol=2e-3)
    np.testing.assert_allclose((path[4] @ start) / start.norm() ** 2, 0, atol=2e-3)
    steps = path.diff(dim=0).norm(dim=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=5e-3)
    assert torch.equal(path, interpolate(start, end, 9, "spherical"))
    assert torch.equal(path[-1], end)


@pytest.mark.parametrize("n", [-1, 0, 1])
def test_a_path_of_less_than_two_codes_is_refused(n: int) -> None:
    z0, z1 = random_codes(2, 2)
    with pytest.raises(ValueError, match=naming(2, n)):
        interpolate(z0, z1, n)
    with pytest.raises(ValueError, match=naming(2, n)):
        geodesic(lambda z: z, z0, z1, n)


# --- lengths -------------------------------------------------------------------------------------------------------


def test_the_length_of_a_line_under_a_linear_decoder_is_the_distance() -> None:
    z0, z1 = random_codes(2, 5)
    decode = partial(linear, 5)
    path = measure(decode, interpolate(z0, z1, 6), "linear")
    np.testing.assert_allclose(path.lengths, distance(decode, z0, z1) * np.arange(6) / 5, rtol=1e-5)
    assert path.length == path.lengths[-1]
    assert (path.kind, path.codes.shape, path.examples.shape) == ("linear", (6, 5), (6, 1, 3, 4))
    np.testing.assert_allclose(path.examples, decode(torch.from_numpy(path.codes)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [2, 5, 300])
def test_a_length_sees_what_happens_between_the_codes(n: int) -> None:
    """A circle three times around: with 4 codes, all of them decode to the same example."""
    around = measure(lambda z: torch.cat([z.cos(), z.sin()], 1), interpolate(*ends_at((0.0,), (6 * math.pi,)), n), "")
    assert around.length == pytest.approx(6 * math.pi, rel=2e-3)


# --- the shortest path ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z_dim", [1, 2, 5, 12])
def test_under_a_linear_decoder_the_geodesic_is_the_straight_line(z_dim: int) -> None:
    z0, z1 = random_codes(2, z_dim)
    decode = partial(linear, z_dim)
    path = geodesic(decode, z0, z1, 16)
    assert path.kind == "geodesic"
    np.testing.assert_allclose(path.codes, interpolate(z0, z1, 16), atol=1e-3)
    assert path.length == pytest.approx(distance(decode, z0, z1), rel=1e-5)


@pytest.mark.parametrize("n", [3, 6, 12, 24, 48])
@pytest.mark.parametrize(
    ("z0", "z1"),
    [
        ((1.2, 0.3), (1.0, 2.0)),
        ((1.5, 0.0), (1.5, 3.0)),
        ((0.1, 0.0), (3.0, 1.0)),
        ((0.5, 0.0), (0.5, 2.5)),
        ((0.3, 0.0), (0.3, 2.5)),  # past the pole, where the chart is singular
        ((0.2, 0.0), (0.25, 2.7)),
    ],
)
def test_on_a_sphere_it_is_the_great_circle(z0: tuple[float, ...], z1: tuple[float, ...], n: int) -> None:
    ends = ends_at(z0, z1)
    p, q = sphere(torch.stack(ends)).flatten(1).double()
    arc = RADIUS * math.atan2(float(torch.linalg.cross(p, q).norm()), float(p @ q))
    path = geodesic(sphere, *ends, n)
    straight = measure(sphere, interpolate(*ends, n), "linear")
    assert path.length < straight.length
    assert path.length > 0.999 * arc
    if n < 12:  # so few codes can't follow it; they must gain something all the same
        return
    assert path.length == pytest.approx(arc, rel=0.01)
    if n >= 24:
        normal = torch.linalg.cross(p, q)
        off = torch.from_numpy(path.examples).flatten(1).double() @ (normal / normal.norm())
        assert float(off.abs().max()) < 0.03 * RADIUS  # all in the plane of the great circle
        steps = np.diff(path.lengths)
        assert steps.max() / steps.min() < 1.1  # at a nearly constant speed


def test_bent_codes_of_a_flat_space_make_no_difference() -> None:
    ends = ends_at((1.0, 0.2), (3.0, 2.2))
    path = geodesic(polar, *ends, 24)
    assert path.length == pytest.approx(distance(polar, *ends), rel=0.003)
    assert measure(polar, interpolate(*ends, 24), "linear").length > 1.2 * path.length


def test_on_a_paraboloid_it_is_what_the_geodesic_equation_says() -> None:
    """x'' = -∇h (x'ᵀ H x') / (1 + |∇h|²) on the surface (x, h(x)), h = |x|²/2, from a point in some direction."""

    def equation(_: float, state: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
        x, y, vx, vy = state
        pull = (vx**2 + vy**2) / (1 + x**2 + y**2)
        return [vx, vy, -x * pull, -y * pull]

    start, direction = np.array([-1.2, 0.5]), np.array([1.0, 0.35])
    speed = math.sqrt(direction @ direction + (start @ direction) ** 2)
    arc = 3.0
    solved = scipy.integrate.solve_ivp(equation, (0, arc), [*start, *direction / speed], rtol=1e-9, atol=1e-9)
    z0, z1 = torch.tensor(start).float(), torch.tensor(solved.y[:2, -1]).float()

    def paraboloid(z: Tensor) -> Tensor:
        return torch.cat([z, z.square().sum(1, keepdim=True) / 2], 1)

    path = geodesic(paraboloid, z0, z1, 24)
    assert path.length == pytest.approx(arc, rel=1e-3)
    assert measure(paraboloid, interpolate(z0, z1, 24), "linear").length > 1.01 * arc
    on_it = scipy.integrate.solve_ivp(
        equation, (0, arc), [*start, *direction / speed], rtol=1e-9, atol=1e-9, t_eval=np.linspace(0, arc, 24)
    )
    np.testing.assert_allclose(path.codes, on_it.y[:2].T, atol=0.02)


@pytest.mark.parametrize("shift", [0.0, 0.05])
def test_it_goes_round_a_hill_even_when_straight_over_the_top_is_as_short_as_its_neighbours(shift: float) -> None:
    ends = ends_at((-1.5, shift), (1.5, shift))
    path = geodesic(hill, *ends, 24)
    straight = measure(hill, interpolate(*ends, 24), "linear")
    assert path.length < 0.75 * straight.length
    assert path.length > distance(hill, *ends)
    assert np.abs(path.codes[:, 1]).max() > 0.5


def test_it_goes_round_a_hill_in_many_dimensions() -> None:
    """Only 2 of 20 dimensions reach the example; the others stay as they are."""
    z0, z1 = torch.zeros(20), torch.zeros(20)
    z0[3], z1[3] = -1.5, 1.5
    path = geodesic(lambda z: hill(z[:, [3, 11]]), z0, z1, 24)
    flat = geodesic(hill, *ends_at((-1.5, 0.0), (1.5, 0.0)), 24)
    assert path.length == pytest.approx(flat.length, rel=0.01)


def test_it_does_not_jump_over_a_wall() -> None:
    """A wall thinner than the step between two codes: a sum over codes alone would not see it."""

    def wall(z: Tensor) -> Tensor:
        gap = torch.sigmoid(10 * (z[:, 1] - 1))  # open above 1
        return torch.stack([z[:, 0], z[:, 1], 4 * (1 - gap) * (-(15 * z[:, 0]).square()).exp()], 1)

    ends = ends_at((-1.0, 0.0), (1.0, 0.0))
    path = geodesic(wall, *ends, 12)
    assert measure(wall, refined(path), "").length == pytest.approx(path.length, rel=0.02)
    assert path.length < 4.5  # through the gap; the wall costs 8
    assert measure(wall, interpolate(*ends, 12), "linear").length > 9


def rough(z: Tensor) -> Tensor:
    """Waves that are shorter than the step between two codes: lower energy is no sure sign of a shorter curve."""
    return torch.cat([z, 0.3 * (30 * z @ random_codes(2, 6)).sin()], 1)


@pytest.mark.parametrize("decode", [sphere, rough])
@pytest.mark.parametrize("max_steps", [0, 8, 16, 300])
def test_it_is_never_longer_than_the_straight_line(decode: Surface, max_steps: int) -> None:
    for seed in range(5):
        z0, z1 = 2 * random_codes(2, 2, seed)
        straight = measure(decode, interpolate(z0, z1, 16), "linear").length
        assert geodesic(decode, z0, z1, 16, max_steps).length <= straight


@pytest.mark.parametrize(
    "decode",
    [
        lambda z: z.square() * math.nan,
        lambda z: z * 0,
        lambda z: (z[:, :1].abs() - 0.5).sqrt() + z,  # not a number in the middle of the line
    ],
)
def test_a_decoder_without_lengths_gives_the_straight_line(decode: Surface) -> None:
    ends = ends_at((-1.0, 0.0), (1.0, 0.5))
    path = geodesic(decode, *ends, 8)
    np.testing.assert_array_equal(path.codes, interpolate(*ends, 8))


def test_a_decoder_that_is_not_a_number_beside_the_line_does_not_break_it() -> None:
    def cliff(z: Tensor) -> Tensor:
        return hill(z) + (0.3 - z[:, 1:]).sqrt() * 0.01

    ends = ends_at((-1.5, 0.0), (1.5, 0.0))
    path = geodesic(cliff, *ends, 16)
    assert path.length <= measure(cliff, interpolate(*ends, 16), "linear").length
    assert np.isfinite(path.codes).all()
    assert np.isfinite(path.examples).all()


@pytest.mark.parametrize("n", [2, 3, 4, 24])
def test_from_a_code_to_itself_it_stays(n: int) -> None:
    z = torch.tensor([0.4, 0.5])
    path = geodesic(sphere, z, z, n)
    np.testing.assert_array_equal(path.codes, z.expand(n, 2))
    assert path.length == 0


def test_a_decoder_without_gradients_is_refused() -> None:
    with pytest.raises(ValueError, match="decoder"):
        geodesic(torch.no_grad()(sphere), *ends_at((0.3, 0.0), (0.3, 2.5)), 8)


def test_it_leaves_nothing_behind_and_is_always_the_same() -> None:
    network = mlp([3, 32, 32, 20])
    initialise(network, device.generator(0))
    z0, z1 = 3 * random_codes(2, 3)
    before, kept, held = torch.get_rng_state(), torch.stack([z0, z1]), next(network.parameters())
    held.grad = torch.ones_like(held)
    with torch.no_grad():  # whatever the caller's mode
        first = geodesic(network, z0, z1, 12)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.stack([z0, z1]), kept)
    assert torch.equal(held.grad, torch.ones_like(held))
    assert all(p.grad is None for p in network.parameters() if p is not held)
    with ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lambda _: geodesic(network, z0, z1, 12), range(4)))
    for path in again:
        np.testing.assert_array_equal(path.codes, first.codes)
        np.testing.assert_array_equal(path.lengths, first.lengths)


# --- a real decoder ------------------------------------------------------------------------------------------------


def digits_of(run_id: str, n: int) -> tuple[VAE, Tensor]:
    """A shipped model and the codes of n digits."""
    store = Store.default()
    model = store.load(run_id)
    assert isinstance(model, VAE)
    return model, model.encode(store.examples(run_id)[:n].batch().x)


@pytest.mark.slow
@pytest.mark.parametrize("run_id", ["mnist-vae-2d", "mnist-vae-20d"])
def test_between_digits_it_is_shorter_than_the_straight_line_however_closely_one_looks(run_id: str) -> None:
    model, z = digits_of(run_id, 10)
    ratios = []
    for z0, z1 in z.reshape(5, 2, -1)[: 5 if model.z_dim == 2 else 1]:
        path = geodesic(model.decode, z0, z1, 16)
        straight = measure(model.decode, interpolate(z0, z1, 16), "linear")
        assert path.length <= straight.length
        assert np.isfinite(path.examples).all()
        np.testing.assert_array_equal(path.codes[[0, -1]], torch.stack([z0, z1]))
        closely = measure(model.decode, refined(path), "").length, measure(model.decode, refined(straight), "").length
        assert closely[0] <= 1.001 * closely[1]
        assert path.length == pytest.approx(closely[0], rel=0.02)
        ratios.append(path.length / straight.length)
    assert min(ratios) < 0.9
    assert all(p.grad is None for p in model.parameters())


def test_more_steps_gain_little() -> None:
    model, (z0, z1) = digits_of("mnist-vae-2d", 2)
    few, many = (geodesic(model.decode, z0, z1, 16, max_steps).length for max_steps in (300, 3000))
    assert few == pytest.approx(many, rel=0.01)
