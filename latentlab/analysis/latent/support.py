"""Is a place of a latent space real? How far it lies from what the model knows, and whether it repeats an example.

    neighbour distance   mean distance to the k nearest encoded examples    large where nothing was ever encoded
    round trip           |encode(decode(z)) - z|                            large where the encoder disowns z
    magnification        sqrt(det JᵀJ), J = d decode / dz                   large where examples change abruptly
    entropy              -Σ_k p_k log p_k of a classifier at decode(z)      large between the classes

The magnification is that of Bishop, Svensén & Williams, Magnification factors for the SOM and GTM algorithms (1997),
and the volume element of Arvanitidis, Hansen & Hauberg, Latent space oddity (2018), for the mean of p(x|z).
Functions of batches are in evaluation mode: an example may not depend on the others of its batch.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import jvp, vmap

from latentlab.analysis.latent.traversal import Decode, Spacing, manifold_grid
from latentlab.data import UNLABELLED

Place = Callable[[Tensor], Tensor]  # (B, S) coordinates -> (B, z_dim) codes
Encode = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, z_dim)
Classify = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, K) log-probabilities
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Classes = NDArray[np.int64]

BATCH = 100  # examples at once; 1,600 at once took the MNIST classifier 1.8 times as long: they don't fit the cache
BLOCK = 1 << 19  # numbers in a block of Jacobians, queries or references: 4 MB, and a few times that on the way
ROWS = 1_000  # references in a block at most: with as many queries, 8 MB of distances
_ONE_AT_A_TIME = threading.RLock()  # torch has one stack of forward-mode levels: two threads get each other's numbers


@dataclass(frozen=True)
class Support:
    """What is known of each place; all arrays have one shape, (N,). None where there was no encoder or classifier."""

    log_magnification: Floats  # natural logarithm: the factor itself is out of range in many dimensions
    neighbour_distance: Floats  # in units of the code
    round_trip: Floats | None  # in units of the code
    entropy: Floats | None  # nats
    predicted: Classes | None  # the most probable class; UNLABELLED where the classifier's answer is not a number


@dataclass(frozen=True)
class SupportMap(Support):
    """The same over a lattice: arrays are (n, n), and row 0 has the largest y, as in a `ManifoldGrid`."""

    x: Floats  # (n,) ascending
    y: Floats  # (n,) descending


@dataclass(frozen=True)
class Nearest:
    """For each of N queries, the reference that is nearest."""

    index: NDArray[np.int64]  # (N,) into the references; any of them where several are equally near
    distance: Doubles  # (N,) L2; not a number for a query that isn't


def support(
    decode: Decode,
    encode: Encode | None,
    classify: Classify | None,
    codes: Tensor,
    s: Tensor,
    k: int = 10,
    place: Place | None = None,
) -> Support:
    """All that can be said of places: of a map, a path, or pins.

    With `place`, magnification is that of the coordinates: of areas, where they span a plane. In a large code the
    whole volume says little, since dimensions that the decoder ignores bring it to 0 everywhere. Distances and round
    trips are always those of the whole code.

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


def magnification(decode: Decode, z: Tensor) -> Doubles:
    """(N,) sqrt(det JᵀJ), the exponential of `log_magnification`; 0 or infinite where float64 can't hold it."""
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(log_magnification(decode, z))


def log_magnification(decode: Decode, z: Tensor) -> Doubles:
    """(N,) log sqrt(det JᵀJ) = Σ_i log |R_ii| with J = QR, which does not square J's condition as JᵀJ does.

    How much larger a small piece of the latent space is among the examples; J is `jacobian`'s.

    Args:
        decode: (B, z_dim) -> (B, *shape).
        z: (N, z_dim), in the precision that the decoder takes.

    Returns:
        Natural logarithms: -inf where the decoder loses a direction, NaN where its derivative is not a number.
    """
    logs = []
    with torch.no_grad():
        size = decode(z[:1]).flatten(1).shape[1]
    if size < z.shape[1]:
        return np.full(len(z), -np.inf)
    for part in z.split(max(1, BLOCK // (size * z.shape[1]))):
        r = torch.linalg.qr(jacobian(decode, part).cpu().double(), mode="r").R
        logs.append(r.diagonal(dim1=-2, dim2=-1).abs().log().sum(-1))
    return _array(torch.cat(logs))


def jacobian(decode: Decode, z: Tensor) -> Tensor:
    """(B, z_dim) -> (B, P, z_dim): the derivatives of the B flattened examples by their codes, all at once.

    Exact, by forward-mode differentiation, one thread at a time. A decoder that torch can't differentiate, or whose
    derivative is 0 at all places (detaching the input or running in inference mode looks like that), is measured by
    central differences of step ε^⅓ in the precision of z: to about four digits in float32, ten in float64.
    """

    def derivative(direction: Tensor) -> Tensor:
        tangent: Tensor = jvp(decode, (z,), (direction.expand_as(z),))[1]
        return tangent.flatten(1)

    def difference(direction: Tensor) -> Tensor:
        step: float = torch.finfo(z.dtype).eps ** (1 / 3)
        return (decode(z + step * direction) - decode(z - step * direction)).flatten(1) / (2 * step)

    axes = torch.eye(z.shape[1]).to(z)
    with torch.no_grad(), _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit.script", DeprecationWarning)  # torch's own, at its first use
        try:
            columns: Tensor = vmap(derivative)(axes)
            seen = bool(columns.any())
        except RuntimeError:  # a step that forward mode doesn't know, such as a visit to numpy
            seen = False
        if not seen:
            columns = torch.stack([difference(axis) for axis in axes])
    return columns.movedim(0, 2)


@torch.no_grad()
def round_trip(decode: Decode, encode: Encode, z: Tensor) -> Doubles:
    """(N, z_dim) -> (N,): |encode(decode(z)) - z|, how far the encoder moves a place, in units of the code."""
    return _array(torch.cat([(encode(decode(part)) - part).double().norm(dim=1) for part in z.split(BATCH)]))


@torch.no_grad()
def class_entropy(classify: Classify, x: Tensor) -> tuple[Doubles, Classes]:
    """How undecided a classifier is, and what it decides.

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities, -inf for what is impossible.
        x: (N, *shape).

    Returns:
        -Σ_k p_k log p_k in nats, (N,), from 0 to log K; and the most probable class, (N,). Where the log-probabilities
        are not numbers, NaN and `UNLABELLED`.
    """
    log_probs = torch.cat([classify(part) for part in x.split(BATCH)]).double()
    entropy = torch.special.entr(log_probs.exp()).sum(1)
    return _array(entropy), torch.where(entropy.isnan(), UNLABELLED, log_probs.argmax(1)).cpu().numpy()


def neighbour_distance(codes: Tensor, z: Tensor, k: int = 10) -> Doubles:
    """(M, z_dim), (N, z_dim) -> (N,): mean L2 distance from each place to the k codes that are nearest, exact.

    Raises:
        ValueError: k is not in 1 ... M, or codes and places differ in their dimensions.
    """
    return _array(torch.cat([distance.mean(1) for _, distance in nearest_blocks(z, codes, k)]))


def nearest(query: Tensor, reference: Tensor) -> Nearest:
    """The nearest reference of each query by L2 distance, exact.

    Args:
        query: (N, *shape) codes or examples; uint8 counts as intensities from 0 to 1.
        reference: (M, *shape) likewise; M is at least 1.
    """
    return _nearest(nearest_blocks(query, reference, 1))


def nearest_other(x: Tensor, rows: Tensor | None = None) -> Nearest:
    """For examples of one set, the nearest other example of it (leave-one-out): what to judge a distance by.

    Args:
        x: (M, *shape); M is at least 2.
        rows: (N,) int64, the examples to do it for; None for all, which takes M² distances.
    """
    rows = torch.arange(len(x), device=x.device) if rows is None else rows
    return _nearest(nearest_blocks(x[rows], x, 1, rows))


def distance_quantile(distance: Doubles, reference_distances: Doubles) -> Doubles:
    """The share of the reference distances that are smaller, elementwise; NaN for a distance that is not a number.

    Near 0 among train-train distances says that an example repeats a training example (memorised), near 1 among
    test-train distances that it is unlike anything real (invented).
    """
    if len(reference_distances) == 0:
        raise ValueError("There are no reference distances.")
    share = np.searchsorted(np.sort(reference_distances), distance) / len(reference_distances)
    return np.where(np.isnan(distance), np.nan, share)


def _nearest(found: Iterator[tuple[Tensor, Tensor]]) -> Nearest:
    index, distance = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Nearest(index[:, 0].cpu().numpy(), _array(distance[:, 0]))


def nearest_blocks(
    query: Tensor, reference: Tensor, k: int, own: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """For blocks of queries, index and distance (B, k) of the k nearest references but `own`, (N,) the queries' index.

    Candidates by |r|² - 2 q·r in float64 about an origin amid the references, so that little cancels (|q|² orders
    nothing); the distances of the chosen by subtraction.
    """
    if query.shape[1:] != reference.shape[1:]:
        raise ValueError(f"Shapes {tuple(query.shape[1:])} and {tuple(reference.shape[1:])} can't be compared.")
    available = max(0, len(reference) - (own is not None))
    if not 1 <= k <= available:
        raise ValueError(f"There are {available} references to choose {k} from.")
    size = reference[0].numel()
    height = max(1, min(ROWS, BLOCK // size))
    origin = _flat(reference[: ROWS // 10]).nanmedian(0).values.nan_to_num()
    for rows in torch.arange(len(query), device=query.device).split(max(1, min(ROWS, BLOCK // (size * k)))):
        q = _flat(query[rows])
        score, index = q.new_empty((len(q), 0)), rows.new_empty((len(q), 0))
        for start in range(0, len(reference), height):
            r = _flat(reference[start : start + height]) - origin
            scores = torch.addmm(r.square().sum(1), q - origin, r.T, alpha=-2)
            if own is not None:
                itself = own[rows, None] == torch.arange(start, start + len(r), device=own.device)
                scores.masked_fill_(itself, torch.inf)
            best, where = scores.topk(min(k, len(r)), largest=False)
            score, index = torch.cat([score, best], 1), torch.cat([index, start + where], 1)
            score, where = score.topk(min(k, score.shape[1]), largest=False)
            index = index.gather(1, where)
        chosen = _flat(reference[index.flatten()]).reshape(*index.shape, size)
        yield index, (chosen - q[:, None]).norm(dim=2)


def _flat(x: Tensor) -> Tensor:
    """(N, *shape) -> (N, D) float64; uint8 scaled to [0, 1]."""
    return x.flatten(1).double() / 255 if x.dtype == torch.uint8 else x.flatten(1).double()


def _array(values: Tensor) -> Doubles:
    return values.detach().cpu().double().numpy()
