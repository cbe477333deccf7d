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
        "mnist-cvae",
        "MNIST, every class in one style",
        "cvae",
        "mnist",
        "A conditional VAE: the class beside a code of four dimensions, which is left to say the style.",
        {"z_dim": 4, "hidden": 400, "likelihood": "gray-bernoulli"},
        {"epochs": 30, "learning_rate": 2e-3, "batch_size": 200, "bf16": True},
    ),
    Recipe(
        "mnist-m2",
        "MNIST, a plane of styles",
        "m2",
        "mnist",
        "M2 with all labels and a plane for the style, so that every style of a class can be seen at once.",
        {"z_dim": 2, "hidden": 400, "likelihood": "gray-bernoulli"},
        {"epochs": 30, "learning_rate": 2e-3, "batch_size": 200, "bf16": True},
    ),
    Recipe(
        "digits-m2",
        "Digits, every class in one style",
        "m2",
        "digits",
        "M2 with all labels of the 8×8 digits, trained in seconds.",
        {"z_dim": 4, "hidden": 200, "likelihood": "gaussian", "std": 0.2},
        {"epochs": 200},
    ),
    Recipe(
        "mnist-sdgm-100",
        "MNIST with 100 labels",
        "sdgm",
        "mnist",
        "An SDGM that was told the class of ten images of each, and worked out the other 49,900 on its own.",
        {"z_dim": 32, "a_dim": 32, "hidden": 256, "batch_norm": True},
        {"epochs": 30, "batch_size": 100, "labels": 100, "bf16": True},
    ),
)
