"""Semi-supervised models that ship."""

from latentlab.experiments.recipes.recipe import Recipe

SIX_LABELS = {"labels": 6, "diverse_labels": True, "batch_size": 100, "learning_rate": 3e-4, "schedule": "constant"}

RECIPES = (
    Recipe(
        "mnist-m2",
        "MNIST, class and style in 2 dimensions",
        "m2",
        "mnist",
        "M2 with all labels and a plane for the style, so that every style of a class can be seen at once.",
        {"z_dim": 2, "hidden": 400, "likelihood": "gray-bernoulli", "alpha": 50.0},
        {"epochs": 30, "learning_rate": 2e-3, "batch_size": 200, "bf16": True},
    ),
    Recipe(
        "digits-m2",
        "Digits, class and style",
        "m2",
        "digits",
        "M2 with all labels of the 8×8 digits, trained in seconds.",
        {"z_dim": 4, "hidden": 200, "likelihood": "gaussian", "std": 0.2, "alpha": 50.0},
        {"epochs": 200},
    ),
    Recipe(
        "mnist-sdgm-100",
        "MNIST with 100 labels",
        "sdgm",
        "mnist",
        "An SDGM that was given the class of ten images of each class, and inferred it for the other 49,900.",
        {"z_dim": 32, "a_dim": 32, "hidden": 256, "batch_norm": True},
        {"epochs": 50, "batch_size": 100, "labels": 100, "bf16": True},
    ),
    Recipe(
        "moons-adgm",
        "Half-moons, six labels",
        "adgm",
        "moons",
        "An ADGM that knows both ends and the middle of each moon, and finds the rest (Maaløe et al. 2016, Fig. 2).",
        {"z_dim": 10, "a_dim": 10, "hidden": 100, "likelihood": "real-gaussian", "alpha": 167.0},
        {**SIX_LABELS, "epochs": 100, "snapshots": True},
    ),
    Recipe(
        "moons-m2",
        "Half-moons, six labels, over-trained",
        "m2",
        "moons",
        "The same without an auxiliary variable: it finds the moons within ten epochs, and loses them again.",
        {"z_dim": 10, "hidden": 100, "likelihood": "real-gaussian", "alpha": 167.0},
        {**SIX_LABELS, "epochs": 100, "snapshots": True},
    ),
    Recipe(
        "photovoltaic-sdgm",
        "Solar plant with 100 labels",
        "sdgm",
        "photovoltaic",
        "An SDGM of a solar plant in ten conditions: it was given those of 100 readings (Maaløe 2018, ch. 6). "
        "Seed 0, 90 s.",
        {"z_dim": 10, "a_dim": 10, "hidden": 50, "likelihood": "real-gaussian"},
        {"epochs": 150, "batch_size": 400, "labels": 100, "warmup": 1 / 6},
    ),
)
