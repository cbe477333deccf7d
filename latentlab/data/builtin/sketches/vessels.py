"""Canoes and cups as people draw them, see `things`."""

from __future__ import annotations

import numpy as np

from latentlab.data.builtin.sketches.pen import Pen, Point, smooth
from latentlab.data.drawings import Doubles


def canoe(pen: Pen, mode: int) -> None:
    """With turned-up ends, with a straight edge, or from above; some with a paddle or a rower, some on waves."""
    half, deep = 2.0, pen.between(0.5, 1.1)
    if mode == 0:  # both ends turned up
        sag = deep * pen.between(0.1, 0.65)
        bottom = [(-half, 0.0), (-half * 0.72, deep * 0.72), (0, deep), (half * 0.72, deep * 0.72), (half, 0.0)]
        top = [(half, 0.0), (half * 0.55, sag * 0.72), (0, sag), (-half * 0.55, sag * 0.72), (-half, 0.0)]
        if pen.chance(0.5):
            pen.strokes.append(np.concatenate([smooth(bottom), smooth(top)]))
        else:
            pen.curve(*top)
            pen.curve(*bottom)
        middle = sag
    elif mode == 1:  # a straight edge, and square or round ends
        inset = pen.between(0.2, 0.6)
        if pen.chance(0.5):
            pen.line((-half, 0), (half, 0), (half - inset, deep), (-half + inset, deep), (-half, 0))
        else:
            pen.line((-half, 0), (half, 0))
            pen.curve((-half, 0), (-half + inset, deep * 0.85), (0, deep), (half - inset, deep * 0.85), (half, 0))
        middle = 0.0
    else:  # from above
        wide = deep * pen.between(0.7, 1.0)
        pen.curve((-half, 0), (-half * 0.6, -wide * 0.75), (0, -wide), (half * 0.6, -wide * 0.75), (half, 0))
        pen.curve((half, 0), (half * 0.6, wide * 0.75), (0, wide), (-half * 0.6, wide * 0.75), (-half, 0))
        for _ in range(pen.pick((0.25, 0.35, 0.4))):
            x = half * pen.between(-0.55, 0.55)
            high = wide * (1 - (x / half) ** 2)
            pen.line((x, -high), (x + pen.between(-0.05, 0.05), high))
        middle = 0.0
    if pen.chance(0.2):
        _paddle(pen, (half * pen.between(-0.4, 0.4), middle))
    if mode < 2 and pen.chance(0.1):
        _rower(pen, (half * pen.between(-0.35, 0.35), middle))
    if mode < 2 and pen.chance(0.14):
        at = deep * pen.between(0.9, 1.15)
        pen.strokes.append(_wave(-half * pen.between(0.9, 1.2), half * pen.between(0.9, 1.2), at, 0.09, 4))


def _paddle(pen: Pen, at: Point) -> None:
    lean, up, down = pen.between(-0.7, 0.7), pen.between(0.5, 1.0), pen.between(0.7, 1.2)
    foot = at[0] + lean * down, at[1] + down
    pen.line((at[0] - lean * up, at[1] - up), foot)
    pen.arc((foot[0] + lean * 0.2, foot[1] + 0.2), (0.13, 0.24), -0.25, 1.0)


def _rower(pen: Pen, at: Point) -> None:
    neck = at[1] - pen.between(0.5, 0.8)
    pen.line((at[0], at[1]), (at[0], neck))
    pen.ring((at[0], neck - 0.24), (0.22, 0.24))
    pen.line((at[0] - 0.35, neck + 0.3), (at[0], neck + 0.15), (at[0] + 0.35, neck + 0.3))


def cup(pen: Pen, mode: int) -> None:
    """A mug with its handle, a glass, or a teacup; some steam, and some show what is in them."""
    if mode == 2:
        _teacup(pen)
        return
    if mode == 1:  # a glass
        half, high = pen.between(0.55, 0.75), pen.between(1.0, 1.3)
        foot = half * pen.between(0.55, 0.95)
    else:  # a mug
        half, high = pen.between(0.75, 0.95), pen.between(0.8, 1.1)
        foot = half * pen.between(0.75, 1.02)
    rim = pen.between(0.1, 0.28) if pen.chance(0.6) else 0.0
    if rim:
        pen.ring((0, -high), (half, rim))
    is_closed = not rim and pen.chance(0.75)
    if pen.chance(0.5) or not rim:
        under = pen.between(0.05, 0.3) if pen.chance(0.6) else 0.0
        if under:
            pen.line((-half, -high), (-foot, high))
            pen.arc((0, high), (foot, under), 0.5, -0.5)
            pen.line((foot, high), (half, -high))
        else:
            pen.line((-half, -high), (-foot, high), (foot, high), (half, -high))
        if is_closed:
            pen.line((-half, -high), (half, -high))
    else:
        round_foot = foot * 0.8
        pen.curve(
            (-half, -high),
            (-half, 0.2 * high),
            (-round_foot, high),
            (round_foot, high),
            (half, 0.2 * high),
            (half, -high),
        )
    if mode == 0:
        _handle(pen, half, high)
        if pen.chance(0.18):
            _steam(pen, half, -high - rim)
    if pen.chance(0.16):  # what is in it
        level = -high * pen.between(0.2, 0.6)
        inside = half + (foot - half) * (level + high) / (2 * high)
        pen.strokes.append(_wave(-inside, inside, level, 0.05, 2))
    if mode == 1 and pen.chance(0.12):
        pen.line((half * 0.1, -high), (half * 0.7, -high - 0.8), (half * 1.2, -high - 0.85))  # a straw


def _handle(pen: Pen, half: float, high: float) -> None:
    side = -1 if pen.chance(0.3) else 1
    top, bottom, out = -high * pen.between(0.35, 0.65), high * pen.between(0.25, 0.6), pen.between(0.4, 0.65)
    middle, radius = (top + bottom) / 2, (bottom - top) / 2
    square = pen.chance(0.15)
    for size in (1.0, pen.between(0.5, 0.68))[: 1 + pen.chance(0.45)]:
        a, b = radius * size, out * size * side
        x = half * side
        if square:
            pen.line((x, middle - a), (x + b, middle - a), (x + b, middle + a), (x, middle + a))
        else:
            pen.curve(
                (x, middle - a),
                (x + b * 0.75, middle - a * 0.95),
                (x + b, middle),
                (x + b * 0.7, middle + a * 0.9),
                (x, middle + a),
            )


def _steam(pen: Pen, half: float, top: float) -> None:
    n = 2 + pen.pick((0.4, 0.6))
    for k in range(n):
        x, up = half * (2 * (k + 0.5) / n - 1) * 0.8, pen.between(0.5, 0.8)
        start = top - 0.12
        pen.curve((x, start), (x + 0.12, start - up * 0.33), (x - 0.1, start - up * 0.66), (x + 0.05, start - up))


def _teacup(pen: Pen) -> None:
    high = pen.between(0.75, 1.05)
    rim = pen.between(0.12, 0.25) if pen.chance(0.55) else 0.0
    if rim:
        pen.ring((0, 0), (1, rim))
    else:
        pen.line((-1, 0), (1, 0))
    foot = pen.between(0.3, 0.45)
    pen.curve((-1, 0), (-0.9, high * 0.55), (-foot, high), (foot, high), (0.9, high * 0.55), (1, 0))
    side = -1 if pen.chance(0.3) else 1
    pen.curve(
        (side * 0.96, high * 0.15), (side * 1.45, high * 0.12), (side * 1.4, high * 0.55), (side * 0.8, high * 0.66)
    )
    if pen.chance(0.5):
        pen.ring((0, high + 0.12), (pen.between(1.1, 1.4), 0.16))
    if pen.chance(0.3):
        _steam(pen, 0.8, -rim)


def _wave(left: float, right: float, y: float, high: float, n: int) -> Doubles:
    """A line of n waves."""
    x = np.linspace(left, right, 6 * n)
    return np.stack([x, y + high * np.sin(np.linspace(0, 2 * np.pi * n, 6 * n))], 1)
