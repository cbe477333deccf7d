"""The models, by name. To add one: write its file, add it here."""

from latentlab.models.adgm import ADGM
from latentlab.models.ae import AE
from latentlab.models.auxiliary_vae import AuxiliaryVAE
from latentlab.models.avae import AVAE
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
from latentlab.models.cae import CAE
from latentlab.models.cnn import CNN
from latentlab.models.conditional_vae import ConditionalVAE
from latentlab.models.cvae import CVAE
from latentlab.models.dae import DAE
from latentlab.models.gaussian_vae import GaussianVAE
from latentlab.models.gsn import GSN
from latentlab.models.m1 import M1
from latentlab.models.m1_m2 import M1M2
from latentlab.models.m2 import M2
from latentlab.models.mlp import MLP
from latentlab.models.rcae import RCAE
from latentlab.models.sdgm import SDGM
from latentlab.models.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.two_headed import TwoHeaded
from latentlab.models.vae import VAE

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
