"""Steering: move a code along the direction of a probe, decode it, and measure what else changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats
from latentlab.analysis.probes.linear_probe import Probe

Code = Callable[[Tensor], Tensor]  # encode (B, *shape) -> (B, z_dim), or decode the other way round


@dataclass(frozen=True, eq=False)
class Leakage:
    """What changes when a code is moved along one probe's direction.

    Attributes:
        names: of the T probes.
        change: (T, T) mean change of the probability that probe j (column) gives its own answer, when codes are moved
            by `sigmas` along the direction of probe i (row), decoded, and encoded again.
        cosines: (T, T) between the directions.
        sigmas: how far, in standard deviations of the codes along the direction.
    """

    names: tuple[str, ...]
    change: NDArray[np.float64]
    cosines: NDArray[np.float64]
    sigmas: float


def steered(codes: Floats, direction: Floats, amounts: Sequence[float]) -> Floats:
    """(n_amounts, N, d) the codes moved along a direction, by multiples of their standard deviation along it."""
    length = float(np.linalg.norm(direction))
    unit = direction / length if length else direction
    step = float((codes @ unit).std()) * unit
    return np.stack([codes + amount * step for amount in amounts]).astype(np.float32)


def leakage(
    encode: Code, decode: Code, codes: Floats, probes: Mapping[str, tuple[Probe, int]], sigmas: float = 2.0
) -> Leakage:
    """Steer with each probe and measure with all.

    Args:
        encode: of the model.
        decode: of the model.
        codes: (N, z_dim) to start from.
        probes: name -> a probe of such codes, and the class that is steered towards and measured.
        sigmas: how far.

    Raises:
        ValueError: no probes.
    """
    if not probes:
        raise ValueError("There is no probe to steer with.")
    ways = np.stack([probe.direction(k) for probe, k in probes.values()])

    def measured(z: Floats) -> NDArray[np.float64]:
        with torch.no_grad():
            again = encode(decode(torch.from_numpy(z))).cpu().numpy()
        return np.array([np.exp(probe.log_probs(again)[:, k]).mean() for probe, k in probes.values()], np.float64)

    before = measured(codes)
    change = [measured(steered(codes, way, [sigmas])[0]) - before for way in ways]
    return Leakage(tuple(probes), np.stack(change), (ways @ ways.T).astype(np.float64), sigmas)
