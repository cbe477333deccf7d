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
    Recipe(
        "mnist-pixelcnn",
        "MNIST, autoregressive",
        "pixelcnn",
        "mnist",
        "Exact p(x) over 17 levels of gray, from one pass over the data: its samples are held against those of a GAN.",
        {"likelihood": "logistic"},
        {"epochs": 1, "batch_size": 50, "learning_rate": 4e-3},
    ),
)
