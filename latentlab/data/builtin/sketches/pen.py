"""A pen that makes strokes of simple curves, and what makes exact strokes look drawn by a person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentlab.data.drawings import Doubles, Index, Strokes

Point = tuple[float, float]

TURN = 2 * np.pi
_COUNT = np.arange(512, dtype=np.float64)
_PARTS = np.arange(5)[:, None] / 5  # of a side of a line, or of what lies between two points of a curve
# Catmull and Rom (1974): weights of four points for what lies between the two in the middle.
_CURVE = np.hstack([_PARTS**0, _PARTS, _PARTS**2, _PARTS**3]) @ (
    np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
)

ROTATION, ASPECT, SHEAR = 0.16, 0.18, 0.12  # sd of radians, of the logarithm of width to height, and of the slope
WOBBLE, N_WAVES = 0.012, 2  # mean amplitude of smooth waves, and how many there are, in sizes of the drawing
JITTER = 0.032  # sd of a Brownian bridge of length 1, twice that in its middle
SHIFT = 0.016  # sd of where a stroke is put
DROPPED = 0.015  # share of strokes that are forgotten, of those after the first
UNFINISHED = 0.04  # share of drawings of several strokes that end before the last one


class Pen:
    """Strokes of one drawing, to the right and down, in any unit."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.strokes: list[Doubles] = []

    def chance(self, probability: float) -> bool:
        """Whether something happens."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """A number drawn evenly."""
        return float(low + (high - low) * self.rng.random())

    def pick(self, weights: Sequence[float]) -> int:
        """A number from 0, drawn by weights that sum to 1."""
        left = float(self.rng.random())
        for k, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return k
        return len(weights) - 1

    def line(self, *points: Point) -> None:
        """Straight from point to point."""
        at = np.array(points)
        sides = at[:-1, None] + (at[1:] - at[:-1])[:, None] * _PARTS
        self.strokes.append(np.concatenate([sides.reshape(-1, 2), at[-1:]]))

    def curve(self, *points: Point) -> None:
        """Smoothly through points."""
        self.strokes.append(smooth(points))

    def arc(self, centre: Point, radii: Point, start: float = 0.0, sweep: float = 1.0, grown: float = 1.0) -> None:
        """A part of an ellipse.

        Args:
            centre: of it.
            radii: across and down.
            start: turns from the right, clockwise.
            sweep: turns, negative for counterclockwise.
            grown: of the radii, from the start to the end.
        """
        self.strokes.append(arc(centre, radii, start, sweep, grown))

    def ring(self, centre: Point, radii: Point) -> None:
        """An ellipse as a hand closes it: begun near the top, a little too short or too long, not quite round."""
        sweep = self.between(0.95, 1.04) * (-1 if self.chance(0.6) else 1)
        self.arc(centre, radii, -0.25 + self.between(-0.2, 0.2), sweep, self.between(0.93, 1.07))

    def dot(self, at: Point, size: float) -> None:
        """A tiny ring, or a mere point."""
        if self.chance(0.5):
            self.strokes.append(np.array([at]))
        else:
            self.arc(at, (size, size), self.between(0, 1), 0.9)


def smooth(points: Sequence[Point]) -> Doubles:
    """The curve of Catmull and Rom through points."""
    at = np.array(points)
    at = np.concatenate([at[:1] * 2 - at[1:2], at, at[-1:] * 2 - at[-2:-1]])
    fours = np.stack([at[:-3], at[1:-2], at[2:-1], at[3:]], 1)
    return np.concatenate([(_CURVE @ fours).reshape(-1, 2), at[-2:-1]])


def arc(centre: Point, radii: Point, start: float, sweep: float, grown: float = 1.0) -> Doubles:
    """The points of a part of an ellipse, see `Pen.arc`."""
    n = 5 + int(19 * abs(sweep))
    part = _COUNT[:n] / (n - 1)
    angle = TURN * (start + sweep * part)
    size = 1 + (grown - 1) * part
    x, y = centre[0] + radii[0] * size * np.cos(angle), centre[1] + radii[1] * size * np.sin(angle)
    return np.stack([x, y], 1)


def by_hand(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """Exact drawings -> what a hand makes of them: turned, stretched, slanted, wobbling, each stroke a little off."""
    low, high = strokes.least(), strokes.most()
    size = np.maximum((high - low).max(1, keepdims=True), 1e-9)
    of, n = strokes.drawing, strokes.n
    points = (strokes.points - ((low + high) / 2)[of]) / size[of]
    care = rng.gamma(5, 0.2, (n, 1))  # 1 in the mean: some draw neatly, some don't
    turned = np.einsum("nij,nj->ni", _maps(n, rng)[of], points)
    waves = _waves(points, of, n, rng)
    n_strokes = int(strokes.stroke[-1]) + 1
    shift = rng.normal(0, SHIFT, (n_strokes, 2))[strokes.stroke]
    points = turned + care[of] * (waves + shift + _bridges(points, strokes.stroke, rng))
    kept = _drawn(strokes, rng)[strokes.stroke]
    return Strokes(points[kept], strokes.stroke[kept], of[kept])


def _drawn(strokes: Strokes, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(S,) which strokes are drawn at all; the first one of each drawing is."""
    first = strokes.stroke[np.searchsorted(strokes.drawing, np.arange(strokes.n))]
    n_strokes = int(strokes.stroke[-1]) + 1
    sizes = np.diff(np.append(first, n_strokes))
    place = np.arange(n_strokes) - np.repeat(first, sizes)
    most = np.where(rng.random(strokes.n) < UNFINISHED, np.ceil(rng.random(strokes.n) * sizes), sizes)
    return np.asarray(((rng.random(n_strokes) > DROPPED) & (place < np.repeat(most, sizes))) | (place == 0))


def _maps(n: int, rng: np.random.Generator) -> Doubles:
    """(N, 2, 2) the turn, the stretch and the slant of each drawing."""
    angle, stretch, slant = (rng.normal(0, sd, n) for sd in (ROTATION, ASPECT, SHEAR))
    cos, sin, wide = np.cos(angle), np.sin(angle), np.exp(stretch / 2)
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    form = np.stack([np.stack([wide, slant], 1), np.stack([np.zeros(n), 1 / wide], 1)], 1)
    return np.asarray(turn @ form)


def _waves(points: Doubles, of: Index, n: int, rng: np.random.Generator) -> Doubles:
    """(P, 2) a smooth displacement of the plane of each drawing."""
    out = np.zeros_like(points)
    for _ in range(N_WAVES):
        along = rng.normal(0, 3.5, (n, 2, 2))
        phase = rng.uniform(0, TURN, (n, 2))
        high = rng.gamma(2, WOBBLE / 2, (n, 2))
        out += high[of] * np.sin(np.einsum("nij,nj->ni", along[of], points) + phase[of])
    return out


def _bridges(points: Doubles, stroke: Index, rng: np.random.Generator) -> Doubles:
    """(P, 2) a Brownian bridge along each stroke."""
    step = np.zeros(len(points))
    step[1:] = np.where(stroke[1:] == stroke[:-1], np.hypot(*(points[1:] - points[:-1]).T), 0)
    path = np.cumsum(rng.normal(0, JITTER, points.shape) * np.sqrt(step)[:, None], axis=0)
    length = np.cumsum(step)
    _, first, sizes = np.unique(stroke, return_index=True, return_counts=True)
    last = first + sizes - 1
    k = np.repeat(np.arange(len(first)), sizes)
    whole = np.maximum(length[last] - length[first], 1e-9)
    part = ((length - length[first][k]) / whole[k])[:, None]
    gone = path - path[first][k]
    return np.asarray(gone - part * (path[last] - path[first])[k])
