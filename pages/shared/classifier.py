"""The classifier that labels what other models generate."""

from __future__ import annotations

from latentlab.analysis.latent.support import Classify, classify_by
from latentlab.models import Classifies, Conditional, Decodes, Samples
from latentlab.subjects import Subject, with_model
from pages.shared import cached


def classifier_run(run: Subject) -> Subject | None:
    """The run whose model predicts the class of a run's images: itself if it can, else an independent one."""
    return run if run.has(Classifies) else independent_classifier_run(run)


def independent_classifier_run(run: Subject) -> Subject | None:
    """The classifier of the same classes that generates nothing itself, with the lowest test error; None if none is."""
    known = [r for r in with_model(Classifies) if r.dataset == run.dataset and r.takes_examples_of(run)]
    found = [r for r in known if run.classes in ((), r.classes) and not r.has(Decodes, Conditional, Samples)]
    return min(found, key=lambda r: r.metrics.get("error", 1.0), default=None)


def classifier(run: Subject) -> Classify | None:
    """(B, *shape) -> (B, K) log-probabilities by `classifier_run`; None where none is."""
    return _classify_with(classifier_run(run))


def independent_classifier(run: Subject) -> Classify | None:
    """(B, *shape) -> (B, K) log-probabilities by `independent_classifier_run`; None where none is."""
    return _classify_with(independent_classifier_run(run))


def key_of(run: Subject | None) -> str:
    """What tells the classifier of a run from another: what it predicted is remembered only as long as it is that."""
    return run.key if run is not None else ""


def _classify_with(run: Subject | None) -> Classify | None:
    """The classifier of a run, without gradients."""
    model = cached.model(run) if run is not None else None
    return classify_by(model) if isinstance(model, Classifies) else None
