"""Is a place of a latent space real? How far it lies from what the model knows: its support by the encoded examples.

    neighbour distance   mean distance to the k nearest encoded examples    large where nothing was ever encoded
    round trip           |encode(decode(z)) - z|                            large where the encoder gives another code
    magnification        sqrt(det JᵀJ), J = d decode / dz                   large where examples change abruptly
    entropy              -Σ_k p_k log p_k of a classifier at decode(z)      large between the classes

The magnification is that of `analysis.jacobian`, the neighbours are those of `analysis.neighbours`.
Functions of batches are in evaluation mode: an example may not depend on the others of its batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, Labels, doubles
from latentlab.analysis.jacobian import log_magnification
from latentlab.analysis.latent.traversal import Decode, Spacing, manifold_grid
from latentlab.analysis.neighbours import nearest_blocks, neighbours
from latentlab.data import UNLABELLED
from latentlab.models import Classifies

Place = Callable[[Tensor], Tensor]  # (B, S) coordinates -> (B, z_dim) codes
Encode = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, z_dim)
Classify = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, K) log-probabilities
BATCH = 100  # examples at once; 1,600 at once took the MNIST classifier 1.8 times as long: they don't fit the cache


def classify_by(model: Classifies) -> Classify:
    """What a model predicts, without gradients."""

    def classify(x: Tensor) -> Tensor:
        with torch.no_grad():
            return model.classify(x)

    return classify


@dataclass(frozen=True)
class Support:
    """The support of each point; all arrays have one shape, (N,). None where there was no encoder or classifier."""

    log_magnification: Floats  # natural logarithm: the factor itself is out of range in many dimensions
    neighbour_distance: Floats  # in units of the code
    round_trip: Floats | None  # in units of the code
    entropy: Floats | None  # nats
    predicted: Labels | None  # the most probable class; UNLABELLED where the classifier's answer is not a number


@dataclass(frozen=True)
class SupportMap(Support):
    """The same over a lattice: arrays are (n, n), and row 0 has the largest y, as in a `ManifoldGrid`."""

    x: Floats  # (n,) ascending
    y: Floats  # (n,) descending


def support(
    decode: Decode,
    encode: Encode | None,
    classify: Classify | None,
    codes: Tensor,
    s: Tensor,
    k: int = 10,
    place: Place | None = None,
) -> Support:
    """The support of points: of a map, a path, or pins.

    With `place`, magnification is that of the coordinates: of areas, where they span a plane. In a large code the
    whole volume is not informative, since dimensions that the decoder ignores bring it to 0 everywhere. Distances and
    round trips are always those of the whole code.

    Args:
        decode: (B, z_dim) -> (B, *shape).
        encode: (B, *shape) -> (B, z_dim), or None.
        classify: (B, *shape) -> (B, K) log-probabilities, or None.
        codes: (M, z_dim) encoded training examples.
        s: (N, z_dim) the places, or (N, S) their coordinates.
        k: how many neighbours to average over; at most M.
        place: (B, S) -> (B, z_dim), what the coordinates mean; None where they are the code itself.

    Raises:
        ValueError: k is not in 1 ... M, or codes and places differ in their dimensions.
    """
    z = s if place is None else place(s)
    distance = neighbour_distance(codes, z, k).astype(np.float32)  # first: it checks the shapes
    decode_at = decode if place is None else lambda part: decode(place(part))
    magnified = log_magnification(decode_at, s).astype(np.float32)
    trip = None if encode is None else round_trip(decode, encode, z).astype(np.float32)
    if classify is None:
        return Support(magnified, distance, trip, None, None)
    entropy, predicted = class_entropy(lambda part: classify(decode(part)), z)
    return Support(magnified, distance, trip, entropy.astype(np.float32), predicted)


def support_map(
    decode: Decode,
    encode: Encode | None,
    classify: Classify | None,
    codes: Tensor,
    n: int,
    extent: float = 3.0,
    spacing: Spacing = "linear",
    k: int = 10,
    place: Place | None = None,
) -> SupportMap:
    """`support` over the n x n lattice of `manifold_grid`: n, extent and spacing are its own, the rest as in `support`.

    For a code of more than two dimensions, `place` says which plane: (B, 2) -> (B, z_dim).
    """
    grid = manifold_grid(lambda s: s, n, extent, spacing)  # the coordinates themselves
    s = torch.from_numpy(grid.examples).reshape(n * n, 2).to(codes)
    found = vars(support(decode, encode, classify, codes, s, k, place))
    square: dict[str, Any] = {name: None if part is None else part.reshape(n, n) for name, part in found.items()}
    return SupportMap(**square, x=grid.x, y=grid.y)


@torch.no_grad()
def round_trip(decode: Decode, encode: Encode, z: Tensor) -> Doubles:
    """(N, z_dim) -> (N,): |encode(decode(z)) - z|, how far the encoder moves a place, in units of the code."""
    return doubles(torch.cat([(encode(decode(part)) - part).double().norm(dim=1) for part in z.split(BATCH)]))


@torch.no_grad()
def class_entropy(classify: Classify, x: Tensor) -> tuple[Doubles, Labels]:
    """The entropy of a classifier's prediction, and the prediction.

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities, -inf for what is impossible.
        x: (N, *shape).

    Returns:
        -Σ_k p_k log p_k in nats, (N,), from 0 to log K; and the most probable class, (N,). Where the log-probabilities
        are not numbers, NaN and `UNLABELLED`.
    """
    log_probs = torch.cat([classify(part) for part in x.split(BATCH)]).double()
    entropy = torch.special.entr(log_probs.exp()).sum(1)
    return doubles(entropy), torch.where(entropy.isnan(), UNLABELLED, log_probs.argmax(1)).cpu().numpy()


def neighbour_distance(codes: Tensor, z: Tensor, k: int = 10) -> Doubles:
    """(M, z_dim), (N, z_dim) -> (N,): mean L2 distance from each place to the k codes that are nearest, exact.

    Raises:
        ValueError: k is not in 1 ... M, or codes and places differ in their dimensions.
    """
    return doubles(torch.cat([distance.mean(1) for _, distance in nearest_blocks(z, codes, k)]))


def usual_distance(codes: Tensor, k: int = 10, share: float = 0.95) -> float:
    """(M, z_dim): the mean distance to the k nearest others that this share of the codes doesn't exceed.

    It is infinite where a code has fewer than k others.
    """
    if len(codes) <= k:
        return math.inf
    found = neighbours(codes.numpy(), codes.numpy(), k, own=np.arange(len(codes)))
    return float(np.quantile(found.distance.mean(1), share))
