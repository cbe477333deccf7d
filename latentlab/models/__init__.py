"""The models, by name. To add one: write its file, add it here."""

from latentlab.models.ae import AE
from latentlab.models.base import (
    ABILITIES,
    Classifies,
    Conditional,
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
from latentlab.models.conditional_vae import ConditionalVAE
from latentlab.models.cvae import CVAE
from latentlab.models.gaussian_vae import GaussianVAE
from latentlab.models.m2 import M2
from latentlab.models.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.vae import VAE

MODELS: dict[str, type[Model]] = {model.name: model for model in (AE, VAE, CNN, CVAE, M2)}

__all__ = [
    "ABILITIES",
    "AE",
    "CNN",
    "CVAE",
    "M2",
    "MODELS",
    "VAE",
    "Classifies",
    "Conditional",
    "ConditionalVAE",
    "Decodes",
    "Encodes",
    "GaussianVAE",
    "Loss",
    "Model",
    "Samples",
    "SemiSupervisedVAE",
    "Spec",
    "Weighs",
    "abilities",
]
