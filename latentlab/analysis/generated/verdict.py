"""What the predictions of a classifier say of generated images, in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.generated.images import MEAN_OF_CLASS, PRIOR, Generated
from latentlab.analysis.generated.recognition import Recognition

LEAST = 0.1  # of the share that a class has among the examples: samples with less have lost it
SURE = 2.0  # standard errors


@dataclass(frozen=True)
class Lost:
    """How many more of N inputs are recognised than of their reconstructions.

    Attributes:
        share: of the N; below 0 where more reconstructions are recognised.
        std_error: of it, over the pairs (McNemar 1947).
    """

    share: float
    std_error: float

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance may do."""
        return self.share > SURE * self.std_error


def lost(inputs: Recognition, outputs: Recognition) -> Lost:
    """Hold reconstructions against their inputs, which are in the same order.

    Raises:
        ValueError: one of both has no true classes, or there aren't as many.
    """
    if inputs.right is None or outputs.right is None or len(inputs.right) != len(outputs.right):
        raise ValueError("Pairs need as many inputs as outputs, all with true classes.")
    n = len(inputs.right)
    only_input = int((inputs.right & ~outputs.right).sum())
    only_output = int((outputs.right & ~inputs.right).sum())
    return Lost((only_input - only_output) / n, math.sqrt(max(1, only_input + only_output)) / n)


def lost_classes(samples: Recognition, examples: Recognition) -> list[int]:
    """The classes that have less than a tenth of the samples that are due to them, by the predictions for examples."""
    due = examples.histogram
    return [int(k) for k in np.flatnonzero((due > 0) & (samples.histogram < LEAST * due))]


def of_generated(
    generated: Generated,
    found: Mapping[str, Recognition],
    thresholded: Mapping[str, Recognition],
    classes: tuple[str, ...],
) -> str:
    """What is recognised, what it is held against, and how much of what is lost is blur.

    Args:
        generated: the images.
        found: name -> what is recognised of them as they are.
        thresholded: the same of images that were cut at one half.
        classes: their names.
    """
    name, said = generated.reconstructed, []
    if name is not None:
        said.append(_of_reconstructions(name, generated.encoded, found, thresholded))
    if PRIOR in found:
        said.append(_of_samples(found[PRIOR], found[generated.encoded], classes, alone=name is None))
    return " ".join(said)


def _of_reconstructions(
    name: str, encoded: str, found: Mapping[str, Recognition], thresholded: Mapping[str, Recognition]
) -> str:
    shares = [found[one].share for one in (name, encoded)]
    assert None not in shares
    mean, control = (f"{one.value:.1%}" for one in shares if one is not None)
    missing = lost(found[encoded], found[name])
    given = ", which are given their class," if name == MEAN_OF_CLASS else ""
    both = f"{mean} of the reconstructions{given} are recognised, and {control} of their inputs"
    if not missing.is_clear:
        return f"{both}: no more is lost than chance may do."
    blur = missing.share - lost(thresholded[encoded], thresholded[name]).share
    n = round(100 * missing.share)
    points = f"{n} point{' is' if n == 1 else 's are'} lost"
    if blur < SURE * missing.std_error:
        back = f"{100 * max(0.0, blur):.0f} back, no more than chance may do"
        return f"{both}: {points}. Cutting all images at one half brings {back}, so it isn't mere blur."
    return f"{both}: {points}, {100 * blur:.0f} by blur, since cutting all images at one half brings so much back."


def _of_samples(samples: Recognition, control: Recognition, classes: tuple[str, ...], alone: bool) -> str:
    gone = lost_classes(samples, control)
    names = [classes[k] if k < len(classes) else str(k) for k in gone]
    said = f"Samples of the prior lack {_listed(names)}" if gone else "Samples of the prior are of all classes"
    sure = f"the classifier is {samples.confidence:.0%} sure of one on average, of a real one {control.confidence:.0%}"
    rest = " A sample has no true class, so how many are recognised can't be said." if alone else ""
    return f"{said}; {sure}.{rest}"


def _listed(names: list[str]) -> str:
    few = ", ".join(names[:3])
    return f"{few} and {len(names) - 3} more classes" if len(names) > 3 else few
