"""The models, by name. To add one: write its file, add it here."""

from latentlab.models.ae import AE
from latentlab.models.base import (
    ABILITIES,
    Classifies,
    Decodes,
    Encodes,
    Loss,
    Model,
    Samples,
    Spec,
    Weighs,
    abilities,
)
from latentlab.models.cnn import CNN
from latentlab.models.gaussian_vae import GaussianVAE
from latentlab.models.mlp import MLP
from latentlab.models.vae import VAE

MODELS: dict[str, type[Model]] = {model.name: model for model in (AE, VAE, CNN, MLP)}

__all__ = [
    "ABILITIES",
    "AE",
    "CNN",
    "MLP",
    "MODELS",
    "VAE",
    "Classifies",
    "Decodes",
    "Encodes",
    "GaussianVAE",
    "Loss",
    "Model",
    "Samples",
    "Spec",
    "Weighs",
    "abilities",
]
