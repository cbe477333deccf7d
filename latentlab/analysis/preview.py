"""The preview of a training: images, predicted classes, its latent space, its decision surface."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.analysis.box import around
from latentlab.analysis.conditional.decision_surface import decision
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.procrustes import procrustes
from latentlab.analysis.score.field import score_field
from latentlab.data import DENSITIES, UNLABELLED, Dataset, Kind, to_bytes
from latentlab.models import Auxiliary, Classifies, Conditional, Decodes, Denoises, Encodes, Model, Samples

N_EXAMPLES = 12
N_SAMPLES = 36
SEED = 2
N_ARROWS = 24  # a side
N_CODES = 400  # examples whose codes are shown
N_PLACES = 40  # a side of the grid that a classifier of the plane is shown on

Examples = NDArray[np.uint8] | NDArray[np.float32]  # (N, *shape): of images bytes, 255 is white


@dataclass(frozen=True)
class Preview:
    """A part is None where the model lacks the ability, or the data are points drawn from a density."""

    examples: Examples  # none of them where the data are points drawn from a density
    labels: NDArray[np.int64]  # (N,)
    reconstructions: Examples | None = None
    samples: Examples | None = None
    predictions: NDArray[np.int64] | None = None  # (N,)
    spoilt: Examples | None = None  # the corrupted input of a denoiser
    field: Floats | None = None  # (n, n, 2) the score of a denoiser in the plane, row by row from the lower left
    box: NDArray[np.float64] | None = None  # (4,) where: lowest and highest x, lowest and highest y
    codes: Floats | None = None  # (M, 2) more examples in the latent space; (M, 1) if it has one dimension
    code_labels: NDArray[np.int64] | None = None  # (M,) their classes, or UNLABELLED
    shares: Floats | None = None  # (2,) of the variance that the components hold; None where codes are as they are
    surface: Floats | None = None  # (n, n, K) p(class | place), row by row from the lower left of the box
    points: Floats | None = None  # (M, d) examples in that plane, or on a line
    drawn: Floats | None = None  # (M, d) samples where examples are such points
    point_labels: NDArray[np.int64] | None = None  # (M,) their classes, or UNLABELLED


def preview(model: Model, data: Dataset, before: Preview | None = None) -> Preview:
    """Preview a model on the first examples of `data`, always with the same noise.

    The samples of two previews differ by what the model learned between them, never by chance. So do the codes:
    components have no natural orientation and swap places when one outgrows the other, so their plane is aligned
    with the codes of the preview before (rotated and mirrored); it doesn't rotate between previews.

    Args:
        model: any; left as it was.
        data: held-out examples.
        before: the last preview of the same model and examples, if there was one.
    """
    where = next((p.device for p in model.parameters()), torch.device("cpu"))
    few = data[:N_EXAMPLES].to(where)
    x = few.batch().x
    was_training = model.training
    model.eval()
    are_drawn = data.name not in DENSITIES  # one by one; points are drawn where they lie
    kept = to_bytes if data.kind is Kind.IMAGE else _floats
    parts: dict[str, Any] = {}
    with torch.no_grad():
        if are_drawn and isinstance(model, Encodes) and isinstance(model, Decodes):
            parts["reconstructions"] = kept(model.decode(model.encode(x)))
        if are_drawn and isinstance(model, Conditional):
            y = _classes(model, x, few.y)
            parts["reconstructions"] = kept(model.decode(model.encode(x, y), y))
        if are_drawn and isinstance(model, Samples):
            parts["samples"] = kept(model.sample(N_SAMPLES, device.generator(SEED, where)))
        if are_drawn and isinstance(model, Classifies):
            parts["predictions"] = model.classify(x).argmax(1).cpu().numpy()
        if are_drawn and isinstance(model, Denoises):
            noisy = model.corruption.draw(x, device.generator(SEED, where))
            parts |= {"spoilt": kept(noisy), "reconstructions": kept(model.denoise(noisy))}
        if data.kind is Kind.PLANE and isinstance(model, Denoises):
            box = around(data.x)
            field = score_field(lambda at: model.denoise(at.to(where)).cpu(), model.sigma, box, N_ARROWS)
            parts |= {"field": field.score, "box": np.asarray(astuple(box))}
        elif data.kind is Kind.PLANE and isinstance(model, Classifies):
            box = around(data.x, 0.1)
            found = decision(lambda at: model.classify(at.to(where)), box.low, box.high, N_PLACES)
            points, labels, *_ = data[:N_CODES].batch()
            parts |= {"surface": found.probs, "box": np.asarray(astuple(box))}
            parts |= {"points": points.cpu().numpy(), "point_labels": labels.cpu().numpy()}
        are_points = data.kind is not Kind.IMAGE and math.prod(data.shape) <= 2
        if are_points and isinstance(model, Samples) and not isinstance(model, Encodes | Conditional):
            parts["points"] = data[:N_CODES].batch().x.cpu().numpy()
            parts["drawn"] = model.sample(N_CODES, device.generator(SEED, where)).cpu().numpy()
        parts |= _latent_space(model, data[:N_CODES].to(where), before)
    model.train(was_training)
    return Preview(kept(x if are_drawn else x[:0]), few.y.cpu().numpy(), **parts)


def _floats(x: torch.Tensor) -> Floats:
    found: Floats = x.float().cpu().numpy()
    return found


def _latent_space(model: Model, data: Dataset, before: Preview | None) -> dict[str, Any]:
    """The codes of examples, as a preview has them; nothing of a model without a latent space, or one that broke."""
    x, y, *_ = data.batch()
    if isinstance(model, Auxiliary):
        z = model.auxiliary(x)  # the mean of q(a|x)
    elif isinstance(model, Encodes):
        z = model.encode(x)
    elif isinstance(model, Conditional):
        z = model.encode(x, _classes(model, x, y))
    else:
        return {}
    codes = z.float().cpu().numpy()
    if len(codes) < 2 or not np.isfinite(codes).all():
        return {}
    parts: dict[str, Any] = {"code_labels": y.cpu().numpy()}
    if codes.shape[1] > 2:
        components = pca(codes, 2)
        codes, parts["shares"] = components.project(codes), components.share
        if before is not None and before.codes is not None and before.codes.shape == codes.shape:
            codes = codes @ procrustes(before.codes, codes).rotation
    return parts | {"codes": codes}


def _classes(model: Model, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The true classes; where there is none, the model's prediction."""
    guess = model.classify(x).argmax(1) if isinstance(model, Classifies) else torch.zeros_like(y)
    return y.where(y != UNLABELLED, guess)
