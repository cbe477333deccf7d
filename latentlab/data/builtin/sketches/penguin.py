"""Penguins as people draw them, see `things`."""

from __future__ import annotations

from latentlab.data.builtin.sketches.pen import Pen, Point


def penguin(pen: Pen, mode: int) -> None:
    """In one body, with a head on a body, or from the side; each part but the body is left out by some."""
    if mode == 2:
        _from_the_side(pen)
        return
    rx, ry = pen.between(0.62, 0.85), pen.between(1.1, 1.4)
    if mode == 0:  # one body
        top = -ry
        pen.ring((0, 0), (rx, ry))
        head, face = 0.0, -ry * 0.62
        radius = rx * 0.7
    else:  # a head on a body
        radius = pen.between(0.4, 0.55)
        top = -ry - radius * pen.between(1.3, 1.7)
        pen.ring((0, 0), (rx, ry))
        pen.ring((0, top + radius), (radius, radius))
        head, face = 0.0, top + radius * 0.9
    if not pen.chance(0.3):  # the belly
        belly = pen.between(0.55, 0.75)
        pen.ring((0, ry * pen.between(0.1, 0.22)), (rx * belly, ry * belly))
    if not pen.chance(0.2):  # eyes
        apart, size = radius * 0.4, pen.between(0.04, 0.09)
        pen.dot((head - apart, face), size)
        pen.dot((head + apart, face), size)
    if not pen.chance(0.15):  # the beak
        down, half = pen.between(0.2, 0.34), pen.between(0.12, 0.2)
        under = face + radius * 0.25
        pen.line((-half, under), (half, under), (0, under + down), (-half, under))
    if not pen.chance(0.2):  # wings
        for side in (-1, 1):
            out = side * (rx + pen.between(0.2, 0.55))
            shoulder = -ry * pen.between(0.3, 0.5)
            end = ry * pen.between(0.05, 0.4)
            pen.curve((side * rx * 0.9, shoulder), (out, end), (side * rx * 0.96, end - ry * 0.12))
    if not pen.chance(0.15):  # feet
        flat = pen.chance(0.5)
        for side in (-1, 1):
            x, wide = side * rx * pen.between(0.4, 0.55), pen.between(0.2, 0.32)
            if flat:
                pen.arc((x, ry * 1.02), (wide, 0.14), 0.0, 1.0)
            else:
                pen.line((x, ry * 0.95), (x - wide, ry * 1.12), (x, ry * 1.08), (x + wide, ry * 1.12), (x, ry * 0.95))


def _from_the_side(pen: Pen) -> None:
    flip = -1 if pen.chance(0.5) else 1
    tall, belly = pen.between(1.3, 1.6), pen.between(0.5, 0.75)

    def at(x: float, y: float) -> Point:
        return flip * x, y

    pen.curve(
        at(-0.28, -tall), at(-0.42, -tall * 0.8), at(-0.35, -tall * 0.55), at(-belly, 0), at(-belly * 0.8, tall * 0.7),
        at(0, tall * 0.92), at(belly * 0.75, tall * 0.8),
    )  # fmt: skip
    pen.curve(
        at(-0.28, -tall), at(0.08, -tall * 0.98), at(0.2, -tall * 0.7), at(0.42, -tall * 0.3), at(0.55, tall * 0.3),
        at(belly * 0.75, tall * 0.8), at(0.85, tall * 1.0),
    )  # fmt: skip
    beak = pen.between(0.35, 0.6)
    pen.line(at(-0.38, -tall * 0.86), at(-0.38 - beak, -tall * 0.76), at(-0.38, -tall * 0.7))
    if not pen.chance(0.2):
        pen.dot(at(-0.16, -tall * 0.8), 0.06)
    if not pen.chance(0.25):
        end = pen.between(0.3, 0.6)
        pen.curve(
            at(-0.05, -tall * 0.4), at(0.3, 0.0), at(0.25, tall * end), at(-0.02, tall * 0.1), at(-0.05, -tall * 0.4)
        )
    if not pen.chance(0.15):
        for x in (-0.15, 0.2):
            pen.line(at(x, tall * 0.9), at(x, tall * 1.05), at(x - 0.4, tall * 1.08))
