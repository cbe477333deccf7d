"""Scores of repeated trainings: kept as CSV, a row for each training, and printed with means and deviations."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.serialization import write

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Score = TypeVar("Score", bound="DataclassInstance")
Key = TypeVar("Key", bound=Hashable)

MISSING = "–"
_READ: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True)
class ScoreTable(Generic[Score]):
    """The scores of an experiment, in a file that ships.

    Attributes:
        kind: the dataclass of a score.
        path: of the file.
        part: what is measured as a whole: new scores take the place of the old ones with the same, others stay; None:
            they take the place of all.
        order: by which they are sorted; None: as they come.
    """

    kind: type[Score]
    path: Path
    part: Callable[[Score], Hashable] | None = None
    order: Callable[[Score], Any] | None = None

    def at(self, path: Path) -> ScoreTable[Score]:
        """The same in another file."""
        return replace(self, path=path)

    def read(self) -> list[Score]:
        """The scores of the file; none if there is none."""
        return read(self.kind, self.path)

    def save(self, scores: Sequence[Score]) -> None:
        """Write scores, at least one, as CSV; `part` says which of those before stay."""
        found = list(scores) if self.part is None else merged(self.read(), scores, self.part)
        if self.order is not None:
            found.sort(key=self.order)
        save(found, self.path)


def save(scores: Sequence[DataclassInstance], path: Path) -> None:
    """Write scores of one kind as CSV; several numbers of one field, such as one a layer, are separated by spaces.

    Args:
        scores: at least one; their fields are of the types str, int, float, and tuple[float, ...].
        path: of the file.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, [column.name for column in fields(scores[0])], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in asdict(score).items()} for score in scores)
    write(path, out.getvalue().encode())


def read(kind: type[Score], path: Path) -> list[Score]:
    """The scores of a file that `save` wrote; none if there is none."""
    if not path.is_file():
        return []
    parts = {column.name: _READ.get(str(column.type), _numbers) for column in fields(kind)}
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            kind(**{name: parts[name](text) for name, text in row.items() if name in parts})
            for row in csv.DictReader(stream)
        ]


def mean_std(values: Sequence[float], by: float = 1) -> str:
    """ "mean ± standard deviation" of numbers times a factor; `MISSING` where one is NaN, no deviation of one alone."""
    return _plus_minus(values, by, lambda found: float(found.std(ddof=1)))


def mean_error(values: Sequence[float], by: float = 1) -> str:
    """As `mean_std`, with the standard error of the mean: the deviation over √n."""
    return _plus_minus(values, by, lambda found: float(found.std(ddof=1)) / math.sqrt(len(found)))


def _plus_minus(values: Sequence[float], by: float, error: Callable[[Doubles], float]) -> str:
    found = np.array(values, np.float64) * by
    if not len(found) or np.isnan(found).any():
        return MISSING
    return f"{found.mean():.2f}" + (f" ± {error(found):.2f}" if len(found) > 1 else "")


def mean_of(scores: Sequence[DataclassInstance], field: str) -> float:
    """The mean of a field of scores."""
    return float(np.mean([getattr(one, field) for one in scores]))


def grouped(scores: Iterable[Score], key: Callable[[Score], Key]) -> dict[Key, list[Score]]:
    """The scores that share a key, such as those of one model with all seeds, in the order of their first ones."""
    found: dict[Key, list[Score]] = {}
    for score in scores:
        found.setdefault(key(score), []).append(score)
    return found


def merged(old: Iterable[Score], new: Sequence[Score], key: Callable[[Score], Hashable]) -> list[Score]:
    """The old scores that share a key with none of the new ones, and then these."""
    measured = {key(score) for score in new}
    return [*(score for score in old if key(score) not in measured), *new]


def mean_of_each(values: Sequence[Sequence[float]], form: str) -> str:
    """The means of several numbers, one a layer, each in a format, separated by spaces.

    Args:
        values: of each training as many numbers.
        form: a format of one number, such as ".2f".
    """
    return " ".join(format(mean, form) for mean in np.mean(np.array(values, np.float64), axis=0))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines of text with columns of even width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def as_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of named cells, at least one, under their names, as `aligned` text."""
    return aligned([list(rows[0]), *(list(row.values()) for row in rows)])


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split()))
