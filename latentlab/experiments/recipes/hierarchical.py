"""Hierarchies of latent variables that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "digits-lvae",
        "Digits, ladder VAE of two layers",
        "lvae",
        "digits",
        "Two layers of latent variables, the lower one inferred from the image and from the upper one together.",
        {"hidden": 128},
        {"epochs": 150, "batch_size": 100, "warmup": 0.27},
    ),
)
