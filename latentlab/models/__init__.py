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
    Encodes,
    Labels,
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
from latentlab.models.m1 import M1
from latentlab.models.m2 import M2
from latentlab.models.sdgm import SDGM
from latentlab.models.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.two_headed import TwoHeaded
from latentlab.models.vae import VAE

MODELS: dict[str, type[Model]] = {
    model.name: model for model in (AE, VAE, AVAE, CNN, CVAE, M1, M2, TwoHeaded, ADGM, SDGM)
}

__all__ = [
    "ABILITIES",
    "ADGM",
    "AE",
    "AVAE",
    "CNN",
    "CVAE",
    "M1",
    "M2",
    "MODELS",
    "SDGM",
    "VAE",
    "Auxiliary",
    "AuxiliaryVAE",
    "Classifies",
    "Conditional",
    "ConditionalVAE",
    "Decodes",
    "Encodes",
    "GaussianVAE",
    "Labels",
    "Loss",
    "Model",
    "Samples",
    "SemiSupervisedVAE",
    "Spec",
    "TwoHeaded",
    "Weighs",
    "abilities",
]
