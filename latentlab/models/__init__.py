"""The models, by name. To add one: write its file, add it here."""

from latentlab.models.autoencoders.ae import AE
from latentlab.models.autoencoders.cae import CAE
from latentlab.models.autoencoders.dae import DAE
from latentlab.models.autoencoders.rcae import RCAE
from latentlab.models.base import (
    ABILITIES,
    Auxiliary,
    Classifies,
    Conditional,
    Decodes,
    Denoises,
    Encodes,
    Labels,
    Loss,
    Model,
    Samples,
    Spec,
    Walks,
    Weighs,
    abilities,
    about,
)
from latentlab.models.classifiers.cnn import CNN
from latentlab.models.classifiers.mlp import MLP
from latentlab.models.energy.gsn import GSN
from latentlab.models.parts.auxiliary_vae import AuxiliaryVAE
from latentlab.models.parts.conditional_vae import ConditionalVAE
from latentlab.models.parts.gaussian_vae import GaussianVAE
from latentlab.models.parts.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.semi_supervised.adgm import ADGM
from latentlab.models.semi_supervised.m1 import M1
from latentlab.models.semi_supervised.m1_m2 import M1M2
from latentlab.models.semi_supervised.m2 import M2
from latentlab.models.semi_supervised.sdgm import SDGM
from latentlab.models.semi_supervised.two_headed import TwoHeaded
from latentlab.models.vae.avae import AVAE
from latentlab.models.vae.cvae import CVAE
from latentlab.models.vae.vae import VAE

MODELS: dict[str, type[Model]] = {
    model.name: model
    for model in (AE, VAE, CVAE, M1, M2, M1M2, TwoHeaded, AVAE, ADGM, SDGM, CNN, MLP, DAE, CAE, RCAE, GSN)
}

__all__ = [
    "ABILITIES",
    "ADGM",
    "AE",
    "AVAE",
    "CAE",
    "CNN",
    "CVAE",
    "DAE",
    "GSN",
    "M1",
    "M1M2",
    "M2",
    "MLP",
    "MODELS",
    "RCAE",
    "SDGM",
    "VAE",
    "Auxiliary",
    "AuxiliaryVAE",
    "Classifies",
    "Conditional",
    "ConditionalVAE",
    "Decodes",
    "Denoises",
    "Encodes",
    "GaussianVAE",
    "Labels",
    "Loss",
    "Model",
    "Samples",
    "SemiSupervisedVAE",
    "Spec",
    "TwoHeaded",
    "Walks",
    "Weighs",
    "abilities",
    "about",
]
