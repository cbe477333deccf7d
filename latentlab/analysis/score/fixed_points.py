"""Fixed points of a denoiser: its sinks, saddles and sources, and where each point ends by repeated denoising.

Maxima of the density are sinks, half-way between two of them lie saddles or sources, and a sink far from the data is a
spurious attractor (Alain 2018, §3.4.3, Fig. 3.7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.box import Box
from latentlab.analysis.jacobian import jacobian
from latentlab.analysis.score.field import Denoise, lattice

NEWTON_STEPS = 30
STILL = 1e-6  # of the box's diagonal: a path that moves less in a step has ended
MOST_STEPS = 10_000  # of a path: slow ones take a thousand


@dataclass(frozen=True)
class FixedPoints:
    """Places with r(x) = x inside a box."""

    places: Doubles  # (K, d)
    eigenvalues: NDArray[np.complex128]  # (K, d) of dr/dx, the largest modulus first
    kinds: tuple[str, ...]  # K of "sink" (all moduli below 1), "source" (all above), "saddle"


@dataclass(frozen=True)
class Basins:
    """Where the places of an n × n lattice end when r is applied again and again."""

    ends: Doubles  # (n n, 2), row by row; NaN where a path left for infinity
    attractor: Labels  # (n, n) index into `attractors`; -1 where a path left for infinity
    attractors: Doubles  # (A, 2) the mean of the ends that lie together, the most visited first
    shares: Doubles  # (A,) of the lattice
    drift: Doubles  # (A,) how far the next step would move the end that moves most, as a share of the box's diagonal

    def off(self, ends: NDArray[np.bool_], attractors: NDArray[np.bool_]) -> tuple[float, int, int]:
        """The share of paths that end far from the data, and at how many places: fixed ones, and those that still move.

        Args:
            ends: (n n,) whether each end is far from the data, as one at infinity is.
            attractors: (A,) whether each attractor is.
        """
        still = self.drift <= STILL
        return float(ends.mean()), int((attractors & still).sum()), int((attractors & ~still).sum())


def fixed_points(denoise: Denoise, box: Box, n: int = 31) -> FixedPoints:
    """Find where r(x) = x by Newton's method from an n × n lattice, and say of what kind each place is.

    A ridge of the density is nearly a line of fixed points; those closer than a hundredth of the box count as one.
    """
    x = lattice(box, n).double()
    eye = torch.eye(2, dtype=torch.float64)
    low, high = (torch.tensor(corner, dtype=torch.float64) for corner in (box.low, box.high))
    diagonal = float((high - low).norm())
    moving = torch.arange(len(x))
    for _ in range(NEWTON_STEPS):
        at = x[moving]
        gap, slope = _gap(denoise, at), jacobian(denoise, at.float()).double() - eye
        fine = (slope.flatten(1).isfinite().all(1) & gap.isfinite().all(1)).unsqueeze(1)
        slope = torch.where(fine.unsqueeze(2), slope, eye)
        step = -torch.linalg.lstsq(slope + 1e-9 * eye, gap.unsqueeze(2)).solution.squeeze(2)
        size = step.norm(dim=1, keepdim=True)
        step = step * (0.1 * diagonal / size.clamp(min=1e-12)).clamp(max=1)  # no leaps
        step = torch.where(fine & step.isfinite(), step, 0.0)
        x[moving] = at + step
        moving = moving[step.norm(dim=1) > 1e-7 * diagonal]
        if not len(moving):
            break
    gap = _gap(denoise, x).norm(dim=1)
    found = x[(gap < 1e-5 * diagonal) & ((x >= low) & (x <= high)).all(1)]
    groups = _together(found.numpy(), 0.01 * diagonal)
    firsts = [int(np.flatnonzero(groups == k)[0]) for k in range(groups.max(initial=-1) + 1)]
    places = found[firsts]
    if not len(places):
        return FixedPoints(np.empty((0, 2)), np.empty((0, 2), np.complex128), ())
    values = np.linalg.eigvals(jacobian(denoise, places.float()).double().numpy())
    order = np.argsort(-np.abs(values), axis=1)
    sorted_values = np.take_along_axis(values, order, axis=1)
    return FixedPoints(places.numpy(), sorted_values.astype(np.complex128), tuple(map(_kind, sorted_values)))


@torch.no_grad()
def basins(denoise: Denoise, box: Box, n: int = 61, n_steps: int = MOST_STEPS) -> Basins:
    """Denoise every place of an n × n lattice until it stands still, and sort the places by where they end.

    Args:
        denoise: (N, 2) -> (N, 2).
        box: of the lattice.
        n: places a side.
        n_steps: after which a place is left where it is, though it still moves.
    """
    x = lattice(box, n)
    moving = torch.arange(len(x))
    for _ in range(n_steps):
        there = denoise(x[moving]).float()
        there[~(there.norm(dim=1) < 100 * box.diagonal)] = torch.nan  # on its way to infinity
        far = (there - x[moving]).norm(dim=1)
        x[moving] = there
        moving = moving[far > STILL * box.diagonal]  # not those that are NaN either
        if not len(moving):
            break
    ends = x.double().numpy()
    here = np.isfinite(ends).all(1)
    groups = np.full(len(ends), -1)
    groups[here] = _together(ends[here], 0.02 * box.diagonal)
    counts = np.bincount(groups[here], minlength=0)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    groups[here] = rank[groups[here]]
    middles = np.array([ends[groups == k].mean(0) for k in range(len(order))]).reshape(-1, 2)
    moved = (denoise(x) - x).norm(dim=1).double().numpy() / box.diagonal
    drift = np.array([moved[groups == k].max() for k in range(len(order))])
    return Basins(ends, groups.reshape(n, n), middles, counts[order] / len(ends), drift)


def attractors(denoise: Denoise, box: Box) -> tuple[FixedPoints, Basins]:
    """Both at once, as a page requests them from the background process."""
    return fixed_points(denoise, box), basins(denoise, box)


@torch.no_grad()
def trajectory(denoise: Denoise, x: Tensor, n_steps: int) -> Doubles:
    """(d,) or (N, d) -> (n_steps + 1, ...): a point and its path by repeated denoising."""
    path = [x if x.dim() > 1 else x.unsqueeze(0)]
    for _ in range(n_steps):
        path.append(denoise(path[-1]))
    found = torch.stack(path).double().cpu().numpy()
    return found if x.dim() > 1 else found[:, 0]


def _gap(denoise: Denoise, x: Tensor) -> Tensor:
    with torch.no_grad():
        return denoise(x.float()).double() - x.float().double()


def _kind(eigenvalues: NDArray[np.complex128]) -> str:
    inside = np.abs(eigenvalues) < 1
    return "sink" if inside.all() else "saddle" if inside.any() else "source"


def _together(places: Doubles, tolerance: float) -> Labels:
    """(N,) group of each place: the first remaining place starts a group of all places within the tolerance."""
    groups = np.full(len(places), -1)
    left, k = np.arange(len(places)), 0
    while len(left):
        near = np.linalg.norm(places[left] - places[left[0]], axis=1) <= tolerance
        groups[left[near]] = k
        left, k = left[~near], k + 1
    return groups
