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
    Recipe(
        "digits-pixelcnn-classes",
        "Digits, autoregressive given the class",
        "pixelcnn-classes",
        "digits",
        "Exact p(x|y), p(x) and p(y|x) over 17 levels of gray: it draws a class that you choose, and it classifies.",
        {"likelihood": "logistic"},
        {"epochs": 120, "learning_rate": 2e-3},
    ),
)
