"""The samplers that move on a target of any kind, by name."""

from __future__ import annotations

from latentlab.analysis.sampling.always_accepted import Gibbs
from latentlab.analysis.sampling.hamiltonian import HMC
from latentlab.analysis.sampling.langevin import MALA, Langevin
from latentlab.analysis.sampling.moves import Sampler
from latentlab.analysis.sampling.nuts import NUTS
from latentlab.analysis.sampling.random_walk import RandomWalk
from latentlab.analysis.sampling.targets import Target
from latentlab.analysis.sampling.tempering import Tempering

SAMPLERS: dict[str, Sampler] = {
    sampler.name: sampler for sampler in (RandomWalk(), MALA(), Langevin(), HMC(), NUTS(), Tempering(), Gibbs())
}


def suitable(target: Target) -> dict[str, Sampler]:
    """Name -> the samplers that find in a target what they need."""
    return {name: sampler for name, sampler in SAMPLERS.items() if sampler.suits(target)}
