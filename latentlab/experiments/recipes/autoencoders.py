"""Denoising autoencoders that ship."""

from latentlab.experiments.recipes.recipe import Recipe

REACH = {"slope": 5.0, "reach": 2.0}  # of the first layer, for data as wide as the half-moons

RECIPES = (
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
        "moons-dae-spurious",
        "Half-moons, a spurious attractor",
        "dae",
        "moons",
        "Right near the data and wrong far from them, where so little noise never leads: as in Alain (2018), Fig. 3.7.",
        {"sigma": 0.05, "hidden": 100, "slope": 5.0, "reach": 2.0},
        {"epochs": 38, "batch_size": 128, "learning_rate": 5e-3},
    ),
    Recipe(
        "moons-dae-walkback",
        "Half-moons, walkback",
        "dae",
        "moons",
        "The same network and noise, trained on five steps of its own chain: what lies where it leads is led back.",
        {"sigma": 0.05, "hidden": 100, "slope": 5.0, "reach": 2.0, "walkback": 5},
        {"epochs": 38, "batch_size": 128, "learning_rate": 5e-3},
    ),
    *(
        Recipe(
            f"moons-one-layer-{model}",
            f"Half-moons, one layer, {model.upper()}",
            model,
            "moons",
            note,
            {"sigma": 0.1, "hidden": 128} | config,
            {"epochs": 100, "batch_size": 256, "learning_rate": 3e-3},
        )
        for model, note, config in (
            ("dae", "Trained to take noise away: to be compared with two that are trained without noise.", REACH),
            ("rcae", "Its reconstruction is contracted: what a denoiser is in the limit of little noise.", REACH),
            ("cae", "Its code is contracted, not its reconstruction: what it learns is no score.", {}),
        )
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
)
