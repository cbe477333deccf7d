"""Variational autoencoders that ship."""

from typing import Any

from latentlab.experiments.recipes.recipe import Recipe

SHAPES: dict[str, Any] = {"z_dim": 10, "hidden": 128, "likelihood": "gray-bernoulli"}
OF_SHAPES: dict[str, Any] = {"epochs": 60, "learning_rate": 2e-3}
FALLING: dict[str, Any] = {"beta": 2.0, "beta_start": 20.0}
OF_SOLIDS: dict[str, Any] = {"epochs": 100, "learning_rate": 2e-3, "batch_size": 64}
OVER_ALL: dict[str, Any] = {"warmup": 1.0}
# Burhanpurkar (2020), §2.4: cut at gray 191.25 of 255
CUT: dict[str, Any] = {"network": "conv5", "likelihood": "cut-bernoulli", "threshold": 0.75}
SKETCHES: dict[str, Any] = {**CUT, "z_dim": 14}
SKETCHES_TRAINING: dict[str, Any] = {"epochs": 40, "batch_size": 32}
SKETCHES_2D: dict[str, Any] = {**CUT, "z_dim": 2, "first_filters": 16, "second_filters": 16, "kernel": "3"}
SKETCHES_2D_TRAINING: dict[str, Any] = {"epochs": 50, "batch_size": 32, "clip": 1.0}

RECIPES = (
    Recipe(
        "mnist-vae-2d",
        "MNIST in 2 dimensions",
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
        "digits-vae",
        "Digits in 2 dimensions",
        "vae",
        "digits",
        "A VAE of the 8×8 digits, trained in seconds: a good start for experiments of your own.",
        {"z_dim": 2, "hidden": 256, "likelihood": "gray-bernoulli"},
        {"epochs": 300, "snapshots": True},
    ),
    Recipe(
        "digits-vae-planar",
        "Digits in 2 dimensions, planar flow",
        "planar_vae",
        "digits",
        "The same with a planar flow of eight maps, so that the posterior of a code is no Gaussian.",
        {"z_dim": 2, "hidden": 256, "likelihood": "gray-bernoulli"},
        {"epochs": 300},
    ),
    Recipe(
        "mnist-cvae",
        "MNIST, class and style",
        "cvae",
        "mnist",
        "A conditional VAE: the class beside a code of four dimensions, which is left to say the style.",
        {"z_dim": 4, "hidden": 400, "likelihood": "gray-bernoulli"},
        {"epochs": 30, "learning_rate": 2e-3, "batch_size": 200, "bf16": True},
    ),
    Recipe(
        "sketches-vae",
        "Sketches in 14 dimensions",
        "vae",
        "sketches",
        "The VAE of 8 and 16 filters of Burhanpurkar (2020): seed 0, 40 epochs instead of 200, 8.4 min of processor "
        "time.",
        SKETCHES,
        SKETCHES_TRAINING,
    ),
    Recipe(
        "sketches-vae-2d",
        "Sketches in 2 dimensions",
        "vae",
        "sketches",
        "The VAE of 16 and 16 filters of Burhanpurkar (2020): seed 0, 50 epochs as there, 9 min of processor time.",
        SKETCHES_2D,
        SKETCHES_2D_TRAINING,
    ),
    Recipe(
        "shapes-vae",
        "Shapes, VAE",
        "vae",
        "shapes",
        "A VAE of shapes whose factors are known: its dimensions mix them.",
        SHAPES,
        OF_SHAPES,
    ),
    Recipe(
        "shapes-beta-vae",
        "Shapes, β-VAE",
        "vae",
        "shapes",
        "The same with a β that falls from 20 to 2: x, y and size have a dimension each, and the rest is lost.",
        SHAPES | FALLING,
        OF_SHAPES | OVER_ALL,
    ),
    Recipe(
        "shapes-dcign",
        "Shapes, DC-IGN",
        "dcign",
        "shapes",
        "A VAE that learned from shapes that differ in one factor: z1, z3, z4 are for size, x, y; the angle is lost.",
        SHAPES,
        OF_SHAPES,
    ),
    Recipe(
        "three-d-vae",
        "Solids in space, VAE",
        "vae",
        "three-d",
        "A VAE of solids whose azimuth, elevation and light are known, to compare with one that learned each alone.",
        SHAPES,
        OF_SOLIDS,
    ),
    Recipe(
        "three-d-dcign",
        "Solids in space, DC-IGN",
        "dcign",
        "three-d",
        "A VAE that learned from solids that differ in one factor: z1 turns them, z2 tilts them, z3 moves the lamp.",
        SHAPES,
        OF_SOLIDS,
    ),
    Recipe(
        "photovoltaic-vae",
        "Solar plant, normal days",
        "vae",
        "photovoltaic-normal",
        "A VAE of what six sensors of a solar plant read on days without a fault: whatever else they read is "
        "strange. Seed 0, half a minute.",
        {"z_dim": 4, "hidden": 64, "likelihood": "real-gaussian"},
        {"epochs": 60, "batch_size": 200},
    ),
    Recipe(
        "photovoltaic-windows-vae",
        "Solar plant, a quarter of an hour",
        "vae",
        "photovoltaic-windows",
        "The same days in windows of 15 minutes, by convolutions over time. AUROC next to “Solar plant, normal days”, "
        "three seeds each: a higher resistance is found better (RS4 0.77 for 0.71, RS8 0.84 for 0.81), a sensor that "
        "drifts as well (0.99), light lost on all modules and a sensor that sticks worse (PS7 0.84 for 0.94, soiled "
        "0.75 for 0.87, G stuck 0.90 for 0.97). Seed 0, 40 seconds of CPU.",
        {"z_dim": 24, "network": "conv1d", "filters": 32, "likelihood": "real-gaussian"},
        {"epochs": 100, "batch_size": 200, "learning_rate": 2e-3},
    ),
)
