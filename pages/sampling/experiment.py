"""An experiment with chains, chosen by the visitor: what of a run can be sampled, the chains, and how they look."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.sampling import (
    ENERGIES,
    HMC,
    KNOWN,
    NUTS,
    CodePosterior,
    DenoiserDensity,
    Experiment,
    ModelDensity,
    Problem,
    Sampler,
    Start,
    VisibleLikelihood,
    experiment_with,
)
from latentlab.analysis.sampling.budget import WORK
from latentlab.data import Kind
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.jobs.background import report
from latentlab.models import Denoises, Derivative, Energy, HasLikelihood, HasPosterior
from latentlab.models.elsewhere import RunsElsewhere
from latentlab.subjects import Subject
from pages.components.chains import Film
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.masks import GRAY, given
from pages.shared.remember import remember

POSTERIOR, LEARNED, DENSITY = "posterior of an example", "what the model learned", "the model's density"
MAX_DEPTH = NUTS().max_depth
BEHIND = 1_500  # examples drawn behind the chains, where the density isn't known


@dataclass(frozen=True)
class Offer:
    """Something to sample, as it is offered.

    Attributes:
        problem: of an example and the mask of what is hidden of it.
        of_image: whether it depends on them.
        of_run: whether it is what the run learned.
    """

    problem: Callable[[int, str | None], Problem]
    of_image: bool = False
    of_run: bool = True


@dataclass(frozen=True)
class Setup:
    """All that an experiment depends on, but the run."""

    target: str
    sampler: str
    power: int  # the step is the sensible one times 2 ** power
    start: Start
    energy: str
    n_chains: int
    n_steps: int
    n_leapfrog: int
    seed: int
    image: int
    mask: str | None  # of what is hidden of the image
    max_depth: int = MAX_DEPTH
    adapt: float = 0.0  # share of the steps, at the start, during which the step is adapted

    @property
    def rough(self) -> bool:
        """Whether its differences of log-density are too rough to sample with."""
        return ENERGIES[self.energy].is_rough


def offers(run: Subject) -> dict[str, Offer]:
    """Name -> what can be sampled, the run's own first."""
    found: dict[str, Offer] = {}
    if run.has(Energy) and _has_points(run):
        found[DENSITY] = Offer(lambda *_: _density(run))
    if run.has(Denoises) and _has_points(run) and not no_score(run):
        found[LEARNED] = Offer(lambda *_: _learned(run))
    elif run.has(HasLikelihood) and run.has(HasPosterior) and _n_dimensions(run) > 1:
        found[POSTERIOR] = Offer(lambda image, mask: _posterior(run, image, mask), of_image=True)
    return found | {name: Offer(lambda *_, known=known: known, of_run=False) for name, known in KNOWN.items()}


def no_score(run: Subject) -> str:
    """Why the field of a run can't be sampled, though it denoises; empty where there is no such reason."""
    return cast(Denoises, cached.model(run)).no_score if run.has(Denoises) else ""


def why_nothing(run: Subject) -> str:
    """Why nothing of a run can be sampled by chains, to end a sentence; empty where it isn't known."""
    if run.has(Denoises, Energy) and not _has_points(run):
        return "chains run on examples of two numbers or more in a row"
    if no_score(run):
        return f"its field is a direction only, since {no_score(run)}"
    missing = run.missing(Energy)
    return f"define {missing} in it" if missing else ""


def about_gradient(run: Subject, target: str) -> str:
    """What is to be said of the gradient of a target, in a sentence; empty where it is exact."""
    model = cached.model(run)
    if target != DENSITY or not isinstance(model, Energy):
        return ""
    n = run.shape[0]
    return {
        Derivative.EXACT: "",
        Derivative.DIFFERENCES: f"The log-density isn't torch's: its gradient is measured by {2 * n} evaluations.",
        Derivative.NONE: f"The log-density isn't torch's, and by {n:,} numbers it isn't differentiated by evaluations: "
        "only samplers that need no gradient are offered.",
    }[model.derivative]


def problem(run: Subject, setup: Setup) -> Problem:
    """What an experiment samples."""
    return offers(run)[setup.target].problem(setup.image, setup.mask)


def sampler(run: Subject, setup: Setup) -> Sampler:
    """What moves the chains of an experiment."""
    chosen = problem(run, setup).samplers[setup.sampler]
    if isinstance(chosen, HMC):
        return replace(chosen, n_leapfrog=setup.n_leapfrog)
    return replace(chosen, max_depth=setup.max_depth) if isinstance(chosen, NUTS) else chosen


def image_of(run: Subject, image: int) -> Tensor:
    """(*shape) an example saved with the run; past the last one they start anew."""
    x = cached.examples(run).batch().x
    return x[image % len(x)]


def runs_elsewhere(run: Subject, setup: Setup) -> bool:
    """Whether an experiment calls a model of another process, which may take any time."""
    return offers(run)[setup.target].of_run and isinstance(cached.model(run), RunsElsewhere)


@remember(16, "Running the chains …")
def played(run: Subject, setup: Setup) -> Experiment:
    """Run an experiment, in fewer steps than requested if they would take long, and with fewer chains if need be.

    A posterior of an example is run in few steps, as all of them follow from the background process.

    Raises:
        ValueError: it can't be run; one sentence.
    """
    return _call(run, setup)(work=WORK / 3 if offers(run)[setup.target].of_image else WORK)


def playing(run: Subject, setup: Setup) -> Task[Experiment]:
    """Have the background process run all of an experiment."""
    return run_task(f"chains {run.key} {setup}", partial(_call(run, setup), work=math.inf, report=report))


def _call(run: Subject, setup: Setup) -> partial[Experiment]:
    return partial(
        experiment_with, problem(run, setup), ENERGIES[setup.energy], sampler(run, setup), setup.power, setup.start,
        setup.n_chains, setup.n_steps, setup.seed, adapt=setup.adapt,
    )  # fmt: skip


def film(found: Experiment, samples: NDArray[np.floating] | None = None) -> Film:
    """What is drawn of an experiment; behind the chains samples (N, d), or examples where the density isn't known."""
    assert found.chains.proposals is not None
    some, axes = slice(0, found.chains.proposals.shape[1]), list(found.axes)
    behind = found.data[:BEHIND, axes] if found.density is None else np.empty((0, 2))
    behind = behind if samples is None else samples[:, axes]
    return Film(
        found.start[some, axes], found.chains.positions[:, some, axes], found.chains.proposals[:, :, axes],
        found.chains.accepted[:, some], found.box, found.density, behind, [found.names[k] for k in axes],
        None if found.chains.paths is None else found.chains.paths[..., axes],
    )  # fmt: skip


def film_strip(run: Subject, setup: Setup, found: Experiment, n: int) -> tuple[Tensor, Tensor]:
    """The example with its hidden part gray, or NaN where it is no image (1, *shape), and n states of the first chain,
    decoded.
    """
    x = image_of(run, setup.image)
    steps = np.linspace(0, len(found.chains.positions) - 1, n).round().astype(int)
    with torch.no_grad():
        frames = likelihood(run).decode(torch.from_numpy(found.chains.positions[steps, 0]).float())
    hidden = GRAY if run.spec.kind is Kind.IMAGE else torch.nan
    return torch.where(given(run.shape, setup.mask), x, hidden)[None], frames


@remember(16)
def _posterior(run: Subject, image: int, mask: str | None) -> CodePosterior:
    model, x, visible = likelihood(run), image_of(run, image), given(run.shape, mask)
    stds = _encoder(run).posterior(x[None]).log_std[0].exp()
    log_likelihood = VisibleLikelihood(model.pixel_log_likelihood, model.observed(x), visible)
    order = cached.dimensions(run).order if model.z_dim > 2 else (0, 1)
    return CodePosterior(
        log_likelihood, stds, bool(visible.all()), _codes(run), float(model.size), (int(order[0]), int(order[1]))
    )  # fmt: skip


@remember(16)
def _codes(run: Subject) -> Tensor:
    """(N, z_dim) of the examples saved with the run."""
    with torch.no_grad():
        return _encoder(run).encode(cached.examples(run).batch().x)


@remember(16)
def _density(run: Subject) -> ModelDensity:
    model = cast(Energy, cached.model(run))
    has_gradient = model.derivative is not Derivative.NONE
    return ModelDensity(model.energy, has_gradient, cached.examples(run).batch().x, run.spec.names, 2.0 * model.size)


@remember(16)
def _learned(run: Subject) -> DenoiserDensity:
    model = cast(Denoises, cached.model(run))
    data, known = cached.examples(run).batch().x, DENSITIES.get(run.dataset)
    return DenoiserDensity(model.denoise, model.sigma, data, known, 2.0 * model.size)


def _has_points(run: Subject) -> bool:
    """Whether an example is two numbers or more in a row."""
    return len(run.shape) == 1 and run.shape[0] > 1


def _n_dimensions(run: Subject) -> int:
    return len(cached.dimensions(run).order)


def _encoder(run: Subject) -> HasPosterior:
    return cast(HasPosterior, cached.model(run))


def likelihood(run: Subject) -> HasLikelihood:
    """The model of a run, which decodes and has a likelihood."""
    return cast(HasLikelihood, cached.model(run))
