"""Sketches of seven things, drawn by a program: a data set like a small part of Quick, Draw!, to be had offline.

The classes are those of Burhanpurkar (2020), in her order. She took 10,000 bitmaps of each from Quick, Draw! (Google,
CC BY 4.0), which people drew; these here are made by `things` and made less exact by `pen.by_hand`, so
that no number that is measured on them is one of hers. As there, a class is drawn in several ways, and 2 % are
scribbles that keep their class: no classifier reaches more than about 98 % + 2 % / 7.

Drawing all takes some seconds, so it is done once, and kept in the user's cache under a name that says by which source
code they were drawn.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data import drawings
from latentlab.data.builtin import images
from latentlab.data.builtin.sketches.pen import Pen, by_hand
from latentlab.data.builtin.sketches.things import THINGS, scribble
from latentlab.data.dataset import Dataset, Kind, Spec, Splits, held_out
from latentlab.data.drawings import SIDE, Strokes, bitmaps
from latentlab.serialization import RunError, read_tensors, write_tensors

NAME = "sketches"
CLASSES = tuple(THINGS)
N, N_VALID, N_TEST = 10_500, 600, 1_500  # 1,500 of each class in all
SEED = 0
SCRIBBLES = 0.02  # of the drawings
SCRIBBLE = -1  # the mode of one


class Sketches(NamedTuple):
    """Drawings and what was drawn."""

    x: NDArray[np.uint8]  # (N, 28, 28), 255 where there is ink
    mode: NDArray[np.int64]  # (N,) which of the modes of its class; SCRIBBLE for none of them


def draw(y: NDArray[np.int64], rng: np.random.Generator) -> Sketches:
    """A drawing of each class in (N,), N at least 1."""
    found, modes = [], []
    for k in y.tolist():
        pen, thing = Pen(rng), THINGS[CLASSES[k]]
        mode = SCRIBBLE if pen.chance(SCRIBBLES) else pen.pick(thing.weights)
        if mode == SCRIBBLE:
            scribble(pen)
        else:
            thing.draw(pen, mode)
        found.append(pen.strokes)
        modes.append(mode)
    return Sketches(bitmaps(by_hand(Strokes.of(found), rng)), np.array(modes, np.int64))


def ways(thing: str) -> str:
    """The ways in which one of the classes is drawn, with their shares: to compare groups of its images with."""
    drawn = THINGS[thing]
    return ", ".join(f"{mode} {weight:.0%}" for mode, weight in zip(drawn.modes, drawn.weights, strict=True))


@dataclass(frozen=True)
class SketchImages:
    """The data set.

    Attributes:
        n: images in all; class k is every seventh, from the k-th.
        n_valid: of them for validation.
        n_test: of them for the test.
    """

    n: int = N
    n_valid: int = N_VALID
    n_test: int = N_TEST
    classes: tuple[str, ...] = CLASSES
    factors: tuple[str, ...] = ()

    @property
    def spec(self) -> Spec:
        """What a model must know of them."""
        return Spec((1, SIDE, SIDE), len(self.classes), Kind.IMAGE)

    def load(self, name: str) -> Splits:
        """All of them, under the name of a data set; drawn, if they aren't in the user's cache."""
        y = torch.arange(self.n) % len(self.classes)
        x = self._kept(images.folders(name)[-1] / f"{_source()}-{self.n}.safetensors", y)
        data = Dataset(name, x[:, None], y, self.classes, Kind.IMAGE)
        rest, test = held_out(data, self.n_test)
        train, valid = held_out(rest, self.n_valid)
        return Splits(train, valid, test)

    def _kept(self, path: Path, y: torch.Tensor) -> torch.Tensor:
        """(N, 28, 28) uint8 from a file, or drawn and written to it if that can be done."""
        shape = (self.n, SIDE, SIDE)
        try:
            x = read_tensors(path).get("x")
            if x is not None and x.shape == shape and x.dtype == torch.uint8:
                return x
        except RunError:
            pass
        x = torch.from_numpy(draw(y.numpy(), np.random.default_rng(SEED)).x)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(path, {"x": x})
        except OSError:  # they are drawn again then
            pass
        return x


@functools.cache
def _source() -> str:
    """Of the code that draws them."""
    paths = [Path(drawings.__file__), *sorted(Path(__file__).parent.glob("sketch*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:12]


SKETCHES = {NAME: SketchImages()}  # 8,400 / 600 / 1,500 images
