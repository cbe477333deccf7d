"""Points of one's own as data: read from text, and as a density by a kernel estimate."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.box import Box, around
from latentlab.analysis.score.field import MOST_POINTS, FieldError
from latentlab.data import Density
from latentlab.data.builtin.synthetic import points

LARGEST = 1e6  # of a coordinate
NARROWEST = 1e-3  # width of a kernel
FRAME = Box(-1.5, 1.5, -1.5, 1.5)  # where points are painted
LEAST = 0.05  # of the frame: points closer together are one in it


def read_points(text: str) -> NDArray[np.float32]:
    """Points of the plane out of text, a line each, two numbers separated by a comma, a semicolon, a tab or spaces.

    Returns:
        (N, 2).

    Raises:
        FieldError: too many, or something in them isn't two finite numbers.
    """
    rows = [line for line in io.StringIO(text) if line.strip()]
    if len(rows) > MOST_POINTS:
        raise FieldError(f"{len(rows):,} points are too many to draw; use at most {MOST_POINTS:,} of them.")
    found = []
    for number, row in enumerate(rows, 1):
        try:
            values = [float(part) for part in row.replace(",", " ").replace(";", " ").split()]
        except ValueError:
            if number == 1 and len(rows) > 1:
                continue  # names of columns
            values = []
        if len(values) != 2 or not all(math.isfinite(v) and abs(v) < LARGEST for v in values):
            raise FieldError(f"Line {number} of the points isn't two numbers below a million: {row.strip()[:40]!r}.")
        found.append(values)
    return np.array(found, np.float32).reshape(-1, 2)


def frame(x: Tensor) -> Box:
    """Where points (N, 2) are shown: `FRAME`, which stays while they are painted, as long as it suits them."""
    if not len(x):
        return FRAME
    extent = float((x.amax(0) - x.amin(0)).max())
    fits = float(x.abs().max()) <= FRAME.x_high and (not extent or extent > LEAST * FRAME.width)
    return FRAME if fits else around(x)


def themselves(x: Tensor) -> Density:
    """N points (N, 2) as all the data that there are: a Gaussian about each, too narrow to be seen."""
    width = LEAST**2 * frame(x).width
    return points(x.double(), min(width, NARROWEST))


def kernel_estimate(x: Tensor) -> Density:
    """A Gaussian about each of N points (N, 2), its width by Silverman's rule: N^(-1/6) of the standard deviation in
    the plane.
    """
    std = float(x.double().std(0).mean()) if len(x) > 1 else 0.0
    width = std * len(x) ** (-1 / 6) or 0.1  # identical points have no variance
    return points(x.double(), max(width, NARROWEST))
