"""Autoregressive models that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "digits-pixelcnn",
        "Digits, autoregressive",
        "pixelcnn",
        "digits",
        "An exact likelihood and no code: each pixel given those before it.",
        {},
        {"epochs": 120, "learning_rate": 2e-3},
    ),
)
