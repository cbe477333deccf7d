"""What a classifier recognises in images: never of generated ones alone, since it errs on real ones, too.

Burhanpurkar, Neural Networks for Doodles (2020), §3, counts the reconstructions that a classifier puts into the class
of their input, and gives no control. Here the control comes first: real images, and the same as the model saw them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.activations import encode_all
from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, Preprocessing
from latentlab.analysis.generated.images import Images
from latentlab.analysis.latent.support import Classify
from latentlab.analysis.stats import Proportion, entropy, proportion

SEED = 0  # of a preprocessing that draws


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a classifier predicts of N images, of K classes.

    Attributes:
        predicted: (N,) the most probable class.
        probability: (N,) that it has.
        y: (N,) the true classes; None where an image has none, as a sample of the prior.
        n_classes: K.
    """

    predicted: Labels
    probability: Floats
    y: Labels | None
    n_classes: int

    @property
    def right(self) -> NDArray[np.bool_] | None:
        """(N,) whether each is recognised; None where there is no true class."""
        return None if self.y is None else np.asarray(self.predicted == self.y)

    @property
    def share(self) -> Proportion | None:
        """The share that is recognised, with its interval; None where there is no true class."""
        return None if self.right is None else proportion(self.right)

    @property
    def confidence(self) -> float:
        """The mean probability of the predicted class."""
        return float(self.probability.mean())

    @property
    def histogram(self) -> Doubles:
        """(K,) the share of the images that is predicted to be of each class."""
        return np.bincount(self.predicted, minlength=self.n_classes) / len(self.predicted)

    @property
    def entropy(self) -> float:
        """Of the histogram in nats: log K if all classes are as frequent, 0 if there is one."""
        return entropy(self.histogram)

    @property
    def entropy_of_true(self) -> float:
        """The same of the true classes, which a perfect classifier would have; NaN where there are none."""
        if self.y is None:
            return math.nan
        perfect = np.ones(len(self.y), np.float32)
        return Recognition(self.y, perfect, None, self.n_classes).entropy


def recognise(classify: Classify, x: Tensor, y: Tensor | None) -> Recognition:
    """What a classifier predicts of images (N, *shape) with true classes (N,), if they have some."""
    log_probs = encode_all(classify, x)
    predicted = log_probs.argmax(1)
    probability = np.exp(log_probs[np.arange(len(log_probs)), predicted])
    return Recognition(predicted, probability, None if y is None else y.numpy(), log_probs.shape[1])


def recognised(
    images: Mapping[str, Images], classify: Classify, preprocessing: Preprocessing = AS_THEY_ARE
) -> dict[str, Recognition]:
    """Name -> what a classifier recognises of some images, all of them changed in the same way before it sees them."""
    rng = device.generator(SEED)
    with torch.no_grad():
        return {name: recognise(classify, preprocessing.apply(one.x, rng), one.y) for name, one in images.items()}
