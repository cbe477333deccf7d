"""What each column of a table is for: proposed by names and values, or said by the user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.readings.times import tells_time, times_of
from latentlab.data.files.splitting import SPLITS, parts_of
from latentlab.data.files.tables.columns import Table, check_names
from latentlab.data.files.tables.vector_columns import FAMILY, ROW_COUNTS, check_vector, find_vector

LABELS = (
    "label", "class", "target", "y", "labels", "category", "emotion", "anomaly", "is_anomaly", "fault", "condition",
)  # fmt: skip  # taken for the label, the first that can be
TARGETS = (*LABELS, "quality", "price", "score", "rating", "outcome", "response")  # may be a number to predict
MAX_CLASSES = 1000
FEW = 50  # different words in a column that may be the label by its values alone
IDS = (
    *ROW_COUNTS, "uuid", "guid", "key", "name", "word", "token", "barcode", "accession", "filename", "file", "image_id",
)  # fmt: skip
TITLES = ("title", "text", "caption", "description", "sentence", "name", "word", "token", "note")
FACTORS = re.compile(r"(factors?|latents_classes)([\W_\d].*)?", re.IGNORECASE)  # factor_x, factors[0]; dSprites' name
PIXELS = ("pixels", "pixel", "image", "img")  # columns of whole numbers from 0 to 255 that are images by their name


class Role(StrEnum):
    """What a column is for."""

    VECTOR = "vector"
    LABEL = "label"
    ID = "id"
    TITLE = "title"
    IMAGE = "image"
    SPLIT = "split"
    TIME = "time"
    FACTOR = "factor"
    COLOUR = "colour by"
    OUT = "left out"


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for; the rest is to colour by.

    Attributes:
        vector: columns of numbers, or one of lists; empty for images.
        label: empty for none; so are the others.
        id: the column that names an example.
        title: the column that describes it.
        image: the column of paths, of files' contents, or of pixels.
        split: the column that says which part an example belongs to.
        drop: columns that aren't kept.
        notes: a sentence each on what was left out of the vector.
        factors: columns that made the examples; another role that one of them has comes first.
        time: the column by which the rows are sorted and divided.
    """

    vector: tuple[str, ...]
    label: str
    id: str
    title: str
    image: str
    split: str
    drop: tuple[str, ...]
    notes: tuple[str, ...]
    factors: tuple[str, ...] = ()
    time: str = ""

    def of(self, column: str) -> Role:
        """What one column is for; first of all where it is for several things."""
        if column in self.vector:
            return Role.VECTOR
        named = {
            self.title: Role.TITLE,
            self.id: Role.ID,
            self.image: Role.IMAGE,
            self.split: Role.SPLIT,
            self.label: Role.LABEL,
            self.time: Role.TIME,
        }
        other = Role.FACTOR if column in self.factors else Role.COLOUR
        return Role.OUT if column in self.drop else named.get(column, other)


def propose(table: Table, options: ReadOptions, name: str, *, vector: bool = True) -> Roles:
    """The roles of a table's columns: as the user says, the others by name and by values.

    Args:
        table: the table.
        options: what the user says.
        name: of the file, for messages.
        vector: whether it has to hold vectors or images; not where another file has them.

    Raises:
        DataError: a column that isn't there, or that can't be what it was said to be.
    """
    factors = called_factors(list(table.columns)) if options.factors is None else options.factors
    rest = filter(None, (options.preparation.rest,))
    check_names((*options.named, *(options.factors or ()), *rest), tuple(table.columns), name)
    if both := [one for one in factors if one in options.vector]:
        raise DataError(f"{name}: {shown(both[0])} can't be a part of the vector and a factor that made it.")
    free = [one for one in table.columns if one not in (*options.named, *factors, table.files)]
    image = next(_images(table, free), "") if options.image is None else options.image
    free = [one for one in free if one != image]
    if options.split and parts_of(table.columns[options.split]) is None:
        raise DataError(
            f"{name}: {shown(options.split)} can't be the split: its cells have to be train, valid or test."
        )
    split = options.split
    if split is None:
        split = next((one for one in free if one.lower() in SPLITS and parts_of(table.columns[one]) is not None), "")
    time = options.time
    if time is None:
        time = table.time or next((one for one in free if tells_time(one, table.columns[one])), "")
    if time and times_of(time, table.columns[time]) is None:
        raise DataError(f"{name}: {shown(time)} can't be the time: its cells have to be dates, or seconds from 1970.")
    free = [one for one in free if one not in (split, time)]
    label = next(_labels(table, free, by_name=True), "") if options.label is None else options.label
    free = [one for one in free if one != label]
    numbers, notes = options.vector, tuple[str, ...]()
    if vector and not image:
        if not numbers:
            numbers, notes = find_vector(table, free)
            if options.label is None and not label and (target := _target(numbers)):
                numbers = tuple(one for one in numbers if one != target)
                why = "not in the vector, as its name is that of a target; put it back with --vector"
                notes = (*notes, f"{shown(target)} is a number to colour and to probe by, {why}.")
        check_vector(table, numbers, name)
    free = [one for one in free if one not in numbers]
    identifier = options.id
    if identifier is None:
        identifier = table.id * (table.id in free) or next(_ids(table, free), "")
    title = options.title
    if title is None:
        title = _named(TITLES, [one for one in free if table.is_text(one)])
        title = title or identifier * bool(identifier and table.is_text(identifier))
    free = [one for one in free if one not in (identifier, title)]
    if options.label is None and not label:
        able = [*_labels(table, free, by_name=False)]
        label = able[0] if len(able) == 1 else ""
        if not able and not options.vector and (label := _class_number(table, numbers)):
            numbers = tuple(one for one in numbers if one != label)
            notes = (*notes, f"The column {shown(label)} is the label, as it alone holds a few whole numbers.")
        if not label:
            notes = (*notes, _no_label(table, able, free))
    if words := [one for one in free if table.is_text(one) and one != label]:
        notes = (*notes, f"{counted(len(words), 'column')} of words next to the examples: {listing(words)}.")
    return Roles(tuple(numbers), label, identifier, title, image, split, options.drop, tuple(notes), factors, time)


def reassigned(options: ReadOptions, roles: Roles, columns: Sequence[str], column: str, role: Role) -> ReadOptions:
    """The options with which one column gets another role, and the others keep theirs.

    Where only one column can have the role, the one that had it is to colour by.

    Args:
        options: with which the table was read.
        roles: what the columns are then for.
        columns: all of them, in the order of the table.
        column: one of them.
        role: what it shall be for. A vector takes the place of images, and images that of a vector.
    """
    vector = {*roles.vector} - {column} | ({column} if role is Role.VECTOR else set())
    factors = {*roles.factors} - {column} | ({column} if role is Role.FACTOR else set())
    single = {Role.LABEL: roles.label, Role.ID: roles.id, Role.TITLE: roles.title, Role.IMAGE: roles.image}
    single |= {Role.SPLIT: roles.split, Role.TIME: roles.time}
    single = {each: "" if one == column else one for each, one in single.items()}
    if role in single:
        single[role] = column
    if role is Role.VECTOR:
        single[Role.IMAGE] = ""
    return replace(
        options,
        vector=() if single[Role.IMAGE] else tuple(one for one in columns if one in vector),
        label=single[Role.LABEL],
        id=single[Role.ID],
        title=single[Role.TITLE],
        image=single[Role.IMAGE],
        split=single[Role.SPLIT],
        time=single[Role.TIME],
        drop=(*(one for one in roles.drop if one != column), *((column,) if role is Role.OUT else ())),
        factors=tuple(one for one in columns if one in factors),
    )


def called_factors(names: Sequence[str]) -> tuple[str, ...]:
    """The columns that are factors by their names."""
    return tuple(name for name in names if FACTORS.fullmatch(name))


def _images(table: Table, names: Sequence[str]) -> Iterator[str]:
    """Columns that hold files' contents, or pixels by their name."""
    yield from (one for one in names if table.holds_images(one))
    yield from (one for one in names if one.lower() in PIXELS and are_pixels(table.columns[one]))


def are_pixels(values: Values) -> bool:
    """Whether each cell holds as many whole numbers from 0 to 255 as a square image has pixels, gray or in colour."""
    if values.ndim != 2 or not square(values.shape[1]):
        return False
    known = values[np.isfinite(values).all(axis=1)]
    return bool(len(known) and known.min() >= 0 and known.max() <= 255 and (known == np.rint(known)).all())


def square(n: int) -> tuple[int, int, int] | None:
    """(channels, side, side) of a square image of n values; None where there is none."""
    return next(((c, side, side) for c in (1, 3) if c * (side := round((n / c) ** 0.5)) ** 2 == n and side > 1), None)


def _labels(table: Table, names: Sequence[str], *, by_name: bool) -> Iterator[str]:
    """Columns that can be the label: by their name, or as the columns of a few words that come again."""
    if by_name:
        by_lower = {one.lower(): one for one in reversed(names)}
        names = [by_lower[one] for one in LABELS if one in by_lower]
    for name in names:
        values = table.columns[name]
        if values.ndim > 1 or table.holds_images(name) or (not by_name and not table.is_text(name)):
            continue
        if values.dtype.kind == "f":
            finite = values[np.isfinite(values)]
            if (finite != np.rint(finite)).any():
                continue
        n = len({value for value in values.tolist() if value != ""})
        if 0 < n <= MAX_CLASSES if by_name else 2 <= n <= min(FEW, len(values) // 2):
            yield name


def _target(numbers: Sequence[str]) -> str:
    """The column of numbers that has the name of a target; y is none next to x, as they are coordinates."""
    names = [one for one in numbers if one.lower() != "y" or "x" not in {other.lower() for other in numbers}]
    return _named(TARGETS, names) if len(numbers) > 1 else ""


def _class_number(table: Table, vector: Sequence[str]) -> str:
    """The first or the last column of a table without a header, if it alone holds a few whole numbers."""
    if len(vector) < FAMILY or tuple(table.columns) != tuple(str(k + 1) for k in range(len(table.columns))):
        return ""
    values = {one: table.columns[one][np.isfinite(table.columns[one])] for one in vector}
    whole = [one for one, column in values.items() if (column == np.rint(column)).all()]
    few = whole and 2 <= len(set(values[whole[0]].tolist())) <= min(FEW, table.n_rows // 2)
    return whole[0] if len(whole) == 1 and few and whole[0] in (vector[0], vector[-1]) else ""


def _no_label(table: Table, able: Sequence[str], free: Sequence[str]) -> str:
    named = [one for one in free if one.lower() in LABELS and table.columns[one].ndim == 1]
    many = [one for one in named if len(set(table.columns[one].tolist())) > MAX_CLASSES]
    if many:
        n = len(set(table.columns[many[0]].tolist()))
        return f"No column is the label: {shown(many[0])} has {n:,} different values, and {MAX_CLASSES:,} are the most."
    choice = f" of {listing(able)} one may be it" if able else ""
    return f"No column is the label{';' if choice else ''}{choice}{': choose it with --label' if able else ''}."


def _ids(table: Table, names: Sequence[str]) -> Iterator[str]:
    """Columns that name each row: by what they are called, and as no two rows have one name."""
    by_lower = {one.lower(): one for one in reversed(names)}
    called = [by_lower[one] for one in IDS if one in by_lower]
    called += [one for one in names if re.search(r"(^|_)(id|uuid|guid)$", one.lower()) and one not in called]
    words = [one for one in names if one == "1" and table.is_text(one)]  # without a header the first names the row
    for name in (*called, *words):
        values = table.columns[name]
        if values.ndim == 1 and not table.holds_images(name) and len(set(values.tolist())) == len(values):
            yield name


def _named(keys: Sequence[str], names: Sequence[str]) -> str:
    by_lower: Mapping[str, str] = {one.lower(): one for one in reversed(names)}
    return next((by_lower[key] for key in keys if key in by_lower), "")
