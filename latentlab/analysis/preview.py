"""What a training shows of itself while it runs: reconstructions, samples, or the classes it would name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.data import UNLABELLED, Dataset, to_bytes
from latentlab.models import Classifies, Conditional, Decodes, Encodes, Model, Samples

N_EXAMPLES = 12
N_SAMPLES = 36
SEED = 2

Images = NDArray[np.uint8]  # (N, *shape), 0 black to 255 white


@dataclass(frozen=True)
class Preview:
    """Images are uint8 (N, *shape); a part is None where the model lacks the ability."""

    examples: Images
    labels: NDArray[np.int64]  # (N,)
    reconstructions: Images | None = None
    samples: Images | None = None
    predictions: NDArray[np.int64] | None = None  # (N,)


def preview(model: Model, data: Dataset) -> Preview:
    """Look at a model through the first examples of `data`, always with the same noise.

    The samples of two previews differ by what the model learned between them, never by chance.
    """
    where = next(model.parameters()).device
    few = data[:N_EXAMPLES].to(where)
    x = few.batch().x
    was_training = model.training
    model.eval()
    reconstructions = samples = predictions = None
    with torch.no_grad():
        if isinstance(model, Encodes) and isinstance(model, Decodes):
            reconstructions = to_bytes(model.decode(model.encode(x)))
        if isinstance(model, Conditional):
            y = few.y.where(few.y != UNLABELLED, model.classify(x).argmax(1) if isinstance(model, Classifies) else 0)
            reconstructions = to_bytes(model.decode(model.encode(x, y), y))
        if isinstance(model, Samples):
            samples = to_bytes(model.sample(N_SAMPLES, device.generator(SEED, where)))
        if isinstance(model, Classifies):
            predictions = model.classify(x).argmax(1).cpu().numpy()
    model.train(was_training)
    return Preview(to_bytes(x), few.y.cpu().numpy(), reconstructions, samples, predictions)
