"""Images of a solid in space by four factors that don't depend on each other: which one, azimuth, elevation, light.

What Kulkarni et al., Deep Convolutional Inverse Graphics Network (2015), learn from, faces under changing pose and
light, in small and made by this program: a box, an egg or a barrel with a block for a nose, from 25 azimuths over half
a turn around its upright axis, from 8 elevations, under a lamp at 11 places from left to right of the viewer. All
6,600 combinations are the data, each once, so the factors are independent and one can be changed alone.

Rays are parallel, one for each of 2 × 2 places in a pixel, and meet the nearer of the two parts. What is met reflects
as Lambert's law says, a + (1 − a) max(0, n·l), with a the light from everywhere; no part throws a shadow on another.
The nose says where the front is; left and right of it are alike, so an image at azimuth α under a lamp at φ is the
mirror image of that at −α under −φ. A box that is seen frontally is the same under a lamp on the left and on the right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.builtin.factor_images import FactorImages
from latentlab.data.dataset import FactorValues

NAME = "three-d"
SIDE = 32  # pixels
CLASSES = ("box", "egg", "barrel")
FACTORS = ("solid", "azimuth", "elevation", "light")
AZIMUTHS = tuple(float(one) for one in np.linspace(-90, 90, 25))  # degrees; positive: the front is turned to the right
ELEVATIONS = tuple(float(one) for one in np.linspace(0, 56, 8))  # degrees above the horizon, of the viewer
LIGHTS = tuple(float(one) for one in np.linspace(-75, 75, 11))  # degrees to the right of the viewer, of the lamp
VALUES: tuple[FactorValues, ...] = (CLASSES, AZIMUTHS, ELEVATIONS, LIGHTS)
LAMP = 35.0  # degrees above the line of sight, of the lamp
AMBIENT = 0.15  # of the light comes from everywhere
FINE = 2  # rays in each direction of a pixel
WIDTH = 1.3  # half of the image, in units of the scene
N_HELD_OUT = 1_000  # for validation, and as many for the test

Doubles = NDArray[np.float64]


class Hit(NamedTuple):
    """Where rays enter a part: (R,) how far along each, infinite where it isn't met, and (R, 3) the normal there."""

    distance: Doubles
    normal: Doubles


Part = Callable[[Doubles, Doubles], Hit]  # (R, 3) starts and (3,) direction of rays


def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Part:
    """|(p − centre) / radii| = 1."""
    c, r = np.array(centre), np.array(radii)

    def meet(start: Doubles, along: Doubles) -> Hit:
        o, d = (start - c) / r, along / r
        a, b = d @ d, o @ d
        discriminant = b * b - a * ((o * o).sum(-1) - 1)
        distance = np.where(discriminant > 0, (-b - np.sqrt(np.maximum(discriminant, 0))) / a, np.inf)
        at = o + np.where(np.isfinite(distance), distance, 0)[:, None] * d
        return Hit(distance, _unit(at / r))

    return meet


def cuboid(centre: tuple[float, float, float], halves: tuple[float, float, float]) -> Part:
    """|p − centre| ≤ halves in each direction."""
    c, h = np.array(centre), np.array(halves)

    def meet(start: Doubles, along: Doubles) -> Hit:
        d = np.where(np.abs(along) < 1e-9, 1e-9, along)
        near, far = (start - c + np.sign(d) * h) / -d, (start - c - np.sign(d) * h) / -d
        face = near.argmax(-1)
        enters = near.max(-1)
        distance = np.where(enters < far.min(-1), enters, np.inf)
        return Hit(distance, -np.sign(d)[face][:, None] * np.eye(3)[face])

    return meet


def barrel(centre: tuple[float, float, float], radius: float, half: float) -> Part:
    """An upright cylinder."""
    c = np.array(centre)

    def meet(start: Doubles, along: Doubles) -> Hit:
        d = np.where(np.abs(along) < 1e-9, 1e-9, along)
        o = start - c
        a, b = d[0] ** 2 + d[2] ** 2, o[:, 0] * d[0] + o[:, 2] * d[2]
        discriminant = b * b - a * (o[:, 0] ** 2 + o[:, 2] ** 2 - radius**2)
        root = np.sqrt(np.maximum(discriminant, 0))
        sides, ends = (-b - root) / a, (o[:, 1] + np.sign(d[1]) * half) / -d[1]
        enters = np.maximum(sides, ends)
        leaves = np.minimum((-b + root) / a, (o[:, 1] - np.sign(d[1]) * half) / -d[1])
        at = o + enters[:, None] * d
        round_side = _unit(at * [1.0, 0.0, 1.0])
        normal = np.where((sides > ends)[:, None], round_side, [0.0, -np.sign(d[1]), 0.0])
        return Hit(np.where((discriminant > 0) & (enters < leaves), enters, np.inf), normal)

    return meet


NOSE = cuboid((0.0, 0.1, 0.75), (0.16, 0.16, 0.3))
SOLIDS: tuple[tuple[Part, Part], ...] = (
    (cuboid((0.0, 0.0, 0.0), (0.5, 0.62, 0.5)), NOSE),
    (ellipsoid((0.0, 0.0, 0.0), (0.55, 0.85, 0.55)), NOSE),
    (barrel((0.0, 0.0, 0.0), 0.58, 0.6), NOSE),
)  # x to the right of the viewer who stands in front, y up, z to the front


def normals(solid: int, azimuth: float, elevation: float) -> tuple[NDArray[np.bool_], Doubles]:
    """What each ray reaches: (R,) whether anything, and (R, 3) its normal, to the right, up and to the viewer.

    Rays are in rows from above, FINE · SIDE in each direction.
    """
    right, up, back = _viewer(np.deg2rad(azimuth), np.deg2rad(elevation))
    n = FINE * SIDE
    across = WIDTH * ((np.arange(n) + 0.5) / n * 2 - 1)
    start = across[None, :, None] * right - across[:, None, None] * up + 4 * back
    hits = [part(start.reshape(-1, 3), -back) for part in SOLIDS[solid]]
    nearest = np.stack([hit.distance for hit in hits]).argmin(0)
    is_hit = np.isfinite(np.minimum(hits[0].distance, hits[1].distance))
    normal = np.where(nearest[:, None] == 0, hits[0].normal, hits[1].normal)
    return is_hit, normal @ np.stack([right, up, back], 1)


def shaded(is_hit: NDArray[np.bool_], normal: Doubles, lights: Doubles) -> NDArray[np.uint8]:
    """What rays meet under lamps at angles (L,) in degrees -> (L, SIDE, SIDE)."""
    phi, theta = np.deg2rad(lights), np.deg2rad(LAMP)
    lamps = np.stack([np.sin(phi) * np.cos(theta), np.full_like(phi, np.sin(theta)), np.cos(phi) * np.cos(theta)])
    bright = is_hit[:, None] * (AMBIENT + (1 - AMBIENT) * np.maximum(normal @ lamps, 0))
    pixels = bright.T.reshape(-1, SIDE, FINE, SIDE, FINE).mean((2, 4))
    return np.asarray(np.rint(255 * pixels), np.uint8)


def _render(levels: NDArray[np.int64]) -> torch.Tensor:
    """As `FactorImages.render`: all lamps of a place at once."""
    places = levels[:: len(LIGHTS), :3]
    lights = np.array(LIGHTS)
    images = [shaded(*normals(solid, AZIMUTHS[a], ELEVATIONS[e]), lights) for solid, a, e in places.tolist()]
    return torch.from_numpy(np.concatenate(images)[:, None])


def _viewer(azimuth: float, elevation: float) -> tuple[Doubles, Doubles, Doubles]:
    """To the right, up and towards the viewer, in the directions of the scene, which is turned by the azimuth."""
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    right, front = np.array([cos, 0.0, -sin]), np.array([sin, 0.0, cos])
    # the solid turned to the right is the viewer walked to the left around it
    right, front = right * [1, 1, -1], front * [-1, 1, 1]
    up = np.array([0.0, np.cos(elevation), 0.0]) - np.sin(elevation) * front
    back = np.cos(elevation) * front + np.array([0.0, np.sin(elevation), 0.0])
    return right, up, back


def _unit(v: Doubles) -> Doubles:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12))


THREE_D = {NAME: FactorImages(SIDE, FACTORS, VALUES, N_HELD_OUT, _render)}  # 4,600 / 1,000 / 1,000 images
