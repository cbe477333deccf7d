"""How the runs that ship were made, by family: `python -m latentlab reproduce` trains them again, seeds and all."""

from latentlab.experiments.recipes import (
    adversarial,
    autoencoders,
    autoregressive,
    classifiers,
    cluster_aware,
    energy,
    hierarchical,
    linear,
    semi_supervised,
    vae,
)
from latentlab.experiments.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe"]

RECIPES: tuple[Recipe, ...] = (
    *vae.RECIPES,
    *classifiers.RECIPES,
    *autoencoders.RECIPES,
    *energy.RECIPES,
    *semi_supervised.RECIPES,
    *cluster_aware.RECIPES,
    *hierarchical.RECIPES,
    *adversarial.RECIPES,
    *autoregressive.RECIPES,
    *linear.RECIPES,
)
