"""The models, by name. To add one: write its file, add it here."""

from latentlab.models.ae import AE
from latentlab.models.base import (
    ABILITIES,
    Classifies,
    Decodes,
    Denoises,
    Encodes,
    Loss,
    Model,
    Samples,
    Spec,
    Walks,
    Weighs,
    abilities,
)
from latentlab.models.cae import CAE
from latentlab.models.cnn import CNN
from latentlab.models.dae import DAE
from latentlab.models.gaussian_vae import GaussianVAE
from latentlab.models.gsn import GSN
from latentlab.models.rcae import RCAE
from latentlab.models.vae import VAE

MODELS: dict[str, type[Model]] = {model.name: model for model in (AE, VAE, CNN, DAE, CAE, RCAE, GSN)}

__all__ = [
    "ABILITIES",
    "AE",
    "CAE",
    "CNN",
    "DAE",
    "GSN",
    "MODELS",
    "RCAE",
    "VAE",
    "Classifies",
    "Decodes",
    "Denoises",
    "Encodes",
    "GaussianVAE",
    "Loss",
    "Model",
    "Samples",
    "Spec",
    "Walks",
    "Weighs",
    "abilities",
]
