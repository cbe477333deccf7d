"""Sampling: Markov chains on what is known of a density, their diagnostics, and how far they are from the truth."""

from latentlab.analysis.sampling.always_accepted import Gibbs, OwnWalk, denoising_walk
from latentlab.analysis.sampling.chains import (
    Chains,
    Move,
    Sampler,
    State,
    advance,
    begin,
    sample_chains,
    walk,
)
from latentlab.analysis.sampling.diagnostics import Diagnostics, diagnose, rank_histogram
from latentlab.analysis.sampling.distances import Cells, Discrepancy, cells, mmd, total_variation, wasserstein
from latentlab.analysis.sampling.experiments import (
    FAR_MODES,
    SAMPLERS,
    Comparison,
    Start,
    exact,
    prepared,
    side_by_side,
    start_places,
)
from latentlab.analysis.sampling.hamiltonian import HMC
from latentlab.analysis.sampling.image_chains import Mixing, mixing, record
from latentlab.analysis.sampling.langevin import MALA, Langevin
from latentlab.analysis.sampling.parzen import Parzen, bernoulli_bound, log_density, parzen
from latentlab.analysis.sampling.random_walk import RandomWalk
from latentlab.analysis.sampling.targets import (
    SamplingError,
    Target,
    denoised,
    differentiable,
    mixture_conditional,
    posterior,
)
from latentlab.analysis.sampling.tempering import Tempering

__all__ = [
    "FAR_MODES",
    "HMC",
    "MALA",
    "SAMPLERS",
    "Cells",
    "Chains",
    "Comparison",
    "Diagnostics",
    "Discrepancy",
    "Gibbs",
    "Langevin",
    "Mixing",
    "Move",
    "OwnWalk",
    "Parzen",
    "RandomWalk",
    "Sampler",
    "SamplingError",
    "Start",
    "State",
    "Target",
    "Tempering",
    "advance",
    "begin",
    "bernoulli_bound",
    "cells",
    "denoised",
    "denoising_walk",
    "diagnose",
    "differentiable",
    "exact",
    "log_density",
    "mixing",
    "mixture_conditional",
    "mmd",
    "parzen",
    "posterior",
    "prepared",
    "rank_histogram",
    "record",
    "sample_chains",
    "side_by_side",
    "start_places",
    "total_variation",
    "walk",
    "wasserstein",
]
