"""What the pages cache of class-conditional models: styles of examples, sheets, and what the decoder uses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats
from latentlab.analysis.conditional.agreement import ClassifierAgreement, classifier_agreement
from latentlab.analysis.conditional.analogies import (
    Analogies,
    DecodeAs,
    EncodeAs,
    Usage,
    in_every_class,
    usage_of,
)
from latentlab.analysis.conditional.style import LEAST, Consistency, style_consistency
from latentlab.analysis.latent.bottleneck import (
    N_DECODED,
    Bottleneck,
    bottleneck,
    decoded_bottleneck,
    deterministic_bottleneck,
)
from latentlab.analysis.stats import Proportion
from latentlab.data import UNLABELLED, Dataset
from latentlab.data.partial_labels import labelled_part
from latentlab.device import generator
from latentlab.export.class_decoder import unroll_as
from latentlab.export.decoder import ProgramError
from latentlab.export.program import Program
from latentlab.models import (
    Classifies,
    Conditional,
    HasPosteriorGiven,
    HasPrior,
    StandardNormal,
    by_category,
    code_parts,
)
from latentlab.subjects import CategoryOf, Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.classifier import independent_classifier, independent_classifier_run, key_of
from pages.shared.remember import remember

STYLES = 60  # that the meters look at, each in every class


def with_classes(run: Subject) -> Subject:
    """The run, with the category of its code as its class if that is what it has instead of one."""
    found = None if run.has(Conditional) else by_category(cached.model(run))
    return run if found is None else CategoryOf(run, found.n_categories)


def conditional(run: Subject) -> Conditional:
    """The trained class-conditional model of a run."""
    trained = cached.model(run)
    if not isinstance(trained, Conditional):
        raise TypeError(f"{run.title} has no class input.")
    return trained


def decoder_as(run: Subject) -> DecodeAs:
    """The decoder of a run's model, without gradients: codes in units of the prior, and classes."""
    trained = conditional(run)

    def decode(z: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return trained.decode(z, y)

    return decode


def encoder_as(run: Subject) -> EncodeAs:
    """The encoder of a run's model, without gradients."""
    trained = conditional(run)

    def encode(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return trained.encode(x, y)

    return encode


@remember(16)
def labelled(run: Subject) -> Dataset:
    """The test examples saved with a run that have a class."""
    return labelled_part(cached.examples(run))


@remember(16)
def styles(run: Subject) -> Tensor:
    """(N, z_dim) the styles of the run's labelled test examples."""
    some = labelled(run).batch()
    return encoder_as(run)(some.x, some.y)


def drawn_styles(run: Subject, n: int, seed: int) -> Tensor:
    """(n, z_dim) draws of the prior of the style, N(0, I) where the model names none."""
    trained = conditional(run)
    prior = trained.prior if isinstance(trained, HasPrior) else StandardNormal(trained.z_dim)
    return prior.sample(n, generator(seed))


@remember(16)
def style_dimensions(run: Subject) -> Bottleneck:
    """What each dimension of the style carries, over the run's test examples; if of several kinds, over its prior."""
    trained, some = conditional(run), labelled(run).batch()
    with torch.no_grad():
        if isinstance(trained, HasPrior) and code_parts(trained.prior):
            codes = trained.prior.sample(2 * N_DECODED, generator(0))
            alone = [[axis] for axis in range(trained.z_dim)]
            return decoded_bottleneck(
                codes, lambda z: trained.decode(z, torch.arange(len(z)) % len(run.classes)), alone
            )
        if isinstance(trained, HasPosteriorGiven):
            return bottleneck(*trained.posterior(some.x, some.y))
        return deterministic_bottleneck(trained.encode(some.x, some.y))


@remember(8)
def class_program(run: Subject) -> Program | str:
    """The run's decoder as steps for the browser, or the reason why it must be run here."""
    trained = conditional(run)
    try:
        return unroll_as(trained.decode, trained, trained.z_dim, len(run.classes))
    except ProgramError as error:
        return str(error)


@remember(32)
def in_classes(run: Subject, codes: tuple[cached.Code, ...]) -> Analogies:
    """Styles, each in all classes."""
    z = torch.tensor(codes)
    cells = in_every_class(decoder_as(run), z, len(run.classes))
    return Analogies(z.numpy(), torch.full((len(z),), UNLABELLED).numpy(), cells)


@remember(16, on=lambda run, _: key_of(independent_classifier_run(run)))
def agreement_of_styles(run: Subject, codes: tuple[cached.Code, ...]) -> ClassifierAgreement | None:
    """The classifier's predictions for a sheet, row by row; None without a classifier."""
    return _agreement(run, in_classes(run, codes).examples)


@remember(8, "Measuring what the decoder uses …")
def used(run: Subject, prior: bool) -> tuple[Usage, Consistency | None]:
    """What the decoder uses, and style consistency, for styles of examples or of the prior."""
    cells = _cells(run, prior)
    is_image = len(run.shape) == 3 and len(cells) >= LEAST
    return usage_of(cells), style_consistency(cells) if is_image else None


def agreement(run: Subject, prior: bool) -> Task[ClassifierAgreement] | None:
    """The classifier's predictions for the same, from the background process; None without a classifier."""
    by = independent_classifier_run(run)
    model = cached.model(by) if by is not None else None
    if by is None or not isinstance(model, Classifies):
        return None
    x, requested, rows = _requested(_cells(run, prior))
    some = labelled(run).batch()
    call = partial(classifier_agreement, model.classify, x, requested, (some.x, some.y), rows)
    return run_task(f"agreement {run.key} {by.key} {prior}", call)


@remember(8)
def _cells(run: Subject, prior: bool) -> Floats:
    """(STYLES, K, *shape) styles of examples or of the prior, each in all classes."""
    z = drawn_styles(run, STYLES, 0) if prior else styles(run)[:STYLES]
    return in_every_class(decoder_as(run), z, len(run.classes))


def _requested(cells: Floats) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
    """Of (N, K, *shape): the examples (N K, *shape), the class of each, and the row that it is in."""
    n, k = cells.shape[:2]
    return torch.from_numpy(cells).flatten(0, 1), torch.arange(k).repeat(n), np.arange(n).repeat(k)


def _agreement(run: Subject, cells: Floats) -> ClassifierAgreement | None:
    classify = independent_classifier(run)
    if classify is None:
        return None
    x, requested, rows = _requested(cells)
    said = classifier_agreement(classify, x, requested, groups=rows)
    return replace(said, control=_control(run))


@remember(16, on=lambda run: key_of(independent_classifier_run(run)))
def _control(run: Subject) -> Proportion | None:
    """The classifier's accuracy on the run's real examples."""
    classify, some = independent_classifier(run), labelled(run).batch()
    return classifier_agreement(classify, some.x, some.y).accuracy if classify is not None else None
