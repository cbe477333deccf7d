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
        "spiral-dae",
        "Spiral",
        "dae",
        "spiral",
        "Arrows lead to the nearest arm, and between two arms they part: the sources of Alain (2018), Fig. 3.5.",
        {"sigma": 0.01, "hidden": 128, "layers": 2, "slope": 6.0, "reach": 0.6},
        {"epochs": 300, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "spiral-dae-naive",
        "Spiral, naive start",
        "dae",
        "spiral",
        "The same noise from the usual initialisation: out of control outside, with spurious attractors (Fig. 3.7).",
        {"sigma": 0.01, "hidden": 500, "init": "usual"},
        {"epochs": 150, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "spiral-dae-mended",
        "Spiral, naive start, more noise",
        "dae",
        "spiral",
        "The naive start again, but half of the examples get more noise: what is far away was seen in training.",
        {"sigma": 0.01, "hidden": 500, "init": "usual", "noise_schedule": "mixed", "sigma_far": 0.5},
        {"epochs": 150, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "mixture-dae",
        "Mixture of Gaussians",
        "dae",
        "mixture",
        "Five Gaussians, whose score is known: what the network learned can be held against the truth.",
        {"sigma": 0.5, "hidden": 128, "slope": 4.0, "reach": 3.5},
        {"epochs": 150, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "moons-dae",
        "Half-moons",
        "dae",
        "moons",
        "Two interleaved half-moons: two ridges, and a valley between them.",
        {"sigma": 0.1, "hidden": 128, "layers": 2, "slope": 5.0, "reach": 2.0},
        {"epochs": 200, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "rings-dae",
        "Rings",
        "dae",
        "rings",
        "Three rings: ridges that close on themselves, and a source in the middle.",
        {"sigma": 0.1, "hidden": 128, "layers": 2, "slope": 5.0, "reach": 1.8},
        {"epochs": 200, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "pinwheel-dae",
        "Pinwheel",
        "dae",
        "pinwheel",
        "Five arms that meet in the middle.",
        {"sigma": 0.1, "hidden": 128, "layers": 2, "slope": 5.0, "reach": 2.6},
        {"epochs": 200, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "checkerboard-dae",
        "Checkerboard",
        "dae",
        "checkerboard",
        "Eight flat squares: no gradient inside, steep edges.",
        {"sigma": 0.15, "hidden": 128, "layers": 2, "slope": 5.0, "reach": 2.3},
        {"epochs": 200, "batch_size": 256, "learning_rate": 3e-3},
    ),
    Recipe(
        "curve-dae",
        "Curve in ten dimensions",
        "dae",
        "curve",
        "A curve in ten dimensions and noise of a tenth: what the source samples from (Alain 2018, Fig. 3.6).",
        {"sigma": 0.1, "hidden": 256, "layers": 2, "init": "usual"},
        {"epochs": 400, "batch_size": 500, "learning_rate": 2e-3},
    ),
    Recipe(
        "digits-dae",
        "Digits, denoised",
        "dae",
        "digits",
        "A denoiser of the 8×8 digits: the score of an image is itself an image.",
        {"sigma": 0.3, "hidden": 512},
        {"epochs": 400},
    ),
    Recipe(
        "mnist-dae",
        "MNIST, denoised",
        "dae",
        "mnist",
        "A convolutional denoiser of MNIST: what each pixel would have to change to look more like a digit.",
        {"sigma": 0.5, "network": "conv", "width": 16},
        {"epochs": 20},
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
        "digits-gsn-scaled",
        "Digits, a walk with factors",
        "gsn",
        "digits",
        "The same with a learned factor for each step of the walkback: the first is trusted most.",
        {"layers": 1, "hidden": 500, "corruption": 0.2, "walkback": 3, "scaling": True, "binary": True},
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
