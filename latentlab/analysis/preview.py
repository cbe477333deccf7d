"""What a training shows of itself while it runs: reconstructions, samples, the classes it would name, or its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.field import Box, score_field
from latentlab.data import DENSITIES, UNLABELLED, Dataset, to_bytes
from latentlab.models import Classifies, Conditional, Decodes, Denoises, Encodes, Model, Samples

N_EXAMPLES = 12
N_SAMPLES = 36
SEED = 2
N_ARROWS = 24  # a side

Images = NDArray[np.uint8]  # (N, *shape), 0 black to 255 white
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """Images are uint8 (N, *shape); a part is None where the model lacks the ability, or the data are no images."""

    examples: Images  # none of them where the data are no images
    labels: NDArray[np.int64]  # (N,)
    reconstructions: Images | None = None
    samples: Images | None = None
    predictions: NDArray[np.int64] | None = None  # (N,)
    spoilt: Images | None = None  # what a denoiser was given
    field: Floats | None = None  # (n, n, 2) the score of a denoiser in the plane, row by row from the lower left
    box: NDArray[np.float64] | None = None  # (4,) where: lowest and highest x, lowest and highest y


def preview(model: Model, data: Dataset) -> Preview:
    """Look at a model through the first examples of `data`, always with the same noise.

    The samples of two previews differ by what the model learned between them, never by chance.
    """
    where = next(model.parameters()).device
    few = data[:N_EXAMPLES].to(where)
    x = few.batch().x
    was_training = model.training
    model.eval()
    are_images = data.name not in DENSITIES  # vectors are drawn as pictures, points of a plane aren't
    seen: dict[str, Any] = {}
    with torch.no_grad():
        if are_images and isinstance(model, Encodes) and isinstance(model, Decodes):
            seen["reconstructions"] = to_bytes(model.decode(model.encode(x)))
        if are_images and isinstance(model, Conditional):
            guess = model.classify(x).argmax(1) if isinstance(model, Classifies) else 0
            y = few.y.where(few.y != UNLABELLED, guess)
            seen["reconstructions"] = to_bytes(model.decode(model.encode(x, y), y))
        if are_images and isinstance(model, Samples):
            seen["samples"] = to_bytes(model.sample(N_SAMPLES, device.generator(SEED, where)))
        if are_images and isinstance(model, Classifies):
            seen["predictions"] = model.classify(x).argmax(1).cpu().numpy()
        if are_images and isinstance(model, Denoises):
            noisy = x + model.sigma * torch.randn(x.shape, generator=device.generator(SEED, where), device=where)
            seen |= {"spoilt": to_bytes(noisy), "reconstructions": to_bytes(model.denoise(noisy))}
        if data.shape == (2,) and isinstance(model, Denoises):
            box = around(data.x)
            field = score_field(lambda at: model.denoise(at.to(where)).cpu(), model.sigma, box, N_ARROWS)
            seen |= {"field": field.score, "box": np.asarray(box)}
    model.train(was_training)
    return Preview(to_bytes(x if are_images else x[:0]), few.y.cpu().numpy(), **seen)


def around(x: torch.Tensor, margin: float = 0.25) -> Box:
    """The square about points (N, 2), and a margin on each side as a share of its width."""
    low, high = x.double().amin(0), x.double().amax(0)
    middle, extent = (low + high) / 2, float((high - low).max())
    half = (extent / 2 or 1.0) * (1 + 2 * margin)  # one point has no extent
    (a, b), (c, d) = ((float(m) - half, float(m) + half) for m in middle)
    return a, b, c, d
