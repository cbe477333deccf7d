"""What the numbers of a game say, in plain words: V alone says little."""

from __future__ import annotations

import math

from latentlab.analysis.adversarial.best_discriminator import LEAST
from latentlab.analysis.adversarial.modes import ModeCoverage
from latentlab.analysis.adversarial.on_a_line import OnALine

CLOSE = 0.1  # of the standard deviation of the data: samples that have to move by less are as good as the data
NEAR = 0.05  # nats from -log 4
AS_WIDE = 0.2  # by which the standard deviations of samples and data may differ, as a share
APART = 0.5  # share of the samples at a mode, below which they are not at the data at all
FEW = 0.25  # of the modes, but one at least: samples that are nearest to so few are in one place
IN_PLACE = 0.9  # share of the samples at a mode, where it is 99 % of the data (in the plane)


def of_line(found: OnALine) -> str:
    """Whether the samples are as the data on a line, and what V says of it."""
    if not math.isfinite(found.value + found.wasserstein):
        return "The game has diverged: its numbers are not finite."
    width, far = found.std_samples / found.std, found.wasserstein / found.std
    value = _v_is(found.value)
    if far < CLOSE and abs(width - 1) < AS_WIDE:
        if abs(found.value - LEAST) < NEAR:
            return f"Samples and data agree: samples are {width:.0%} as wide as the data, and {value}, near −log 4."
        return f"Samples and data agree, though {value} and not −log 4 = −1.39: the discriminator is not at its best."
    wrong = f"samples are {width:.0%} as wide as the data" if abs(width - 1) >= AS_WIDE else (
        f"samples would have to move by {far:.2g} standard deviations of the data on average"
    )  # fmt: skip
    if abs(found.value - LEAST) < NEAR:
        return f"Not converged, though {value}, near −log 4 = −1.39: {wrong}. The discriminator doesn't notice."
    return f"Not converged: {wrong}, and {value} where −log 4 = −1.39 would be the end."


def of_modes(found: ModeCoverage, value: float) -> str:
    """How many modes of the data the samples reach."""
    n, reached, off = len(found.due), int(found.reached.sum()), 1 - found.near
    value_said = _v_is(value) + (", near −log 4 = −1.39" if abs(value - LEAST) < NEAR else "")
    if found.near < APART:
        approached = int(found.approached.sum())
        if approached <= max(1, FEW * n):
            return (
                f"Collapsed: the samples are nearest to {approached} of {n} modes, and {off:.0%} of them lie at none. "
                f"{value_said}."
            )
        return (
            f"Not at the data yet: {off:.0%} of the samples lie at no mode, {reached} of {n} are reached. {value_said}."
        )
    if reached < n:
        lost = f"Mode collapse: samples reach {reached} of {n} modes"
        return f"{lost}, and {off:.0%} of them lie at none. {value_said}: it says nothing of modes that are missing."
    if found.near < IN_PLACE:
        return f"All {n} modes are reached, but {off:.0%} of the samples lie between them. {value_said}."
    return f"All {n} modes are reached, and {found.near:.0%} of the samples lie at one. {value_said}."


def of_value(value: float) -> str:
    """What V alone says, where nothing else is known."""
    if not math.isfinite(value):
        return "The game has diverged: V is not finite."
    if value - LEAST < NEAR:
        return f"{_v_is(value)}, near −log 4 = −1.39: the discriminator can't name the samples. Are they as the data?"
    return (
        f"{_v_is(value)}, above −log 4 = −1.39: the discriminator still names many samples, which does not say that "
        "they are bad. Look at them."
    )


def of_category(information: float, n_categories: int) -> str:
    """How much of its category a sample says."""
    most = math.log(n_categories)
    share = max(0.0, information) / most
    said = "says its category" if share > 0.9 else "says little of its category" if share < 0.1 else (
        "says its category in part"
    )  # fmt: skip
    return f"A sample {said}: L_I is {information:.2f} of log {n_categories} = {most:.2f} nats."


def _v_is(value: float) -> str:
    return f"V is {value:.2f}".replace("-", "−")
