"""How the runs that ship were made: `python -m latentlab reproduce` trains them again, seeds and all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A run to be made: its id, its title, and the knobs that differ from their defaults."""

    id: str
    title: str
    model: str
    dataset: str
    note: str
    config: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)


RECIPES = (
    Recipe(
        "mnist-vae-2d",
        "MNIST in the plane",
        "vae",
        "mnist",
        "A VAE whose latent space is a plane, so that all it learned can be seen at once.",
        {"z_dim": 2},
        {"epochs": 60, "learning_rate": 2e-3},
    ),
    Recipe(
        "mnist-vae-20d",
        "MNIST in 20 dimensions",
        "vae",
        "mnist",
        "The usual MLP VAE: more dimensions than it uses, so the unused ones can be seen.",
        {"z_dim": 20},
        {"epochs": 60},
    ),
    Recipe(
        "mnist-vae-conv",
        "MNIST, convolutional",
        "vae",
        "mnist",
        "A small convolutional VAE: sharper strokes from a seventh of the parameters.",
        {"z_dim": 10, "network": "conv", "width": 16},
        {"epochs": 30},
    ),
    Recipe(
        "mnist-cnn",
        "MNIST judge",
        "cnn",
        "mnist",
        "The classifier that judges what other models generate.",
        {},
        {"epochs": 12, "weight_decay": 0.01},
    ),
    Recipe(
        "digits-vae",
        "Digits in the plane",
        "vae",
        "digits",
        "A VAE of the 8×8 digits, trained in seconds: a good start for experiments of your own.",
        {"z_dim": 2, "hidden": 256, "likelihood": "gray-bernoulli"},
        {"epochs": 300},
    ),
    Recipe(
        "digits-cnn",
        "Digits judge",
        "cnn",
        "digits",
        "A small classifier of the 8×8 digits.",
        {"width": 16, "hidden": 128},
        {"epochs": 40, "weight_decay": 0.01},
    ),
    Recipe(
        "digits-gsn",
        "Digits, a walk",
        "gsn",
        "digits",
        "A denoising autoencoder with a walkback of three steps: it walks from digit to digit.",
        {"layers": 1, "hidden": 500, "corruption": 0.2, "walkback": 3, "binary": True},
        {"epochs": 300, "batch_size": 50},
    ),
    Recipe(
        "mnist-gsn-plain",
        "MNIST, a walk without walkback",
        "gsn",
        "mnist",
        "A denoising autoencoder's chain, to compare with the one that walkback trains.",
        {"layers": 1, "hidden": 1000, "corruption": 0.5, "walkback": 1, "binary": True},
        {"epochs": 40, "bf16": True},
    ),
    Recipe(
        "mnist-gsn-walkback",
        "MNIST, a walk by walkback",
        "gsn",
        "mnist",
        "The same network, trained on walks of five steps.",
        {"layers": 1, "hidden": 1000, "corruption": 0.5, "walkback": 5, "binary": True},
        {"epochs": 20, "bf16": True},
    ),
    Recipe(
        "mnist-gsn",
        "MNIST, a walk through two layers",
        "gsn",
        "mnist",
        "A generative stochastic network of two hidden layers, smaller and trained for less long than in its source.",
        {"layers": 2, "hidden": 800, "walkback": 4},
        {"epochs": 25, "bf16": True},
    ),
)
