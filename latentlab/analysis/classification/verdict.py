"""What the numbers of a classifier mean, in a plain sentence, and only what they show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.confusion import errors_only, worst_cell
from latentlab.analysis.classification.metrics import calibration
from latentlab.analysis.classification.predictions import Predictions
from latentlab.analysis.stats import Z_95


def of_classifier(found: Predictions, names: Sequence[str]) -> str:
    """How often it is wrong, what it takes for what, and whether it is as certain as it is right."""
    error = found.error
    said = (
        f"Wrong for {error.value:.1%} of {len(found.y):,} test examples (95 % interval {error.low:.1%} to "
        f"{error.high:.1%})"
    )
    return f"{said}{_confused(found.counts, names)}. {of_certainty(found)}"


def of_certainty(found: Predictions) -> str:
    """Whether its mean certainty differs from its accuracy by more than if labels were drawn from its probabilities."""
    known = calibration(found.log_probs, found.y)
    noise = math.sqrt(float((found.top * (1 - found.top)).sum())) / len(found.y)
    by = f"by {100 * abs(known.surplus):.1f} points (ECE {known.ece:.1%})"
    if abs(known.surplus) <= Z_95 * noise:
        return "On average it is as certain as it is right."
    return f"It is overconfident {by}." if known.surplus > 0 else f"It is underconfident {by}."


def _confused(counts: Labels, names: Sequence[str]) -> str:
    """The confusion that occurs most often, if one does."""
    cell = worst_cell(counts)
    if cell is None:
        return ""
    times, total = int(counts[cell]), int(errors_only(counts).sum())
    if total == 1:
        return f", where it takes {names[cell[0]]} for {names[cell[1]]}"
    if times == 1:
        return "; no two classes are confused more than once"
    return f"; most often, {times} of {total} times, it takes {names[cell[0]]} for {names[cell[1]]}"
