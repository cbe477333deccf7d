"""Data of the user's own on the command line: what their parts are, and saving them."""

from __future__ import annotations

import argparse
from pathlib import Path

from latentlab import data
from latentlab.data.files.options import MAX_SIDE, MOST_DRAWINGS, Fit, ReadOptions, Scaling
from latentlab.data.files.readings.preparation import AS_THEY_ARE, Missing, Preparation, SameTime
from latentlab.data.files.tables.roles import LABELS


def add_options(parser: argparse.ArgumentParser) -> None:
    """The flags that say what the parts of a file are."""
    text = "a second file: a table with a row for each example of the first, or with the names of its images"
    parser.add_argument("--table", type=Path, metavar="FILE", help=text)
    text = "the columns, or the array, that are the examples; all columns of numbers by default"
    parser.add_argument("--vector", action="extend", nargs="+", default=[], metavar="COLUMN", help=text)
    text = f"the column with the label; else the first of {', '.join(LABELS)}; '' for none"
    parser.add_argument("--label", metavar="COLUMN", help=text)
    parser.add_argument("--id", metavar="COLUMN", help="the column that names an example; '' for none")
    parser.add_argument("--title", metavar="COLUMN", help="the column that describes an example; '' for none")
    text = "the column with the paths of images, from the table's folder on"
    parser.add_argument("--image", metavar="COLUMN", help=text)
    text = "the column that says train, valid or test; '' for none"
    parser.add_argument("--split", metavar="COLUMN", help=text)
    text = "the column of times, by which rows are sorted and divided; '' for none"
    parser.add_argument("--time", metavar="COLUMN", help=text)
    text = "rows that follow each other in time and make an example together"
    parser.add_argument("--window", type=int, default=0, metavar="ROWS", help=text)
    add_preparation(parser)
    text = "how models see the numbers: from 0 to 1, by mean and deviation, or by median and quartiles"
    parser.add_argument("--scaling", type=Scaling, choices=tuple(Scaling), default=Scaling.RANGE, help=text)
    text = "columns to leave out"
    parser.add_argument("--drop", action="extend", nargs="+", default=[], metavar="COLUMN", help=text)
    text = "columns, or arrays, that made the examples: what a code is held against; '' for none"
    parser.add_argument("--factor", action="extend", nargs="+", metavar="COLUMN", help=text)
    text = f"pixels of the longer side of an image; default {MAX_SIDE}"
    parser.add_argument("--size", type=int, default=MAX_SIDE, metavar="PIXELS", help=text)
    text = "what becomes of an image of other proportions"
    parser.add_argument("--fit", type=Fit, choices=tuple(Fit), default=Fit.STRETCH, help=text)
    text = "the channel of images, from 0, or three of them as red, green and blue, such as 2,1,0"
    parser.add_argument("--channels", type=_numbers, default=(), metavar="NUMBERS", help=text)
    text = f"drawings of each class of Quick, Draw! that are taken, at random; default {MOST_DRAWINGS:,}"
    parser.add_argument("--most", type=int, default=MOST_DRAWINGS, metavar="N", help=text)


def add_preparation(parser: argparse.ArgumentParser) -> None:
    """The flags that say how readings in time are prepared."""
    text = "resample readings to an even step, such as '15 min': their mean in each; as they are by default"
    parser.add_argument("--step", default="", metavar="TIME", help=text)
    text = "what becomes of a row in which a reading is missing"
    parser.add_argument("--missing", type=Missing, choices=tuple(Missing), default=AS_THEY_ARE.missing, help=text)
    text = f"for how many steps a missing reading is carried on or interpolated; default {AS_THEY_ARE.most}"
    parser.add_argument("--fill_steps", type=int, default=AS_THEY_ARE.most, metavar="STEPS", help=text)
    text = "what becomes of rows of the same time"
    parser.add_argument("--same_time", type=SameTime, choices=tuple(SameTime), default=AS_THEY_ARE.same_time, help=text)
    text = "leave out rows at rest or at night: those in which a column is below a value"
    parser.add_argument("--rest", nargs=2, default=("", "0"), metavar=("COLUMN", "VALUE"), help=text)


def preparation(options: argparse.Namespace) -> Preparation:
    """What the flags say of readings in time.

    Raises:
        DataError: as `Preparation`.
    """
    rest, least = options.rest
    try:
        value = float(least)
    except ValueError as error:
        raise data.DataError(f"{least[:40]!r} after --rest {rest[:40]} is no number.") from error
    return Preparation(options.step, options.missing, options.fill_steps, options.same_time, rest, value)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} are no whole numbers with commas between them.") from error


def read_options(options: argparse.Namespace) -> ReadOptions:
    """What the flags say.

    Raises:
        DataError: as `ReadOptions`.
    """
    return ReadOptions(
        options.table,
        tuple(options.vector),
        options.label,
        options.id,
        options.title,
        options.image,
        options.split,
        tuple(options.drop),
        options.size,
        options.fit,
        options.channels,
        None if options.factor is None else tuple(filter(None, options.factor)),
        options.most,
        options.time,
        options.window,
        preparation(options),
        options.scaling,
    )


def save_data(path: str, options: argparse.Namespace) -> str:
    """Save data of the user's own in the library, and print a summary and their name."""
    library = data.Library.default()
    name = library.add(Path(path), read_options(options))
    print(
        "\n".join((*library.card(name).summary, f"Saved as {name}: python -m latentlab train vae {name}")), flush=True
    )
    return name
