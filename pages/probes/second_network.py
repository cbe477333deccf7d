"""A second network over the curve of the first: what it is called, and where its layers stand."""

from __future__ import annotations

from latentlab.analysis.probes.layer_curve import Curve
from latentlab.analysis.probes.verdict import of_probes
from latentlab.figures.probes.curve import Second, are_alike
from latentlab.runs.run import labels
from latentlab.subjects import Subject
from pages.shared.text import plain


def of_second(run: Subject, other: Subject, curve: Curve | None) -> Second | None:
    """The curve of a second model with what both are called; None while it isn't known."""
    titles = labels([run, other])
    return Second(curve, titles[other.id], titles[run.id]) if curve is not None else None


def compared(run: Subject, other: Subject, target: str, curve: Curve, second: Second) -> str:
    """Where both networks have a property, on which examples, and where the layers of the second stand."""
    said = [f"“{title}”: {of_probes(target, one)}" for title, one in second.curves(curve).items()]
    if other.dataset != run.dataset:
        said.append(f"Both read {run.dataset}; “{second.title}” was trained on {other.dataset}.")
    if not are_alike(curve, second.curve):
        said.append(
            f"The layers of “{second.title}” stand at their relative depth, from the input to the last one; its "
            "network is at the foot of the picture."
        )
    return plain(" ".join(said))
