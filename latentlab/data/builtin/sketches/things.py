"""Seven things as people draw them: each in several ways, with parts that some leave out.

What is drawn is exact, to the right and down, in any unit; `pen.by_hand` makes it a person's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from latentlab.data.builtin.sketches.pen import Pen, Point, arc, smooth
from latentlab.data.builtin.sketches.penguin import penguin
from latentlab.data.builtin.sketches.vessels import canoe, cup


class Thing(NamedTuple):
    """How one class is drawn.

    Attributes:
        modes: the names of the ways to draw it.
        weights: how often each is drawn; they sum to 1.
        draw: puts the strokes of a mode, by its number, on a pen.
    """

    modes: tuple[str, ...]
    weights: tuple[float, ...]
    draw: Callable[[Pen, int], None]


def _lollipop(pen: Pen, mode: int) -> None:
    rx = pen.between(0.8, 1.15)
    ry = rx * pen.between(0.85, 1.15)
    pen.ring((0, 0), (rx, ry))
    if mode == 1:
        pen.ring((0, 0), (rx * pen.between(0.45, 0.65), ry * pen.between(0.45, 0.65)))
        if pen.chance(0.3):
            pen.ring((0, 0), (rx * 0.25, ry * 0.25))
    if mode == 2:
        turns = pen.between(1.4, 2.8) * (-1 if pen.chance(0.5) else 1)
        pen.arc((0, 0), (rx * 0.1, ry * 0.1), pen.between(0, 1), turns, pen.between(7, 8.8))
    length, slant, edge = pen.between(1.6, 2.7), pen.between(-0.15, 0.15), ry * pen.between(0.95, 1.02)
    if pen.chance(0.2):
        half = pen.between(0.09, 0.16)
        end = edge + length
        pen.line((-half, edge), (slant - half, end), (slant + half, end), (half, edge))
    else:
        pen.line((0, edge), (slant, edge + length))


def _eyeglasses(pen: Pen, mode: int) -> None:
    rx, gap = pen.between(0.62, 0.9), pen.between(0.25, 0.6)
    ry = rx * pen.between(0.65, 1.05)
    middle = rx + gap / 2
    tilt = pen.between(-0.25, 0.25) if mode == 2 else 0.0  # of lenses that are seen from the side
    near = pen.between(0.7, 0.9) if mode == 2 else 1.0
    is_square = mode == 1 or (mode == 2 and pen.chance(0.3))
    for side, size in ((-1, 1.0), (1, near)):
        x, y = side * middle, side * tilt
        if is_square:
            a, b, taper = rx * size, ry * size * 0.85, pen.between(0.8, 1.0)
            pen.line((x - a, y - b), (x + a, y - b), (x + a * taper, y + b), (x - a * taper, y + b), (x - a, y - b))
        else:
            pen.ring((x, y), (rx * size, ry * size))
    high = -ry * pen.between(0.0, 0.4)
    inner = gap / 2
    if pen.chance(0.6):
        pen.curve((-inner, high - tilt * 0.3), (0, high - pen.between(0.1, 0.3)), (inner, high + tilt * 0.3))
    else:
        pen.line((-inner, high), (inner, high))
    outer = 2 * rx + gap / 2
    style = 2 if mode == 2 else pen.pick((0.3, 0.35, 0.35))
    if style == 0:
        return
    for side in (-1, 1):
        edge = side * outer * (near if side > 0 else 1), -ry * 0.3 + side * tilt
        if style == 1:  # to the sides
            reach = side * pen.between(0.35, 0.9)
            pen.curve(edge, (edge[0] + reach, edge[1] - pen.between(0, 0.25)), (edge[0] + reach * 1.25, edge[1] + 0.3))
        else:  # to the back
            lean = pen.between(0.5, 1.1)
            up = edge[0] + lean, edge[1] - pen.between(0.7, 1.3)
            pen.curve(edge, up, (up[0] + 0.4, up[1] + pen.between(0.1, 0.5)))
    if pen.chance(0.06):
        for side in (-1, 1):  # dark ones
            zigzag = [(side * middle + rx * (k / 4 - 1) * 0.8, ry * 0.7 * (-1) ** k) for k in range(9)]
            pen.line(*zigzag)


def _apple(pen: Pen, mode: int) -> None:
    wide, high = pen.between(0.95, 1.15), pen.between(0.9, 1.1)
    dip, foot = pen.between(0.08, 0.3), pen.between(0.0, 0.16)
    right = [
        (0.0, -high + dip), (wide * 0.42, -high), (wide * 0.9, -high * 0.62), (wide, -high * 0.05),
        (wide * 0.78, high * 0.65), (wide * 0.36, high), (0.0, high - foot),
    ]  # fmt: skip
    left = [(-x, y) for x, y in reversed(right)]
    top = -high + dip
    if mode == 1:  # nearly a circle
        top = -high
        pen.ring((0, 0), (wide, high))
    elif mode == 2:  # bitten
        bite = [(0.98, -0.42), (0.68, -0.36), (0.76, -0.12), (0.58, 0.05), (0.74, 0.2), (0.7, 0.42), (0.9, 0.45)]
        pen.curve(*right[:2], (wide * 0.86, -high * 0.66), (wide * 0.98, -high * 0.42))
        pen.curve(*[(x * wide, y * high) for x, y in bite])
        pen.curve((wide * 0.9, high * 0.45), *right[4:])
        pen.curve(*left)
    elif pen.chance(0.75):
        pen.curve(*right, *left[1:])
    else:
        pen.curve(*reversed(left))
        pen.curve(*right)
    lean, up = pen.between(-0.25, 0.35), pen.between(0.35, 0.65)
    if not pen.chance(0.08):
        if pen.chance(0.25):
            pen.line((0, top), (lean - 0.05, top - up), (lean + 0.12, top - up), (0.12, top))
        else:
            pen.curve((0, top), (lean * 0.3, top - up * 0.6), (lean, top - up))
    if pen.chance(0.42):
        _leaf(pen, (lean * 0.4, top - up * 0.45))
    if pen.chance(0.1):
        pen.arc((-wide * 0.35, -high * 0.25), (wide * 0.3, high * 0.35), 0.5, 0.22)  # a gleam


def _leaf(pen: Pen, at: Point) -> None:
    x, y = at
    long, side = pen.between(0.45, 0.8), -1 if pen.chance(0.3) else 1
    tip = x + side * long, y - pen.between(0.05, 0.35)
    over, under = (x + side * long * 0.45, y - 0.38), (x + side * long * 0.6, y + 0.05)
    pen.strokes.append(np.concatenate([smooth([at, over, tip]), smooth([tip, under, at])[1:]]))
    if pen.chance(0.2):
        pen.line(at, tip)


def _moon(pen: Pen, mode: int) -> None:
    if mode == 1:  # full
        pen.ring((0, 0), (1, pen.between(0.92, 1.08)))
        for _ in range(pen.pick((0.25, 0.1, 0.15, 0.2, 0.15, 0.15))):
            size, far, way = pen.between(0.07, 0.25), pen.between(0.01, 0.5) ** 0.5, 2 * np.pi * pen.between(0, 1)
            pen.ring((far * np.cos(way), far * np.sin(way)), (size * pen.between(0.8, 1.4), size))
        return
    flip = -1 if pen.chance(0.45) else 1
    opening = pen.between(0.12, 0.25)  # turns from the middle of the opening to a horn
    outer = arc((0, 0), (1, 1), opening, 1 - 2 * opening)
    x, y = outer[0]  # the lower horn
    depth = (1 + x) * pen.between(0.3, 0.72)  # of the inner arc, which goes through both horns
    radius = (y**2 + depth**2) / (2 * depth)
    middle = x - depth + radius
    half = float(np.arctan2(y, middle - x)) / (2 * np.pi)
    inner = arc((middle, 0), (radius, radius), 0.5 + half, -2 * half)
    turn = np.array([[flip, 0.0], [0.0, 1.0]])
    lean = pen.between(-0.35, 0.35)
    cos, sin = np.cos(lean), np.sin(lean)
    turn = np.array([[cos, -sin], [sin, cos]]) @ turn
    if pen.chance(0.65):
        pen.strokes.append(np.concatenate([outer, inner]) @ turn.T)
    else:
        pen.strokes.append(outer @ turn.T)
        pen.strokes.append(inner @ turn.T)
    if pen.chance(0.06):
        for _ in range(1 + pen.pick((0.4, 0.6))):
            x, y = flip * pen.between(0.3, 1.0), pen.between(-0.5, 0.5)
            pen.line((x - 0.14, y), (x + 0.14, y))
            pen.line((x, y - 0.14), (x, y + 0.14))
    if pen.chance(0.05):  # craters
        pen.ring(tuple(np.array([-0.72, pen.between(-0.2, 0.3)]) @ turn.T), (0.1, 0.1))


def scribble(pen: Pen) -> None:
    """What some draw, whatever the class is."""
    for _ in range(1 + pen.pick((0.6, 0.3, 0.1))):
        n = 4 + pen.pick((0.1,) * 10)
        middle, size = pen.rng.uniform(-0.7, 0.7, 2), pen.between(0.3, 1.0)
        points = middle + size * pen.rng.uniform(-1, 1, (n, 2))
        pen.strokes.append(smooth(points.tolist()))


THINGS = {
    "lollipop": Thing(("plain", "ring", "swirl"), (0.5, 0.17, 0.33), _lollipop),
    "canoe": Thing(("turned-up ends", "straight edge", "from above"), (0.58, 0.27, 0.15), canoe),
    "penguin": Thing(("one body", "head and body", "from the side"), (0.38, 0.4, 0.22), penguin),
    "eyeglasses": Thing(("round", "square", "from the side"), (0.5, 0.27, 0.23), _eyeglasses),
    "apple": Thing(("dipped", "round", "bitten"), (0.58, 0.24, 0.18), _apple),
    "moon": Thing(("crescent", "full"), (0.62, 0.38), _moon),
    "cup": Thing(("mug", "glass", "teacup"), (0.53, 0.27, 0.2), cup),
}
