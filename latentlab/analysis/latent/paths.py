"""Paths from one code to another: linear, spherical, and the shortest in pixel space; measured alike. The

decoder makes the latent space curved. With J the Jacobian of `decode`, a small step dz changes the example by
sqrt(dzᵀ G dz), G = JᵀJ, its pull-back metric (Arvanitidis, Hansen & Hauberg, "Latent space oddity", 2018). The
shortest curve under G, a geodesic, minimises the energy of Shao, Kumar & Fletcher ("The Riemannian geometry of deep
generative models", 2018), which also makes the pixels change at a nearly constant speed:

    E(z_0 … z_N) = N Σ_i |decode(z_{i+1}) - decode(z_i)|²  >=  length²       equal at constant speed

Taken over few codes the sum is no length: a minimiser puts its codes on either side of a stretch where the image
changes much and returns within one step. (Minimised so over 24 codes of a two-dimensional VAE of MNIST, a path of
length 44 claimed 23.) Here a path is the whole curve through its codes, straight between two of them, and what is
minimised and measured is decoded at many places in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats, floats
from latentlab.analysis.latent.traversal import Decode

TOO_SMALL = 1e-5  # radians: an angle that float32 can't distinguish from 0
MEASURED = 192  # at least so many steps along a curve are measured, however few its codes
RELAXED = 46  # ... and so many while it is made shorter
BOWS = (0.25, 0.5, 0.75, 1.0)  # how far a start leaves the straight line, in lengths of that line
DIRECTIONS = 8  # ... at most in so many directions, those that change the example most
STARTS = 3  # the shortest of them are tried

Kind = Literal["linear", "spherical"]


@dataclass(frozen=True)
class Path:
    """A curve through n codes, straight between two of them, and what it decodes to.

    Attributes:
        kind: how it was found: "linear", "spherical" or "geodesic".
        codes: (n, z_dim)
        examples: (n, *shape) what the codes decode to.
        lengths: (n,) ascending from 0: the length of the decoded curve up to each code, in units of pixel space, the
            Euclidean distance over all pixels. It is a sum over at least `MEASURED` steps, so a lower bound.
    """

    kind: str
    codes: Floats
    examples: Floats
    lengths: Floats

    @property
    def length(self) -> float:
        """The length of the whole decoded curve."""
        return float(self.lengths[-1])


def interpolate(z0: Tensor, z1: Tensor, n: int, kind: Kind = "linear") -> Tensor:
    """Codes from z0 to z1, both included: (n, z_dim).

    Args:
        z0, z1: (z_dim,)
        n: how many, at least 2.
        kind: "linear", or "spherical": the direction turns at a constant speed (Shoemake, "Animating rotation with
            quaternion curves", 1985; White, "Sampling generative networks", 2016) and the norm changes linearly, so
            codes of equal norm keep it. Where the angle is 0, or a code is, it is linear; between opposite codes it
            turns by way of the axis that they have least of.

    Raises:
        ValueError: n is less than 2.
    """
    if n < 2:
        raise ValueError(f"A path has at least 2 codes, not {n}.")
    line = _resample(torch.stack([z0, z1]), n)
    if kind == "linear":
        return line
    start, end = z0.detach().cpu().double(), z1.detach().cpu().double()
    norms = torch.linspace(float(start.norm()), float(end.norm()), n, dtype=torch.float64).unsqueeze(1)
    u0, u1 = start / start.norm(), end / end.norm()
    side = _perpendicular(u1, u0)
    angle = math.atan2(float(side.norm()), float(u0 @ u1))
    if angle > math.pi - TOO_SMALL:
        side, angle = _perpendicular(torch.eye(len(u0), dtype=torch.float64)[u0.abs().argmin()], u0), math.pi
    if not angle > TOO_SMALL or not float(side.norm()) > 0:  # parallel, a code of zeros, or a single dimension
        return line
    turn = torch.linspace(0, angle, n, dtype=torch.float64).unsqueeze(1)
    codes: Tensor = (norms * (turn.cos() * u0 + turn.sin() * side / side.norm())).to(line)
    codes[0], codes[-1] = z0, z1
    return codes


def measure(decode: Decode, codes: Tensor, kind: str) -> Path:
    """Decode the curve through n codes (n, z_dim) and measure it; every kind of path alike.

    Args:
        decode: (B, z_dim) -> (B, *shape).
        codes: (n, z_dim), n at least 2.
        kind: what the path shall be called.
    """
    n_between = math.ceil(MEASURED / (len(codes) - 1))
    with torch.no_grad():
        examples = decode(_between(codes, n_between))
    steps = floats(examples[1:] - examples[:-1]).reshape(len(examples) - 1, -1)
    lengths = np.linalg.norm(steps.astype(np.float64), axis=1).reshape(-1, n_between).sum(1)
    return Path(kind, floats(codes), floats(examples[::n_between]), np.append(0, lengths.cumsum()).astype(np.float32))


def geodesic(decode: Decode, z0: Tensor, z1: Tensor, n: int, max_steps: int = 300) -> Path:
    """The shortest curve in pixel space that was found from z0 to z1: never longer than the straight line.

    It is the shortest of the curves through n codes, so the more codes the closer to the geodesic. A shortest path
    can turn either way around an obstacle; so bows of several heights are measured, the best are relaxed with few
    codes, and the best of those with more and more. Nothing is random.

    Args:
        decode: (B, z_dim) -> (B, *shape), differentiable (not under `torch.no_grad`), each row for itself. Gradients
            are taken for the codes alone: nothing is left behind in a model's parameters.
        z0, z1: (z_dim,)
        n: codes on the path, at least 2.
        max_steps: steps of L-BFGS in all; with fewer the path is further from the shortest, but still a path.

    Raises:
        ValueError: n is less than 2, or `decode` can't be differentiated.
    """
    line = interpolate(z0.detach(), z1.detach(), n)
    straight = measure(decode, line, "geodesic")
    if n == 2 or not 0 < straight.length < math.inf:
        return straight
    few, *more = [size for size in (n // 4, n // 2) if size >= 6] or [n]
    share = max_steps // 8
    found = [_relax(decode, _resample(start, few), share) for start in _starts(decode, line)]
    codes = min(found, key=lambda codes: measure(decode, codes, "").length)
    paths = [straight, measure(decode, _resample(codes, n), "geodesic")]
    for size in (*more, n):
        codes = _relax(decode, _resample(codes, size), share if size < n else 4 * share)
        paths.append(measure(decode, _resample(codes, n), "geodesic"))
    return min(paths, key=lambda path: path.length)


def _starts(decode: Decode, line: Tensor) -> list[Tensor]:
    """The straight line and parabolas around it: the `STARTS` shortest of them."""
    line = _resample(line, 24)
    way = line[-1] - line[0]
    # an orthonormal basis of what is perpendicular to the line, and in it the directions that the decoder feels most
    basis = torch.linalg.qr(torch.cat([way.unsqueeze(1), torch.eye(len(way)).to(way)], 1).cpu().double()).Q[:, 1:]
    felt = torch.linalg.eigh(basis.T @ _mean_metric(decode, line) @ basis).eigenvectors.flip(1)[:, :DIRECTIONS]
    t = torch.linspace(0, 1, len(line)).to(line).unsqueeze(1)
    arch = 4 * t * (1 - t) * way.norm()
    bows = [arch * height * side for side in (basis @ felt).T.to(line) for h in BOWS for height in (h, -h)]
    starts = [line, *(line + bow for bow in bows)]
    with torch.no_grad():
        lengths = [
            float(decode(start).diff(dim=0).flatten(1).norm(dim=1).sum().nan_to_num(math.inf)) for start in starts
        ]
    return [starts[i] for i in np.argsort(lengths, kind="stable")[:STARTS]]


def _relax(decode: Decode, codes: Tensor, max_steps: int) -> Tensor:
    """Move the inner codes to lower the energy, by L-BFGS.

    The energy is badly conditioned in the codes: nearly L ⊗ G, with L the second difference along the path and G the
    mean metric. In u, codes = start + L^(-1/2) u G^(-1/2), both are the identity.
    """
    n, d = codes.shape
    n_between = max(2, math.ceil(RELAXED / (n - 1)))

    def energy(codes: Tensor) -> Tensor:
        steps = decode(_between(codes, n_between)).diff(dim=0)
        return steps.square().sum() * len(steps)

    with torch.no_grad():
        before = float(energy(codes))
    off_diagonal = torch.ones(n - 3, dtype=torch.float64).diag(1)
    second = 2 * torch.eye(n - 2, dtype=torch.float64) - off_diagonal - off_diagonal.T
    along = _inverse_root((n - 1) * second).to(codes) * before**0.5
    across = _inverse_root(_mean_metric(decode, codes)).to(codes)
    u = torch.zeros(n - 2, d, dtype=codes.dtype, device=codes.device, requires_grad=True)

    def moved() -> Tensor:
        return torch.cat([codes[:1], codes[1:-1] + along @ u @ across.T, codes[-1:]])

    def loss() -> Tensor:
        value = energy(moved()) / before
        if not value.requires_grad:
            raise ValueError("The decoder can't be differentiated, so no geodesic can be found.")
        (u.grad,) = torch.autograd.grad(value, u)
        return value

    torch.optim.LBFGS(
        [u], max_iter=max_steps, history_size=20, line_search_fn="strong_wolfe", tolerance_grad=0, tolerance_change=1e-7
    ).step(loss)
    with torch.no_grad():
        return moved() if float(energy(moved())) < before else codes


def _mean_metric(decode: Decode, codes: Tensor) -> Tensor:
    """JᵀJ averaged over the path, (z_dim, z_dim) float64, a little of the identity added; J by differences.

    It only conditions: the step is as long as that between two codes, so that the kinks of a ReLU average out.
    """
    some = codes[:: max(1, len(codes) // 12)]
    h = float((codes[-1] - codes[0]).norm()) / (len(codes) - 1)
    with torch.no_grad():
        x = decode(some)
        columns = [(decode(some + h * axis) - x).flatten() / h for axis in torch.eye(codes.shape[1]).to(codes)]
    jacobian = torch.stack(columns, 1)  # (nodes times pixels, z_dim)
    metric = (jacobian.T @ jacobian).cpu().double() / len(some)
    scale, identity = float(metric.diagonal().mean()), torch.eye(len(metric), dtype=torch.float64)
    return metric + 1e-3 * scale * identity if 0 < scale < math.inf else identity


def _inverse_root(matrix: Tensor) -> Tensor:
    """A matrix R with R Rᵀ = matrix⁻¹, for a positive definite matrix."""
    inverse: Tensor = torch.linalg.inv(torch.linalg.cholesky(matrix))
    return inverse.T


def _between(codes: Tensor, k: int) -> Tensor:
    """Every straight step in k: (n, z_dim) -> ((n - 1) k + 1, z_dim), the codes among them."""
    return _resample(codes, (len(codes) - 1) * k + 1)


def _resample(codes: Tensor, n: int) -> Tensor:
    """n codes at equal steps of the index along a polyline, its ends included."""
    where = torch.linspace(0, len(codes) - 1, n, dtype=torch.float64)
    before = where.long().clamp(max=len(codes) - 2)
    share = (where - before).unsqueeze(1).to(codes)
    resampled: Tensor = torch.lerp(codes[before], codes[before + 1], share)
    return resampled


def _perpendicular(v: Tensor, u: Tensor) -> Tensor:
    """The part of v that is perpendicular to the unit vector u."""
    return v - (v @ u) * u
