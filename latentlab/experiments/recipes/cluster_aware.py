"""Cluster-aware generative models that ship, and the settings of the experiment on their labels."""

from latentlab.experiments.recipes.recipe import Recipe

DIGITS = {"z_dim": 16, "z2_dim": 8, "hidden": 128, "likelihood": "gaussian", "std": 0.2}
TRAINING = {"epochs": 120, "batch_size": 100, "warmup": 0.5}
MNIST = {"z_dim": 32, "z2_dim": 16, "hidden": 256}
MNIST_TRAINING = {"epochs": 12, "batch_size": 100, "warmup": 0.5}

RECIPES = (
    Recipe(
        "digits-cagem-plane",
        "Digits, 100 labels: z2 on a plane",
        "cagem",
        "digits",
        "A CaGeM whose upper layer has two dimensions, so that the regions of the classes can be seen, and 100 labels.",
        DIGITS | {"z2_dim": 2},
        TRAINING | {"labels": 100},
    ),
    Recipe(
        "digits-cagem",
        "Digits, 100 labels: cluster-aware",
        "cagem",
        "digits",
        "A CaGeM that was given the class of ten images of each class: z2 says the class, z1 the rest.",
        DIGITS,
        TRAINING | {"labels": 100},
    ),
    Recipe(
        "digits-cagem-0",
        "Digits, no labels: cluster-aware",
        "cagem_unsupervised",
        "digits",
        "The same without a label: it finds clusters of its own, and uses few of ten.",
        DIGITS,
        TRAINING,
    ),
    Recipe(
        "digits-two-layers",
        "Digits, two layers: hierarchical VAE",
        "lvae",
        "digits",
        "Two layers as wide as those of the cluster-aware models, without a class or a cluster between them.",
        DIGITS | {"inference": "bottom-up"},
        TRAINING,
    ),
)
