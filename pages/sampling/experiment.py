"""An experiment with chains: what is sampled and how, chosen by the visitor, run at once, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.sampling import (
    FAR_MODES,
    HMC,
    SAMPLERS,
    Chains,
    OwnWalk,
    Sampler,
    Start,
    Target,
    denoised,
    denoising_walk,
    exact,
    posterior,
    sample_chains,
    start_places,
)
from latentlab.analysis.score.field import Rule
from latentlab.data.builtin.synthetic import DENSITIES, Density
from latentlab.models import Denoises, Encodes, HasLikelihood, HasPosterior
from latentlab.runs.run import Run
from pages.components.chains import Film
from pages.shared import cached
from pages.shared.masks import GRAY, given

POSTERIOR, LEARNED, FAR = "posterior of an image", "what the model learned", "two far modes"
OWN_WALK = "the model's own walk"
ENERGIES: dict[str, Rule | None] = {"exact": None, "path integral": "midpoint", "first order": "first-order"}
LENGTHS = {"random walk": 2.4, "MALA": 1.2, "unadjusted Langevin": 0.7, "HMC": 0.7, "parallel tempering": 2.4}
SIDE = 72  # cells along a side of what is drawn behind the chains
WORK = 2e10  # floating-point operations that a page may wait for: about a second
LEAST_STEPS, LEAST_CHAINS = 20, 10  # that an experiment is never cut below
SHOWN = 40  # chains whose moves are drawn
SIGMA = 0.1  # the noise of the exact denoisers
POINTS = 5  # of a path


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


@dataclass(frozen=True)
class Played:
    """An experiment and what it is seen against.

    Attributes:
        chains: as they went.
        start: (C, d).
        scale: the step.
        sampler: what moved them.
        truth: the density that is sampled, if it is one of a known form.
        density: (SIDE, SIDE) of the plane that is drawn, row 0 the lowest y; None where it isn't known.
        data: (m, d) examples.
        box: of the plane that is drawn.
        axes: the two coordinates that it shows.
        names: of all coordinates.
    """

    chains: Chains
    start: NDArray[np.floating]
    scale: float
    sampler: Sampler
    truth: Density | None
    density: NDArray[np.floating] | None
    data: NDArray[np.floating]
    box: Box
    axes: tuple[int, int]
    names: list[str]

    @property
    def film(self) -> Film:
        """What is drawn of it."""
        some, axes = slice(0, SHOWN), list(self.axes)
        assert self.chains.proposals is not None
        behind = self.data[:1_500, axes] if self.density is None else np.empty((0, 2))
        return Film(
            self.start[some, axes], self.chains.positions[:, some, axes], self.chains.proposals[:, some, axes],
            self.chains.accepted[:, some], self.box, self.density, behind, [self.names[k] for k in axes],
        )  # fmt: skip


def targets(run: Run) -> list[str]:
    """What can be sampled, the run's own first."""
    flat = [name for name, density in DENSITIES.items() if density.dim == 2]
    own = (
        [POSTERIOR]
        if issubclass(run.kind, HasLikelihood)
        and issubclass(run.kind, HasPosterior)
        and len(cached.dimensions(run).order) > 1
        else []
    )
    if issubclass(run.kind, Denoises) and len(run.shape) == 1:
        own = [LEARNED]
    return [*own, *flat, FAR, "curve"]


def samplers(target: str) -> list[str]:
    """Which samplers can move on a target."""
    if target == LEARNED:
        return [OWN_WALK, *(name for name in SAMPLERS if name not in ("Gibbs", "parallel tempering"))]
    return [name for name in SAMPLERS if name != "Gibbs" or target != POSTERIOR]


def energies(target: str) -> list[str]:
    """How the density of a target can be known."""
    if target == POSTERIOR:
        return ["exact"]
    return [name for name in ENERGIES if name != "exact" or target != LEARNED]


def image_of(run: Run, image: int) -> Tensor:
    """(*shape) an example kept with the run; past the last one they start anew."""
    x = cached.examples(run).batch().x
    return x[image % len(x)]


def sensible(run: Run, target: str, sampler: str, image: int, mask: str | None) -> float:
    """A step that suits a target: so many times the narrowest spread that it has."""
    if target == POSTERIOR:
        model = cached.model(run)
        assert isinstance(model, HasPosterior)
        log_std = model.posterior(image_of(run, image)[None]).log_std
        whole = bool(given(run.shape, mask).all())
        narrow = float(log_std.exp().min()) * (1 if whole else 2)  # what is hidden leaves more open
    elif target == LEARNED:
        narrow = _denoiser(run).sigma
    else:
        narrow = SIGMA if target == "curve" else float(_density(target).stds.min())
    d = _size(run, target)
    return narrow * LENGTHS.get(sampler, 1.0) * min(1.0, math.sqrt(2 / d))


@st.cache_resource(max_entries=16, show_spinner="The chains walk …", hash_funcs=cached.BY_VERSION)
def played(run: Run, setup: Setup) -> Played:
    """Run an experiment, in fewer steps than asked for if they would take long, and with fewer chains if need be.

    Raises:
        ValueError: it can't be run; one sentence.
    """
    target, truth, data, work = _parts(run, setup)
    sampler = _sampler(run, setup)
    scale = sensible(run, setup.target, setup.sampler, setup.image, setup.mask) * 2.0**setup.power
    heavy = work * (3 if sampler.needs_gradient and setup.target == POSTERIOR else 1) * sampler.evaluations
    n_chains = int(min(setup.n_chains, max(LEAST_CHAINS, WORK / heavy / LEAST_STEPS)))
    n_steps = int(min(setup.n_steps, max(LEAST_STEPS, WORK / heavy / n_chains)))
    start = start_places(data, setup.start, n_chains, device.generator(setup.seed))
    chains = sample_chains(
        target, start, sampler=sampler, scale=scale, n_steps=n_steps, rng=device.generator(setup.seed + 1),
        n_proposals=SHOWN,
    )  # fmt: skip
    visited = chains.positions[n_steps // 2 :, ~chains.lost].reshape(-1, start.shape[1])
    axes = (0, 1)
    if setup.target == POSTERIOR and start.shape[1] > 2:
        axes = (int(cached.dimensions(run).order[0]), int(cached.dimensions(run).order[1]))
    seen = visited if setup.target == POSTERIOR else np.concatenate([data.numpy(), visited])
    box = _box(truth, seen[:, list(axes)])
    if setup.target == POSTERIOR and start.shape[1] == 2:
        assert target.log_prob is not None
        log_prob: Callable[[Tensor], Tensor] | None = target.log_prob
    else:
        log_prob = truth.log_prob if truth is not None and truth.dim == 2 else None
    density = None if log_prob is None else _shade(log_prob, box, start.dtype)
    names = [f"{'z' if setup.target == POSTERIOR else 'x'}{k + 1}" for k in range(start.shape[1])]
    return Played(chains, start.numpy(), scale, sampler, truth, density, data.numpy(), box, axes, names)


def film_strip(run: Run, setup: Setup, found: Played, n: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image with its hidden part gray (1, C, H, W), and n moments of the first chain, decoded."""
    from latentlab.data import to_bytes

    x = image_of(run, setup.image)
    steps = np.linspace(0, len(found.chains.positions) - 1, n).round().astype(int)
    with torch.no_grad():
        frames = _vae(run).decode(torch.from_numpy(found.chains.positions[steps, 0]).float())
    return to_bytes(torch.where(given(run.shape, setup.mask), x, GRAY))[None], to_bytes(frames)


def _parts(run: Run, setup: Setup) -> tuple[Target, Density | None, Tensor, float]:
    """The target, its density if it has a known form, examples of it, and operations for one evaluation."""
    if setup.target == POSTERIOR:
        model, x, counts = _vae(run), image_of(run, setup.image), given(run.shape, setup.mask)
        x = model.observed(x)
        assert isinstance(model, Encodes)

        def log_likelihood(z: Tensor) -> Tensor:
            return (model.pixel_log_likelihood(x.expand(len(z), *x.shape), z) * counts).flatten(1).sum(1)

        with torch.no_grad():
            codes = model.encode(cached.examples(run).batch().x)
        return posterior(log_likelihood), None, codes, float(model.size)
    rule = ENERGIES[setup.energy]
    points = POINTS if rule == "midpoint" else 1
    if setup.target == LEARNED:
        denoiser = _denoiser(run)
        known = DENSITIES.get(run.dataset)
        target = denoised(denoiser.denoise, denoiser.sigma, points, rule or "midpoint")
        data = cached.examples(run).batch().x
        truth = None if known is None else known.blurred(denoiser.sigma)
        return target, truth, data, 2.0 * denoiser.size * points
    density = _density(setup.target)
    if rule is None and setup.target == "curve":
        density = density.blurred(SIGMA)
    target = exact(density)
    if rule is not None:
        clean = density
        density = clean.blurred(SIGMA)
        target = denoised(lambda x: clean.denoise(x, SIGMA), SIGMA, points, rule)
    data = density.sample(2_000, device.generator(setup.seed)).float()
    return target, density, data, points * (8.0 * density.means.numel() + 2_000)


def _sampler(run: Run, setup: Setup) -> Sampler:
    if setup.sampler == OWN_WALK:
        denoiser = _denoiser(run)
        return OwnWalk(denoising_walk(denoiser.denoise, denoiser.sigma))
    return HMC(n_leapfrog=setup.n_leapfrog) if setup.sampler == HMC.name else SAMPLERS[setup.sampler]()


def _vae(run: Run) -> HasLikelihood:
    return cast(HasLikelihood, cached.model(run))


def _denoiser(run: Run) -> Denoises:
    return cast(Denoises, cached.model(run))


def _density(name: str) -> Density:
    return FAR_MODES if name == FAR else DENSITIES[name]


def _size(run: Run, target: str) -> int:
    if target == POSTERIOR:
        return _vae(run).z_dim
    return run.shape[0] if target == LEARNED else _density(target).dim


def _box(truth: Density | None, places: NDArray[np.floating]) -> Box:
    """A square about nearly all of the mass, or of the places."""
    if truth is not None and truth.dim == 2:
        low, high = (corner.numpy() for corner in truth.box)
    else:
        low, high = np.quantile(places, [0.002, 0.998], axis=0)
        margin = 0.15 * (high - low) + 1e-3
        low, high = low - margin, high + margin
    middle, half = (low + high) / 2, float((high - low).max()) / 2 or 1.0
    return Box(
        float(middle[0] - 1.15 * half), float(middle[0] + 1.15 * half), float(middle[1] - half), float(middle[1] + half)
    )  # fmt: skip


def _shade(log_prob: Callable[[Tensor], Tensor], box: Box, dtype: torch.dtype) -> NDArray[np.floating]:
    """(SIDE, SIDE) exp(log p - its largest) over a box, row 0 the lowest y."""
    xs, ys = ((torch.arange(SIDE) + 0.5) / SIDE * (high - low) + low for low, high in (box.x, box.y))
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    with torch.no_grad():
        found = log_prob(torch.stack([x, y], -1).reshape(-1, 2).to(dtype)).reshape(SIDE, SIDE)
    shade: NDArray[np.floating] = (found - found.max()).exp().numpy()
    return shade
