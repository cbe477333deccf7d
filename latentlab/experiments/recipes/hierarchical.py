"""Hierarchies of latent variables that ship.

The four with five layers differ by one addition each, as in Sønderby et al. (2016), Figs. 3 to 6. On the test digits
they have, in nats, this ELBO, bound of 200 samples, and KL of each layer, and this accuracy of a linear probe of each:

    VAE                   -24.82  -24.40    2.44 0.00 0.00 0.00 0.00    .50 .12 .06 .09 .09
    batch normalisation   -24.10  -23.32    1.66 0.87 0.54 0.32 0.59    .63 .44 .28 .21 .17
    and warm-up           -24.15  -22.94    1.87 1.02 0.74 0.64 0.76    .70 .56 .39 .31 .23
    and ladder VAE        -23.86  -22.67    2.30 1.36 0.82 0.47 0.46    .74 .66 .53 .40 .25

That of MNIST was stopped after 93 of its 130 epochs, 20 minutes of processor time: `checkpoints/long-training.csv`.
"""

from typing import Any

from latentlab.experiments.recipes.recipe import Recipe

FIVE = {"z_dim": 32, "z2_dim": 16, "z3_dim": 8, "z4_dim": 4, "z5_dim": 2, "hidden": 128}
TRAINING = {"epochs": 150, "batch_size": 100, "clip": 10.0}
WARM = TRAINING | {"warmup": 0.27}
MNIST = {"z_dim": 64, "z2_dim": 32, "z3_dim": 16, "z4_dim": 8, "z5_dim": 4, "hidden": 384}
MNIST_TRAINING = {"epochs": 130, "batch_size": 256, "clip": 10.0, "warmup": 0.2}
PIXELS: dict[str, Any] = {"epochs": 6, "batch_size": 100, "clip": 10.0, "warmup": 0.5}

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
    Recipe(
        "digits-five-layers",
        "Digits, five layers: hierarchical VAE",
        "lvae",
        "digits",
        "Five layers of latent variables, inferred bottom-up without batch normalisation: the upper four are unused.",
        FIVE | {"inference": "bottom-up", "batch_norm": False},
        TRAINING,
    ),
    Recipe(
        "digits-five-layers-bn",
        "Digits, five layers: with batch normalisation",
        "lvae",
        "digits",
        "The same five layers with batch normalisation of all layers: every layer is used.",
        FIVE | {"inference": "bottom-up"},
        TRAINING,
    ),
    Recipe(
        "digits-five-layers-warmup",
        "Digits, five layers: with batch normalisation and warm-up",
        "lvae",
        "digits",
        "The same, with a warm-up: the weight of the KL divergence rises from 0 over the first 40 epochs.",
        FIVE | {"inference": "bottom-up"},
        WARM,
    ),
    Recipe(
        "digits-five-layers-lvae",
        "Digits, five layers: ladder VAE",
        "lvae",
        "digits",
        "The same, inferred from the top down as a ladder VAE, with batch normalisation and warm-up.",
        FIVE,
        WARM,
    ),
    Recipe(
        "mnist-five-layers-lvae",
        "MNIST, five layers: ladder VAE",
        "lvae",
        "mnist",
        "Five layers of latent variables, of 64 to 4 dimensions as in the paper, and networks of 384 to 24 units.",
        MNIST,
        MNIST_TRAINING,
    ),
    Recipe(
        "mnist14-conv-lvae",
        "MNIST of 14×14, convolutional ladder VAE",
        "fame",
        "mnist-14",
        "Three convolutional layers of latent variables; each pixel depends on the code alone.",
        {"decoder": "none"},
        PIXELS,
    ),
    Recipe(
        "mnist14-fame-one-pass",
        "MNIST of 14×14, FAME without concatenation",
        "fame",
        "mnist-14",
        "The same with the network of a PixelCNN behind the decoder, which doesn't read the image.",
        {"decoder": "one-pass"},
        PIXELS,
    ),
    Recipe(
        "mnist14-fame",
        "MNIST of 14×14, FAME",
        "fame",
        "mnist-14",
        "The same, and each pixel depends on those before it, too: the codes say what these don't.",
        {},
        PIXELS,
    ),
)
