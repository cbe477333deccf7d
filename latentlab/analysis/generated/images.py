"""Images that a model generates, by how: from the codes of examples, or of the prior; and the examples as control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from latentlab import device
from latentlab.models import (
    Conditional,
    Decodes,
    DecodesGiven,
    Encodes,
    HasLikelihood,
    HasPosterior,
    HasPosteriorGiven,
    HasPrior,
    InfersLatents,
    Model,
    Samples,
)

REAL, BINARISED = "real", "real, binarised"
MEAN, DRAW = "reconstructed from the mean", "reconstructed from a draw"
MEAN_OF_CLASS, DRAW_OF_CLASS = f"{MEAN}, given its class", f"{DRAW}, given its class"
PRIOR, GIVEN = "samples of the prior", "samples of a given class"
MEANS = (MEAN, MEAN_OF_CLASS)
THRESHOLD = 0.5  # where the model has none


class Images(NamedTuple):
    """Images of one kind.

    Attributes:
        x: (N, *shape).
        y: (N,) their true classes; None where they have none.
    """

    x: Tensor
    y: Tensor | None


@dataclass(frozen=True, eq=False)
class Generated:
    """N examples, and what a model makes of each or of its prior.

    Attributes:
        images: name -> images: `REAL` and `BINARISED`, then what the model can do. Reconstruction i is of example i.
        encoded: which of the first two the model encodes, so what its reconstructions are held against.
    """

    images: Mapping[str, Images]
    encoded: str

    @property
    def reconstructed(self) -> str | None:
        """The name of the reconstructions from the mean; None of a model that has none."""
        return next((name for name in MEANS if name in self.images), None)


@torch.no_grad()
def generated(model: Model, x: Tensor, y: Tensor, seed: int = 0) -> Generated:
    """Let a model reconstruct examples and draw samples, as far as it can.

    A model that takes a class is given the true one; for samples that of the example at the same place.

    Args:
        model: in evaluation mode, on the CPU.
        x: (N, *shape) examples.
        y: (N,) their classes, none of them unknown.
        seed: of all draws.
    """
    rng = device.generator(seed)
    found = {REAL: Images(x, y), BINARISED: Images(binarised(model, x), y)}
    encoded = REAL if torch.equal(_as_encoded(model, x), x) else BINARISED
    found |= {name: Images(one, y) for name, one in _reconstructed(model, found[encoded].x, y, rng).items()}
    if isinstance(model, Samples):
        found[PRIOR] = Images(model.sample(len(x), rng), None)
    if isinstance(model, DecodesGiven) and isinstance(model, HasPrior):
        found[GIVEN] = Images(model.sample_given(model.prior.sample(len(x), rng), y, rng), y)
    return Generated(found, encoded)


def binarised(model: Model, x: Tensor) -> Tensor:
    """(N, *shape) -> the same in black and white: as the model sees it, where it sees it so, else cut at one half."""
    encoded = _as_encoded(model, x)
    return encoded if bool(((encoded == 0) | (encoded == 1)).all()) else (x >= THRESHOLD).to(x.dtype)


def _as_encoded(model: Model, x: Tensor) -> Tensor:
    return model.observed(x) if isinstance(model, HasLikelihood) else x


def _reconstructed(model: Model, x: Tensor, y: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
    """From the mean of the code and, where it has a distribution, from a draw."""
    if isinstance(model, Conditional):
        found = {MEAN_OF_CLASS: model.decode(model.encode(x, y), y)}
        if isinstance(model, HasPosteriorGiven):
            found[DRAW_OF_CLASS] = model.decode(model.posterior(x, y).draw(rng), y)
        return found
    if not (isinstance(model, Encodes) and isinstance(model, Decodes)):
        return {}
    found = {MEAN: model.decode(model.encode(x))}
    if isinstance(model, HasPosterior):
        found[DRAW] = model.decode(model.posterior(x).draw(rng))
    elif isinstance(model, InfersLatents):  # its code is the layer next to the data
        found[DRAW] = model.decode(model.infer(x, rng)[model.layers[0].name].draw(rng))
    return found
