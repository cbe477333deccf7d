"""The sweeps that ship as numbers: a small one of the digits, and the source's of drawings, ours beside hers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from latentlab.experiments import sketches
from latentlab.experiments import sweep as digits
from latentlab.experiments.sketches import SketchScore
from latentlab.jobs.sweep_results import Measure
from pages.sweeps.shown import Shown, title_of

ABOUT = (
    "After Burhanpurkar (2020), §2.2 and Fig. 5: each setting trained once on 49,000 drawings by people, for 15 epochs "
    f"and more; the numbers are those of the public notebook. Ours: {sketches.N:,} drawings by a program, "
    f"{sketches.EPOCHS} epochs ({sketches.LONGER} for the plateau), so the accuracies are lower, and only differences "
    "compare."
)


def shipped() -> list[Shown]:
    """What ships; none of what isn't there."""
    scores = sketches.TABLE.read()
    return [*_digits(), *(_of_sketches(scores, table) for table in sketches.TABLES if scores)]


def _digits() -> list[Shown]:
    scores = digits.TABLE.read()
    if not scores:
        return []
    found = digits.trained(scores)
    title = f"{title_of(digits.MODEL, digits.DATASET, list(found.settings[0]), len(found.seeds))} (ships)"

    def test(setting: int, _: Measure) -> list[float]:
        return [one.test for one in scores if one.setting == found.settings[setting]]

    return [
        Shown("digits", title, digits.DATASET, digits.MODEL, [digits.MEASURE], lambda _: found, test, command="sweep")
    ]


def _of_sketches(scores: Sequence[SketchScore], table: str) -> Shown:
    found = sketches.of_table(scores, table)
    title = title_of(sketches.MODEL, sketches.DATASET, list(found.settings[0]), len(found.seeds))
    hers = [{"source, last epoch": _known(row.last), "source, best epoch": _known(row.best)}
            for row in sketches.TABLES[table]]  # fmt: skip

    def test(setting: int, _: Measure) -> list[float]:
        key = sketches.TABLES[table][setting].key
        return [one.test for one in scores if one.setting == key]

    return Shown(
        f"sketches-{'-'.join(found.settings[0])}",
        f"{title} (the source's)",
        sketches.DATASET,
        sketches.MODEL,
        [sketches.MEASURE],
        lambda _: found,
        test,
        command="sketches",
        about=f"{ABOUT} {sketches.said_noise(scores)} {sketches.final(scores)}",
        published=hers if any(one for row in hers for one in row.values()) else (),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
