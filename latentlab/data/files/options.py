"""What a user says of their data before they are read; what is left open is found by looking, and said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from latentlab.data.dataset import DataError
from latentlab.data.files.readings.preparation import AS_THEY_ARE, Preparation

MAX_SIDE = 64  # pixels of the longer side of an image, by default
LARGEST_SIDE = 256  # that can be asked for
LARGEST_WINDOW = 1_000  # rows
MOST_DRAWINGS = 10_000  # of each class of Quick, Draw!, by default


class Fit(StrEnum):
    """What becomes of an image whose sides have other proportions than the data set's."""

    STRETCH = "stretch"
    CROP = "crop"  # the middle of it
    PAD = "pad"  # all of it, on black


class Scaling(StrEnum):
    """How models see the numbers of vectors and sequences; what it takes is measured on the examples for training."""

    RANGE = "range"  # from 0 to 1, by the least and the largest
    STANDARD = "standard"  # by mean and standard deviation
    ROBUST = "robust"  # by median and interquartile range: few numbers far from the others change neither


@dataclass(frozen=True)
class ReadOptions:
    """What the parts of a file are, and how large its images shall be.

    Attributes:
        table: a second file: the table that has a row for each example of the first, or names its images.
        vector: the columns, or the array, that are the examples; found if empty.
        label: the column or array of the class; found if None, none if empty.
        id: the column that names an example; found if None, none if empty.
        title: the column that describes an example in words; the same.
        split: the column that says which part an example belongs to; the same.
        image: the column with the path or the bytes of an image: then the images are the examples; the same.
        drop: columns to leave out.
        factors: the columns, or the arrays, that made the examples; found by their names if None, none if empty.
        size: pixels of the longer side of an image.
        fit: what becomes of an image of other proportions.
        channels: which channels of an image are shown, from 0: one in gray, or three as red, green and blue; chosen by
            their number if empty.
        most: how many drawings of each class of Quick, Draw! are taken.
        time: the column of the times, by which rows are sorted and divided; found if None, none if empty.
        window: how many rows that follow each other make an example; 0: each is one.
        preparation: what is done to readings in time before.
        scaling: how models see the numbers of vectors and sequences.

    Raises:
        DataError: a size that no image can have, neither one nor three channels, or no drawings.
    """

    table: Path | None = None
    vector: tuple[str, ...] = ()
    label: str | None = None
    id: str | None = None
    title: str | None = None
    image: str | None = None
    split: str | None = None
    drop: tuple[str, ...] = ()
    size: int = MAX_SIDE
    fit: Fit = Fit.STRETCH
    channels: tuple[int, ...] = ()
    factors: tuple[str, ...] | None = None
    most: int = MOST_DRAWINGS
    time: str | None = None
    window: int = 0
    preparation: Preparation = AS_THEY_ARE
    scaling: Scaling = Scaling.RANGE

    def __post_init__(self) -> None:
        if len(self.channels) not in (0, 1, 3) or min(self.channels, default=0) < 0:
            raise DataError(
                "Choose one channel of images, or three as red, green and blue, numbered from 0: --channels 2,1,0."
            )
        if not 1 <= self.size <= LARGEST_SIDE:
            raise DataError(f"Images can have sides of 1 to {LARGEST_SIDE} pixels, not {self.size}.")
        if not 0 <= self.window <= LARGEST_WINDOW:
            raise DataError(f"A window can have up to {LARGEST_WINDOW:,} rows, not {self.window}.")
        if self.most < 1:
            raise DataError(f"Of each class at least one drawing is taken, not {self.most}.")

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that are named one by one: they have to be there."""
        single = (self.label, self.id, self.title, self.image, self.split, self.time)
        return tuple(filter(None, (*self.vector, *single, *self.drop)))
