"""What is known of each example of a space: the user's own columns, a classifier's prediction, the terms of a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.activations import encode_all
from latentlab.analysis.maps.loss_terms import loss_terms
from latentlab.data import Batch, Factors, LabelUse, Library, factor_names
from latentlab.data.files.arrays import Values
from latentlab.device import generator
from latentlab.models import LOSS, Fits, Model, Trains
from pages.shared import cached
from pages.shared.classifier import classifier, classifier_run, key_of
from pages.shared.remember import remember
from pages.shared.spaces import Floats, Source, examples_of

SEED = 1


def columns(source: Source) -> Mapping[str, Values]:
    """Name -> (N,): what else the user's own data say of each example of a source."""
    if not _are_saved(source) and source.dataset not in Library.default():
        return {}  # such as MNIST, which need not be read to know that
    return examples_of(source).columns


def factors(source: Source) -> Factors | None:
    """What made each example of a source, where that is known."""
    if not _are_saved(source) and not factor_names(source.dataset):
        return None  # such as MNIST, which need not be read to know that
    return examples_of(source).data.factors


def other_columns(source: Source, made: Factors | None) -> Mapping[str, Values]:
    """The columns of a source that are none of its factors."""
    known = made.names if made is not None else ()
    return {name: values for name, values in columns(source).items() if name not in known}


def _are_saved(source: Source) -> bool:
    """Whether the examples are those that are saved with a run."""
    return source.run is not None and (not source.n or not cached.has_data(source.run))


@remember(4, "Classifying the examples …", on=lambda source: source.run and key_of(classifier_run(source.run)))
def predicted_classes(source: Source) -> NDArray[np.int64] | None:
    """(N,) the class that the run itself, else the classifier of its data, predicts; None without a classifier."""
    classify = classifier(source.run) if source.run is not None else None
    if classify is None:
        return None
    found: NDArray[np.int64] = encode_all(classify, examples_of(source).data.x).argmax(1)
    return found


def term_names(source: Source) -> list[str]:
    """What `terms` has of a source: the loss first, if the model has one."""
    if source.run is None:
        return []
    return [*([LOSS] if source.run.has(Trains) else []), *source.run.units]


def unit(source: Source, term: str) -> str:
    """The unit of one of `term_names`; empty where it has none."""
    known = source.run.units if source.run is not None else {}
    return known.get(term, "nats" if term == LOSS and "nats" in known.values() else "")


@remember(6, "Computing losses …")
def terms(source: Source) -> dict[str, Floats]:
    """Name -> (N,): the model's loss and its terms for each example of a source, in their units.

    They are NaN for an example without a label of which a model that needs one can't tell.
    """
    if source.run is None:
        return {}
    model, data = cached.model(source.run, source.epoch), examples_of(source).data
    return loss_terms(_terms_of(model), data, term_names(source), model.labels is LabelUse.NEEDED)


def _terms_of(model: Model) -> Callable[[Batch], Mapping[str, Tensor]]:
    """What evaluates a model's terms on a batch, always with the same noise; of several players the first one's."""
    if isinstance(model, Fits):
        return model.terms
    if not isinstance(model, Trains):
        raise TypeError(f"{model.name} says neither how it trains nor how it is fitted.")
    rng = generator(SEED)

    def of_batch(batch: Batch) -> Mapping[str, Tensor]:
        loss = next(iter(model.losses(batch, rng)))
        return {LOSS: loss.value, **loss.terms}

    return of_batch
