"""Adversarial models that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "moons-gan",
        "Half-moons, adversarial",
        "gan",
        "moons",
        "A generator of points that a discriminator can hardly tell from the half-moons.",
        {},
        {"epochs": 60},
    ),
    Recipe(
        "bumps-gan",
        "Three bumps, adversarial",
        "gan",
        "bumps",
        "The same in one dimension, where both densities can be drawn.",
        {},
        {"epochs": 60},
    ),
)
