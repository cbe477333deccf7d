"""Adversarial models that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RING = {"categories": 8, "noise": 2, "hidden": 64}
RING_TRAINING = {"epochs": 60}
DIGITS = {"z_dim": 16, "hidden": 128}
DIGITS_TRAINING = {"epochs": 100, "batch_size": 64}
MNIST = {"z_dim": 64, "hidden": 256}
MNIST_TRAINING = {"epochs": 8}
INFO_DIGITS = {"uniform": 2, "noise": 16, "uniform_information": 0.05}
INFO_DIGITS_TRAINING = DIGITS_TRAINING
INFO_MNIST = {"uniform": 2, "noise": 62, "hidden": 256, "uniform_information": 0.03}
INFO_MNIST_TRAINING = {"epochs": 8}

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
    Recipe(
        "gaussian-gan",
        "A Gaussian, adversarial",
        "gan",
        "gaussian",
        "One dimension, with snapshots: after an epoch V is near −log 4 and the samples a third as wide as the data.",
        {"z_dim": 1, "hidden": 32},
        {"epochs": 100, "batch_size": 256, "snapshots": True},
    ),
    Recipe(
        "digits-gan",
        "Digits, adversarial",
        "gan",
        "digits",
        "A generator of 8×8 digits with batch normalisation, and snapshots of its training.",
        DIGITS,
        {**DIGITS_TRAINING, "snapshots": True},
    ),
    Recipe(
        "ring-infogan",
        "Ring of Gaussians, InfoGAN",
        "infogan",
        "gaussian-ring",
        "A category that must be read from each sample: the generator gives each of eight a Gaussian of its own.",
        RING,
        {**RING_TRAINING, "snapshots": True},
    ),
    Recipe(
        "ring-infogan-control",
        "Ring of Gaussians, InfoGAN with λ = 0",
        "infogan",
        "gaussian-ring",
        "The control: nothing asks that a sample says its category, and none does.",
        {**RING, "information": 0.0},
        RING_TRAINING,
    ),
    Recipe(
        "digits-infogan",
        "Digits, InfoGAN",
        "infogan",
        "digits",
        "Each sample says its category and two uniform codes; on their own the categories are the digits only in part.",
        INFO_DIGITS,
        {**INFO_DIGITS_TRAINING, "snapshots": True},
    ),
    Recipe(
        "mnist-infogan",
        "MNIST, InfoGAN",
        "infogan",
        "mnist",
        "The same of MNIST, as in the source, with smaller networks.",
        INFO_MNIST,
        INFO_MNIST_TRAINING,
    ),
    Recipe(
        "mnist-gan",
        "MNIST, adversarial",
        "gan",
        "mnist",
        "A generator of MNIST digits that loses none of the ten, by a penalty R₁ and Adam's β₁ = 0.5.",
        MNIST,
        MNIST_TRAINING,
    ),
)
