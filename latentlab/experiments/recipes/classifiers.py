"""Classifiers that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "mnist-cnn",
        "MNIST classifier (CNN)",
        "cnn",
        "mnist",
        "The classifier that predicts the class of what other models generate.",
        {},
        {"epochs": 12, "weight_decay": 0.01},
    ),
    Recipe(
        "mnist-cnn-small",
        "MNIST, small classifier",
        "cnn",
        "mnist",
        "A small classifier with its parameters after epochs 1, 2 and 5 too: probes see it learn.",
        {"width": 16, "hidden": 256},
        {"epochs": 10, "weight_decay": 0.01, "snapshots": True},
    ),
    Recipe(
        "digits-cnn",
        "Digits classifier",
        "cnn",
        "digits",
        "A small classifier of the 8×8 digits, with snapshots of its training.",
        {"width": 16, "hidden": 128},
        {"epochs": 40, "weight_decay": 0.01, "snapshots": True},
    ),
)
