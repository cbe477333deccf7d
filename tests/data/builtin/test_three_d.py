"""The solids in space: areas in closed form, the mirror, what the lamp brightens, and the factors that made them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.data import Splits, load
from latentlab.data.builtin import three_d
from latentlab.data.builtin.three_d import (
    AMBIENT,
    AZIMUTHS,
    CLASSES,
    ELEVATIONS,
    FACTORS,
    LAMP,
    LIGHTS,
    SIDE,
    VALUES,
    WIDTH,
    Part,
    barrel,
    cuboid,
    ellipsoid,
    normals,
    shaded,
)

BOX, EGG, BARREL = range(3)
PIXEL = (2 * WIDTH / SIDE) ** 2  # area of one


@pytest.fixture(scope="module")
def scene() -> Splits:
    return load("three-d")


def image(solid: int, azimuth: float, elevation: float, light: float) -> np.ndarray:
    return np.asarray(shaded(*normals(solid, azimuth, elevation), np.array([light]))[0], int)


def met(part: Part, along: tuple[float, float, float], n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rays through a square of side 4 across a direction: which of them meet a part, where, and the normals there."""
    d = np.array(along) / np.linalg.norm(along)
    right = np.cross([0.3, 0.9, 0.2], d)
    right /= np.linalg.norm(right)
    up = np.cross(d, right)
    u, v = np.meshgrid(*[(np.arange(n) + 0.5) / n * 4 - 2] * 2)
    start = u.reshape(-1, 1) * right + v.reshape(-1, 1) * up - 9 * d
    hit = part(start, d)
    good = np.isfinite(hit.distance)
    return good, start[good] + hit.distance[good, None] * d, hit.normal[good]


WAYS = [(0.0, 0.0, -1.0), (0.5, -0.7, -0.4), (0.2, 0.6, 0.9), (0.0, -1.0, 0.0)]


@pytest.mark.parametrize("along", WAYS)
def test_rays_that_meet_an_ellipsoid_fill_its_shadow(along: tuple[float, float, float]) -> None:
    """The shadow of an ellipsoid with radii r along a unit vector d is π r1 r2 r3 |d / r|."""
    r, d = np.array([0.5, 1.1, 0.7]), np.array(along) / np.linalg.norm(along)
    good, at, normal = met(ellipsoid((0.1, 0.0, -0.2), (0.5, 1.1, 0.7)), along)
    assert good.mean() * 16 == pytest.approx(np.pi * r.prod() * np.linalg.norm(d / r), rel=0.01)
    inside = at - [0.1, 0.0, -0.2]
    np.testing.assert_allclose(np.square(inside / r).sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.cross(normal, inside / r**2), 0, atol=1e-6)
    assert (normal @ d < 1e-9).all()


@pytest.mark.parametrize("along", WAYS)
def test_rays_that_meet_a_box_fill_its_shadow(along: tuple[float, float, float]) -> None:
    """The shadow of a box is that of its three faces that are seen: Σ |d_k| times the area of face k."""
    h, d = np.array([0.4, 0.8, 0.3]), np.array(along) / np.linalg.norm(along)
    good, at, normal = met(cuboid((0.0, 0.1, 0.0), (0.4, 0.8, 0.3)), along)
    faces = 4 * np.array([h[1] * h[2], h[0] * h[2], h[0] * h[1]])
    assert good.mean() * 16 == pytest.approx((np.abs(d) * faces).sum(), rel=0.02)
    inside = at - [0.0, 0.1, 0.0]
    assert (np.abs(inside) <= h + 1e-6).all()
    np.testing.assert_allclose((inside * normal).sum(1), (np.abs(normal) * h).sum(1), atol=1e-6)
    assert (normal @ d < 1e-9).all()


@pytest.mark.parametrize("along", WAYS)
def test_rays_that_meet_a_barrel_fill_its_shadow(along: tuple[float, float, float]) -> None:
    """The shadow of a cylinder: its end, shortened, and the rectangle of its side."""
    d = np.array(along) / np.linalg.norm(along)
    good, at, normal = met(barrel((0.0, 0.0, 0.0), 0.6, 0.8), along)
    area = np.pi * 0.6**2 * abs(d[1]) + 2 * 0.6 * 2 * 0.8 * np.hypot(d[0], d[2])
    assert good.mean() * 16 == pytest.approx(area, rel=0.02)
    round_side = np.abs(normal[:, 1]) < 0.5
    np.testing.assert_allclose(np.hypot(*at[round_side][:, [0, 2]].T), 0.6, atol=1e-6)
    np.testing.assert_allclose(np.abs(at[~round_side][:, 1]), 0.8, atol=1e-6)
    assert (normal @ d < 1e-9).all()


@pytest.mark.parametrize("solid", range(3))
@pytest.mark.parametrize("elevation", [0.0, 40.0])
def test_turning_and_lighting_from_the_other_side_is_the_mirror_image(solid: int, elevation: float) -> None:
    for azimuth, light in ((30.0, 45.0), (75.0, -15.0), (15.0, 60.0)):
        mirrored = image(solid, -azimuth, elevation, -light)[:, ::-1]
        assert np.abs(image(solid, azimuth, elevation, light) - mirrored).max() <= 1
        assert np.abs(image(solid, azimuth, elevation, light) - mirrored[:, ::-1]).max() > 50


@pytest.mark.parametrize("solid", [EGG, BARREL])
def test_the_lamp_brightens_the_side_that_it_is_on(solid: int) -> None:
    """Of a round body; the nose is away from the viewer, and the background is black."""
    for light in LIGHTS:
        found = image(solid, 180.0, 20.0, light)
        left, right = found[:, : SIDE // 2].sum(), found[:, SIDE // 2 :].sum()
        assert np.sign(round(right / left - 1, 2)) == np.sign(light)


def test_a_face_that_is_seen_frontally_is_as_bright_as_lambert_says() -> None:
    """The front of the box, from the front: the cosine between the lamp and the line of sight."""
    phi, theta = np.deg2rad(30.0), np.deg2rad(LAMP)
    expected = 255 * (AMBIENT + (1 - AMBIENT) * np.cos(phi) * np.cos(theta))
    assert image(BOX, 0.0, 0.0, 30.0)[20, 12] == round(expected)


def test_the_nose_is_where_the_azimuth_says() -> None:
    """Seen from the level of the horizon, its middle is sin(azimuth) times its distance to the right of the axis."""
    for azimuth in (-90.0, -60.0, 60.0, 90.0):
        is_hit, _ = normals(EGG, azimuth, 0.0)
        mask = is_hit.reshape(three_d.FINE * SIDE, -1)
        columns = np.flatnonzero(mask[mask.shape[0] * 15 // 32])  # a row through the nose
        end = columns.max() if azimuth > 0 else columns.min()
        place = WIDTH * ((end + 0.5) / mask.shape[1] * 2 - 1)
        tip = np.sign(azimuth) * (abs(np.sin(np.deg2rad(azimuth))) * 1.05 + abs(np.cos(np.deg2rad(azimuth))) * 0.16)
        assert place == pytest.approx(tip, abs=0.05)


def test_from_higher_up_more_of_the_top_is_seen() -> None:
    """The top of the barrel is an ellipse whose height is the sine of the elevation; its nose is hidden behind it."""
    areas = []
    for elevation in ELEVATIONS[:5]:
        is_hit, normal = normals(BARREL, 180.0, elevation)
        up = np.array([0.0, np.cos(np.deg2rad(elevation)), np.sin(np.deg2rad(elevation))])
        areas.append((is_hit & (normal @ up > 0.999)).sum() * PIXEL / three_d.FINE**2)
    np.testing.assert_allclose(areas, np.pi * 0.58**2 * np.sin(np.deg2rad(ELEVATIONS[:5])), atol=0.02)


def test_all_combinations_are_there_once_and_the_same_every_time(scene: Splits) -> None:
    assert [len(part) for part in scene] == [4_600, 1_000, 1_000]
    every = torch.cat([part.factors.levels for part in scene if part.factors is not None])
    sizes = (len(CLASSES), len(AZIMUTHS), len(ELEVATIONS), len(LIGHTS))
    assert len(torch.unique(every, dim=0)) == len(every) == np.prod(sizes)
    test = scene.test
    assert test.factors is not None
    assert (test.factors.names, test.factors.values) == (FACTORS, VALUES)
    assert torch.equal(test.factors.levels[:, 0], test.y)
    for x, levels in zip(test.x[:20], test.factors.levels[:20].tolist(), strict=True):
        solid, *rest = levels
        assert np.array_equal(x[0].numpy(), image(solid, *(VALUES[k + 1][at] for k, at in enumerate(rest))))
    assert len(torch.unique(torch.cat([part.x for part in scene]).flatten(1), dim=0)) > 0.98 * len(every)
