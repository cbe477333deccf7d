"""Generative stochastic networks that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "digits-gsn",
        "Digits, GSN",
        "gsn",
        "digits",
        "A denoising autoencoder with a walkback of three steps: its Markov chain goes from digit to digit.",
        {"layers": 1, "hidden": 500, "corruption": 0.2, "walkback": 3, "binary": True},
        {"epochs": 300, "batch_size": 50, "snapshots": True},
    ),
    Recipe(
        "digits-gsn-scaled",
        "Digits, GSN with a factor for each step",
        "gsn",
        "digits",
        "The same with a learned factor for each step of the walkback: the first is trusted most.",
        {"layers": 1, "hidden": 500, "corruption": 0.2, "walkback": 3, "scaling": True, "binary": True},
        {"epochs": 300, "batch_size": 50},
    ),
    Recipe(
        "mnist-gsn-plain",
        "MNIST, GSN without walkback",
        "gsn",
        "mnist",
        "A denoising autoencoder's chain, to compare with the one that walkback trains.",
        {"layers": 1, "hidden": 1000, "corruption": 0.5, "walkback": 1, "binary": True},
        {"epochs": 40, "bf16": True},
    ),
    Recipe(
        "mnist-gsn-walkback",
        "MNIST, GSN with walkback",
        "gsn",
        "mnist",
        "The same network, trained on chains of five steps.",
        {"layers": 1, "hidden": 1000, "corruption": 0.5, "walkback": 5, "binary": True},
        {"epochs": 20, "bf16": True},
    ),
    Recipe(
        "mnist-gsn",
        "MNIST, GSN of two layers",
        "gsn",
        "mnist",
        "A generative stochastic network of two hidden layers, smaller and trained for less long than in its source.",
        {"layers": 2, "hidden": 800, "walkback": 4},
        {"epochs": 25, "bf16": True},
    ),
)
