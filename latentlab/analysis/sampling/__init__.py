"""Sampling: Markov chains on what is known of a density, their diagnostics, and how far they are from the truth."""

from latentlab.analysis.sampling.against_truth import (
    AsSamples,
    FromCentres,
    InCells,
    as_samples,
    between_samples,
    expected_noise,
    from_centres,
    in_cells,
)
from latentlab.analysis.sampling.always_accepted import DenoisingChain, Gibbs, ModelChain, denoising_kernel
from latentlab.analysis.sampling.budget import within
from latentlab.analysis.sampling.chains import Chains, advance, begin, iterate_chains, sample_chains
from latentlab.analysis.sampling.diagnostics import Diagnostics, Remedy, diagnose, rank_histogram
from latentlab.analysis.sampling.distances import Cells, cells, mmd, wasserstein
from latentlab.analysis.sampling.experiments import Experiment, Start, experiment, experiment_with, start_places
from latentlab.analysis.sampling.hamiltonian import HMC, Hamiltonian
from latentlab.analysis.sampling.image_chains import Mixing, mixing, record
from latentlab.analysis.sampling.langevin import MALA, Langevin
from latentlab.analysis.sampling.model_density import ModelDensity
from latentlab.analysis.sampling.moves import ChainState, Move, Sampler
from latentlab.analysis.sampling.nuts import NUTS
from latentlab.analysis.sampling.parzen import Parzen, bernoulli_bound, log_density, parzen
from latentlab.analysis.sampling.plane import frame, shade
from latentlab.analysis.sampling.problems import (
    ENERGIES,
    FAR_MODES,
    KNOWN,
    CodePosterior,
    DenoiserDensity,
    Energy,
    Instance,
    KnownDensity,
    Problem,
)
from latentlab.analysis.sampling.random_walk import RandomWalk
from latentlab.analysis.sampling.samplers import SAMPLERS, suitable
from latentlab.analysis.sampling.side_by_side import Comparison, side_by_side
from latentlab.analysis.sampling.targets import (
    SamplingError,
    Target,
    VisibleLikelihood,
    denoised,
    differentiable,
    exact,
    mixture_conditional,
    posterior,
    prepared,
)
from latentlab.analysis.sampling.tempering import Tempering

__all__ = [
    "ENERGIES",
    "FAR_MODES",
    "HMC",
    "KNOWN",
    "MALA",
    "NUTS",
    "SAMPLERS",
    "AsSamples",
    "Cells",
    "ChainState",
    "Chains",
    "CodePosterior",
    "Comparison",
    "DenoiserDensity",
    "DenoisingChain",
    "Diagnostics",
    "Energy",
    "Experiment",
    "FromCentres",
    "Gibbs",
    "Hamiltonian",
    "InCells",
    "Instance",
    "KnownDensity",
    "Langevin",
    "Mixing",
    "ModelChain",
    "ModelDensity",
    "Move",
    "Parzen",
    "Problem",
    "RandomWalk",
    "Remedy",
    "Sampler",
    "SamplingError",
    "Start",
    "Target",
    "Tempering",
    "VisibleLikelihood",
    "advance",
    "as_samples",
    "begin",
    "bernoulli_bound",
    "between_samples",
    "cells",
    "denoised",
    "denoising_kernel",
    "diagnose",
    "differentiable",
    "exact",
    "expected_noise",
    "experiment",
    "experiment_with",
    "frame",
    "from_centres",
    "in_cells",
    "iterate_chains",
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
    "shade",
    "side_by_side",
    "start_places",
    "suitable",
    "wasserstein",
    "within",
]
