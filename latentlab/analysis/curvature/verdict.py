"""What the curvature of a run means, in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentlab.analysis.curvature.measure import Curvature
from latentlab.analysis.curvature.sharpness import Sharpness

OWN_STEPS = {"adam": "Adam", "rmsprop": "RMSProp"}  # that scale the step of each parameter
MUCH = 0.01  # of the steps: fewer are none


@dataclass(frozen=True)
class Steps:
    """The steps of a training.

    Attributes:
        optimizer: as its knob says.
        rate: its step size at the start.
        sharp: λ₁ over the training against the threshold.
    """

    optimizer: str
    rate: float
    sharp: Sharpness


def of_curvature(found: Curvature, layers: Sequence[str], steps: Steps | None) -> str:
    """Where the sharpest direction lies, what the step size bears, and what the lowest direction would give.

    Args:
        found: at the time that is looked at.
        layers: their names.
        steps: of the training; None where nothing is known of it.
    """
    share = float(found.shares[0].max())
    layer = layers[int(found.shares[0].argmax())]
    sentences = [f"The sharpest direction lies most in layer {layer} ({share:.0%} of its squared length)."]
    if steps is not None:
        sentences.append(_of_steps(steps))
    elif found.largest > 0:
        sentences.append(f"Plain gradient descent from here bears steps up to 2/λ₁ = {2 / found.largest:.2g}.")
    low, high = found.changes[found.n_high :].min(), found.changes[: found.n_high].min()
    if found.smallest >= 0:
        sentences.append("No eigenvalue is negative here.")
    elif low < high:
        sentences.append(
            f"A step along a negative direction would lower the loss of {found.loss:.3g} by {-low:.2g}, one along a "
            f"sharp direction by {-high:.2g} at most."
        )
    else:
        sentences.append(f"Negative directions (down to λ = {found.smallest:.2g}) promise no more than the sharp ones.")
    return " ".join(sentences)


def _of_steps(steps: Steps) -> str:
    optimizer, rate, above = steps.optimizer, steps.rate, steps.sharp.share_above
    if optimizer == "lbfgs":
        return "L-BFGS finds the length of each step itself."
    if optimizer in OWN_STEPS:
        could = "could be borne throughout" if above < MUCH else f"would be too long for {above:.0%} of the steps"
        return (
            f"{OWN_STEPS[optimizer]} scales the step of each parameter, so 2/λ is no limit for it; plain steps of "
            f"{rate:g} {could}."
        )
    if above < MUCH:
        return f"The step size {rate:g} stays below what λ₁ bears in all of the training."
    return f"The step size {rate:g} is above what λ₁ bears for {above:.0%} of the steps."
