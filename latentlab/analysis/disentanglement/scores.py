"""All scores of one code, for a table: what each is called, its value, and what a useless code gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.disentanglement.importance import Importance, importance
from latentlab.analysis.disentanglement.information import Information, information
from latentlab.analysis.disentanglement.predictability import (
    explicitness,
    separated_predictability,
    single_dimension_accuracies,
)
from latentlab.analysis.disentanglement.same_factor import beta_vae_score, factor_vae_score
from latentlab.analysis.stats import Proportion


@dataclass(frozen=True, eq=False)
class Disentanglement:
    """What the codes of examples say of the factors that made them.

    Attributes:
        beta_vae: accuracy of beta-VAE's metric.
        factor_vae: accuracy of FactorVAE's metric.
        information: of each dimension and factor.
        importance: to forests, the same.
        sap: separated attribute predictability.
        explicit: (F,) explicitness of each factor.
    """

    beta_vae: Proportion
    factor_vae: Proportion
    information: Information
    importance: Importance
    sap: float
    explicit: Doubles

    @property
    def values(self) -> dict[str, float]:
        """The scores by name, each at most 1."""
        return {
            "β-VAE metric": self.beta_vae.value,
            "FactorVAE metric": self.factor_vae.value,
            "MIG": self.information.gap,
            "disentanglement": self.importance.disentanglement,
            "completeness": self.importance.completeness,
            "informativeness": self.importance.informativeness,
            "SAP": self.sap,
            "explicitness": float(self.explicit.mean()),
        }


def disentanglement(codes: Floats, levels: Labels, seed: int) -> Disentanglement:
    """Compute all scores.

    Args:
        codes: (N, D) finite, in random order.
        levels: (N, F) the factors' levels, from 0, each factor with two of them at least.
        seed: of what is drawn.

    Raises:
        ValueError: a factor has one level only, so nothing can be said of it.
    """
    constant = np.flatnonzero((levels == levels[0]).all(0))
    if len(constant):
        raise ValueError(f"Factor {constant[0] + 1} of {levels.shape[1]} is the same for all examples.")
    rng = np.random.default_rng(seed)
    return Disentanglement(
        beta_vae_score(codes, levels, rng),
        factor_vae_score(codes, levels, rng),
        information(codes, levels),
        importance(codes, levels, seed),
        separated_predictability(single_dimension_accuracies(codes, levels)),
        explicitness(codes, levels),
    )
