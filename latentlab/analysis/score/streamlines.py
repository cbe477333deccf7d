"""Lines along which a field leads: followed by equal steps, so that they show its direction and not its length."""

from __future__ import annotations

import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import ScoreFunction, lattice


@torch.no_grad()
def streamlines(score: ScoreFunction, box: Box, n: int = 14, n_steps: int = 40, step: float = 0.008) -> Floats:
    """Follow the direction of the score from an n × n lattice, by the midpoint rule.

    A line ends where the field turns back on itself, as it does on a ridge, where it has no direction, and outside.

    Args:
        score: (N, 2) -> (N, 2).
        box: where.
        n: lines a side.
        n_steps: steps of each line.
        step: length of one, as a share of the box's diagonal.

    Returns:
        (n n, n_steps + 1, 2); NaN beyond the end of a line.
    """
    at = lattice(box, n)
    low, high = torch.tensor(box.low), torch.tensor(box.high)
    length = step * float((high - low).norm())
    path, before = [at], torch.zeros_like(at)
    for _ in range(n_steps):
        half = at + 0.5 * length * _direction(score(at))
        ahead = _direction(score(half))
        ended = ~((ahead * before).sum(1) >= 0) | ~((at >= low) & (at <= high)).all(1)
        at = torch.where(ended.unsqueeze(1), torch.nan, at + length * ahead)
        before = ahead
        path.append(at)
    return torch.stack(path, 1).cpu().numpy()


def _direction(score: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(score, dim=1, keepdim=True)
    return score / length  # NaN where there is none
