"""Classifiers that ship."""

from latentlab.experiments.recipes.recipe import Recipe

SMALLEST = {"width": 4, "kernel": 3, "hidden": 24, "dropout": 0.0}
SMALLEST_TRAINING = {"epochs": 50, "batch_size": 32, "schedule": "constant", "snapshots": True}

RECIPES = (
    Recipe(
        "mnist-cnn",
        "MNIST classifier (CNN)",
        "cnn",
        "mnist",
        "The classifier that predicts the class of what other models generate.",
        {},
        {"epochs": 12, "weight_decay": 0.01},
    ),
    Recipe(
        "mnist-cnn-small",
        "MNIST, small classifier",
        "cnn",
        "mnist",
        "A small classifier with its parameters after epochs 1, 2 and 5 too: probes see it learn.",
        {"width": 16, "hidden": 256},
        {"epochs": 10, "weight_decay": 0.01, "snapshots": True},
    ),
    Recipe(
        "sketches-cnn",
        "Sketches classifier",
        "convnet",
        "sketches",
        "The printed network of Burhanpurkar (2020), 430,407 parameters: seed 0, 20 epochs, 63 s of processor time. "
        "Seeds 0, 1, 2: test accuracy 0.955, 0.967, 0.959 (source 0.959 on drawings by people); 0.81, 0.88, 0.82 on "
        "175 drawings by people.",
        {},
        {"epochs": 20, "batch_size": 64, "schedule": "constant"},
    ),
    Recipe(
        "digits-cnn",
        "Digits classifier",
        "cnn",
        "digits",
        "A small classifier of the 8×8 digits, with snapshots of its training.",
        {"width": 16, "hidden": 128},
        {"epochs": 40, "weight_decay": 0.01, "snapshots": True},
    ),
    Recipe(
        "digits-rmsprop",
        "Digits, RMSProp",
        "cnn",
        "digits",
        "A classifier of 1,378 parameters whose curvature is measured at each snapshot.",
        SMALLEST,
        {**SMALLEST_TRAINING, "optimizer": "rmsprop", "learning_rate": 1e-3},
    ),
    Recipe(
        "digits-sgd",
        "Digits, SGD",
        "cnn",
        "digits",
        "The same network from the same parameters, trained by plain steps of 0.2 along the gradient.",
        SMALLEST,
        {**SMALLEST_TRAINING, "optimizer": "sgd", "learning_rate": 0.2},
    ),
)
