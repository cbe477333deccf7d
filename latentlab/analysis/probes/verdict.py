"""What probes show, in one plain sentence each, and only what their intervals allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.probes.features import INPUT
from latentlab.analysis.probes.layer_curve import ASIDE, WITHIN, Curve, Measure, Split
from latentlab.analysis.probes.linear_probe import Probe
from latentlab.analysis.probes.monotonicity import monotonicity
from latentlab.analysis.probes.readability import Readability, is_lower, readability
from latentlab.analysis.stats import Z_95

KINKS = 3  # layers with a higher error than the one before that are explained


def of_probes(target: str, curve: Curve) -> str:
    """From which layer on a property is readable, and where it is lost.

    Args:
        target: what the probes predict.
        curve: of a model; latent variables that are no step on the way through it are left out.
    """
    steps = _steps(curve)
    found, errors, at = steps.readability(), steps.errors, steps.at
    if not found.readable:
        return (
            f"{_capital(target)}: readable from no layer. None is better than chance (error {steps.chance:.1%}) by "
            "more than the uncertainty."
        )
    first, best, last = found.readable[0], found.best[0], found.readable[-1]
    said = f"{_capital(target)}: readable from {at(first)} on, where chance has {steps.chance:.1%}"
    if best != first:
        said += f"; at its best from {at(best)}"
    between = last - first + 1 - len(found.readable)
    if between:
        said += f"; not at {between} layer{'' if between == 1 else 's'} in between"
    if not found.lost:
        end = len(errors) - 1
        worse = is_lower(errors[best], steps.std_errors[best], errors[end], steps.std_errors[end])
        how = f", but less well: {at(end)}" if worse else ""
        return f"{said}. It is readable up to the last layer{how}."
    return f"{said}. It is lost after {at(last)}: {at(len(errors) - 1)} at the end."


def of_probe(target: str, probe: Probe) -> str:
    """Whether a property is readable from the examples themselves, by one probe of them."""
    error, unsure = probe.score.error, Z_95 * probe.score.std_error
    chance = f"always naming the most frequent class errs on {probe.baseline:.1%}"
    if error + unsure < probe.baseline:
        return f"{_capital(target)}: readable, with an error of {error:.1%} ± {unsure:.1%}; {chance}."
    return f"{_capital(target)}: no sign that it is readable. The error is {error:.1%} ± {unsure:.1%}; {chance}."


def of_two_networks(target: str, curves: Mapping[str, Curve]) -> str:
    """From which of two networks a property is better decoded, by the best layer of each.

    What the intervals of the two, of 95 % each, allow is said: where they overlap there is no difference. The input,
    which is the same of both, counts as no layer.

    Args:
        target: what the probes predict.
        curves: of the first network and the second, by their titles, on the same examples.
    """
    found = {title: _steps(curve, INPUT) for title, curve in curves.items()}
    (better, good), (worse, bad) = sorted(found.items(), key=lambda item: float(item[1].errors.min()))
    e, f = int(good.errors.argmin()), int(bad.errors.argmin())
    about, read = _capital(target), {title: steps.readability().readable for title, steps in found.items()}
    best = [
        f"{steps.names[k]} of “{title}” ({steps.with_band(k)})"
        for title, steps, k in ((better, good, e), (worse, bad, f))
    ]
    if not any(read.values()):
        return f"{about}: readable from no layer of either; chance has an error of {good.chance:.1%}."
    if not is_lower(good.errors[e], good.std_errors[e], bad.errors[f], bad.std_errors[f]):
        return f"{about}: no difference beyond the intervals. The best layers are {best[0]} and {best[1]}."
    if not read[worse]:
        return (
            f"{about}: readable in “{better}” from {good.at(read[better][0])} on, in “{worse}” from no layer: its best "
            f"is {bad.names[f]} ({bad.with_band(f)}), and chance has {bad.chance:.1%}."
        )
    return f"{about}: better decoded from {best[0]} than from any layer of the other: the best is {best[1]}."


@dataclass(frozen=True, eq=False)
class _Steps:
    """The layers on the way through a network, with the test errors of their probes and their standard errors."""

    names: Sequence[str]
    errors: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    chance: float
    n: int

    def readability(self) -> Readability:
        return readability(self.errors.tolist(), self.std_errors.tolist(), self.chance, self.n)

    def at(self, k: int) -> str:
        return f"{self.names[k]} (error {self.errors[k]:.1%})"

    def with_band(self, k: int) -> str:
        return f"error {self.errors[k]:.1%} ± {2 * self.std_errors[k]:.1%}"


def _steps(curve: Curve, without: str = "") -> _Steps:
    every = [k for k, reading in enumerate(curve.readings) if reading.layer.kind != ASIDE]
    steps = [k for k in every if curve.readings[k].layer.name != without] or every
    names, first = [curve.readings[k].layer.name for k in steps], curve.readings[0].probes[0]
    return _Steps(names, curve.means()[steps], curve.half_bands()[steps] / 2, first.baseline, first.score.n)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def summary(curve: Curve, before: Curve | None, measure: Measure, split: Split) -> str:
    """What the curve shows, in a sentence or two."""
    means = curve.means(measure, split)
    found = monotonicity(dict(zip((r.layer.name for r in curve.readings), means, strict=True)))
    fit, _, test = curve.sizes
    n = len(curve.readings[0].probes)
    text = f"{fit:,} examples to fit, {test:,} to test, {n} seed{'' if n == 1 else 's'}. "
    if found.largest > 0:
        text += f"The largest fall is at {found.drop} ({_difference(found.largest, measure)}); "
    kinks = curve.kinks(measure, split)
    text += f"{len(found.violations)} of {len(curve.readings) - 1} layers have a higher error than the one before"
    if kinks and curve.half_bands(measure, split).any():
        text += f", {sum(WITHIN not in why for why in kinks.values())} of them by more than the bands"
    text += f"; rank correlation with depth {found.spearman:.2f}." if np.isfinite(found.spearman) else "."
    for k, why in list(kinks.items())[:KINKS]:
        text += f" ▲ {curve.readings[k].layer.name}: {why}."
    if before is not None:
        untrained = before.means(measure, split)
        best = int(untrained.argmin())
        value = f"{untrained[best]:.3f} nats" if measure == "cross-entropy" else f"{untrained[best]:.1%}"
        text += f" Before training the best is {before.readings[best].layer.name} with {value}."
    return text


def _difference(value: float, measure: Measure) -> str:
    """A fall, in the unit of what falls."""
    return f"{value:.3f} nats" if measure == "cross-entropy" else f"{100 * value:.1f} percentage points"
