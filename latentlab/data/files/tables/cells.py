"""The cells of a column: numbers as people write them, lists of numbers, words, and nothing."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.arrays import Values

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "-nan", "<na>", "null", "none", "nil", "-", "--", "?", ".", "missing", "#div/0!",
     "#value!")
)  # fmt: skip
LEAST_NUMBERS = 0.5  # share of a column's cells that must be numbers for it to be one of numbers
MOSTLY = 0.8  # share of the cells that must be lists for a column to be one of lists
LOOK = 50  # cells that are looked at, to see whether a column holds lists
GROUPS = {
    ".": r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*)(?:,\d+)?(?:[eE][+-]?\d+)?",  # 1.905,00
    ",": r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?",  # 1,905.00
}
SPACED = r"[+-]?[1-9]\d{0,2}(?:[ '\u2019\u00a0\u202f\u2009]\d{3})+(?:[.,]\d+)?"
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|NaN"
LIST = re.compile(rf"\s*[\[(]?\s*(?:{NUMBER})(?:\s*[\s,;|]\s*(?:{NUMBER}))*\s*,?\s*[\])]?\s*")
NUMBERS = re.compile(r"[\d.eE+\-naN]+(,[\d.eE+\-naN]+)*")
CUT = re.compile(r"\d\s*,?\s*(\.\.\.|\u2026)")  # as NumPy prints a long array
LEAST_PLAIN = 8  # whole numbers in a cell without brackets: fewer are a telephone number


def plain(series: Any) -> Values:
    """(N,) booleans, int64, float64 with NaN for nothing, or text, empty for nothing."""
    missing = bool(series.isna().any())
    if series.dtype.kind in "biu" and not missing:
        return np.asarray(series.to_numpy(series.dtype.kind + ("1" if series.dtype.kind == "b" else "8")))
    if series.dtype.kind in "biuf":
        return np.asarray(series.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(series.astype("string").fillna("").to_numpy(object))


def numbers(series: Any, decimal: str) -> Values | None:
    """A column of text as float64 with NaN where there is no number; None where less than half of it is numbers.

    Points, commas, spaces and apostrophes between thousands are understood where all of the column fits.
    """
    import pandas as pd  # type: ignore[import-untyped]

    text = series.astype("string").fillna("").str.strip()
    known = text[~text.str.lower().isin(MISSING)]
    if not len(known):
        return None
    known = known.str.replace("\u2212", "-", regex=False)
    spaced = known.str.fullmatch(SPACED)
    if spaced.any():
        known = known.mask(spaced, known.str.replace(r"[ '\u2019\u00a0\u202f\u2009]", "", regex=True))
    readings = [_without_groups(known, ","), pd.to_numeric(known, errors="coerce"), _without_groups(known, ".")]
    readings = [readings[2], readings[1]] if decimal == "," else [readings[1], readings[0], readings[2]]
    best = max(readings, key=lambda one: int(one.notna().sum()))  # the first of equals
    if best.notna().sum() < LEAST_NUMBERS * len(known):
        return None
    return np.asarray(best.reindex(series.index).to_numpy(np.float64, na_value=np.nan))


def _without_groups(text: Any, group: str) -> Any:
    import pandas as pd

    fits = text.str.fullmatch(GROUPS[group])
    bare = text.where(fits, "").str.replace(group, "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(bare, errors="coerce")


def lists(name: str, words: Values) -> Values | None:
    """A column of text with a list of numbers in each cell as (N, D) float32; NaN where a row has none of D numbers.

    Args:
        name: of the column, for a message.
        words: (N,) text.

    Returns:
        None where its cells are no lists, or not mostly of one length.

    Raises:
        DataError: lists that were shortened when they were written.
    """
    some = [word for word in words[: LOOK * 4].tolist() if word.strip()][:LOOK]
    if some and any(CUT.search(word) for word in some) and all(word.lstrip()[:1] in "[(" for word in some):
        raise DataError(
            f"the lists in {name} are cut off by “…”, as an array is when it is printed: save all of its numbers"
        )
    if not some or sum(map(_is_list, some)) < MOSTLY * len(some):
        return None
    tidy = [re.sub(r"[\s,;|]+", ",", word.strip().strip("[]() ")).strip(",") for word in words.tolist()]
    counts = np.array([word.count(",") + 1 if NUMBERS.fullmatch(word) else 0 for word in tidy])
    width = int(np.bincount(counts).argmax())
    if width < 2 or (counts == width).mean() < LEAST_NUMBERS:
        return None
    out = np.full((len(tidy), width), np.nan, np.float32)
    good = np.flatnonzero(counts == width)
    out[good] = _parsed([tidy[k] for k in good])
    return out


def _is_list(word: str) -> bool:
    if not LIST.fullmatch(
        word[:4000].rpartition(",")[0] or word[:4000].rpartition(" ")[0] if len(word) > 4000 else word
    ):
        return False
    n = len(re.findall(r"[\s,;|]+", word.strip().strip("[]() ").strip(", "))) + 1
    if word.lstrip()[:1] in ("[", "("):
        return n >= 2
    return n >= (2 if ";" in word or "|" in word else 3) if "." in word else n >= LEAST_PLAIN


def _parsed(rows: list[str]) -> Values:
    import pandas as pd

    frame = pd.read_csv(
        io.StringIO("\n".join(rows)), header=None, dtype=str if len(rows) < 2 else None, low_memory=False
    )
    with np.errstate(over="ignore"):
        return np.asarray(
            frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64, na_value=np.nan).astype(np.float32)
        )
