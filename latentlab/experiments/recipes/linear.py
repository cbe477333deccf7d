"""Linear models that ship."""

from latentlab.experiments.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "mnist-ppca",
        "MNIST, 20 principal components",
        "ppca",
        "mnist",
        "Probabilistic PCA, fitted in closed form: the honest linear baseline beside every VAE of as many dimensions.",
        {"z_dim": 20},
    ),
)
