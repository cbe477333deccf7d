"""The Jacobian of a function of batches, how asymmetric it is, and how much it magnifies.

    magnification    sqrt(det JᵀJ), J = d decode / dz

How much larger a small piece of the latent space is among the examples: that of Bishop, Svensén & Williams,
Magnification factors for the SOM and GTM algorithms (1997), and the volume element of Arvanitidis, Hansen & Hauberg,
Latent space oddity (2018), for the mean of p(x|z). Functions of batches are in evaluation mode: an example may not
depend on the others of its batch.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.func import jvp, vmap

from latentlab.analysis.arrays import Doubles, doubles

Function = Callable[[Tensor], Tensor]  # (B, D) -> (B, *shape)

BLOCK = 1 << 19  # numbers in a block of Jacobians: 4 MB, and a few times that on the way
_ONE_AT_A_TIME = threading.RLock()  # torch has one stack of forward-mode levels: two threads get each other's numbers


def magnification(decode: Function, z: Tensor) -> Doubles:
    """(N,) sqrt(det JᵀJ), the exponential of `log_magnification`; 0 or infinite where float64 can't hold it."""
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(log_magnification(decode, z))


def log_magnification(decode: Function, z: Tensor) -> Doubles:
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
    return doubles(torch.cat(logs))


def jacobian(decode: Function, z: Tensor) -> Tensor:
    """(B, z_dim) -> (B, P, z_dim): the derivatives of the B flattened examples by their codes, all at once.

    Exact: by forward-mode differentiation, one thread at a time, or in reverse where P is no more than z_dim, which
    spares the imports of forward mode, a second and a half. A decoder that torch can't differentiate, or whose
    derivative is 0 at all places (detaching the input or running in inference mode looks like that), is measured by
    central differences of step ε^⅓ in the precision of z: to about four digits in float32, ten in float64.
    """

    def difference(direction: Tensor) -> Tensor:
        step: float = torch.finfo(z.dtype).eps ** (1 / 3)
        return (decode(z + step * direction) - decode(z - step * direction)).flatten(1) / (2 * step)

    with torch.no_grad():
        size = decode(z[:1]).flatten(1).shape[1]
        try:
            found = _reverse(decode, z, size) if size <= z.shape[1] else _forward(decode, z)
            if found.any():
                return found
        except RuntimeError:  # a step that torch can't differentiate, such as a visit to numpy
            pass
        return torch.stack([difference(axis) for axis in torch.eye(z.shape[1]).to(z)], 2)


def _forward(decode: Function, z: Tensor) -> Tensor:
    """The Jacobian, a column for each direction."""

    def derivative(direction: Tensor) -> Tensor:
        tangent: Tensor = jvp(decode, (z,), (direction.expand_as(z),))[1]
        return tangent.flatten(1)

    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit.script", DeprecationWarning)  # torch's own, at its first use
        columns: Tensor = vmap(derivative)(torch.eye(z.shape[1]).to(z))
    return columns.movedim(0, 2)


def _reverse(decode: Function, z: Tensor, size: int) -> Tensor:
    """The Jacobian, a row for each of so many outputs, as the gradient of one sum over copies of the places."""
    with torch.enable_grad():
        copies = z.detach().repeat(size, 1).requires_grad_()
        own = decode(copies).flatten(1).unflatten(0, (size, len(z))).diagonal(dim1=0, dim2=2).sum()
        (rows,) = torch.autograd.grad(own, copies)
    found: Tensor = rows.unflatten(0, (size, len(z))).movedim(0, 1)
    return found


def asymmetry(j: Tensor) -> Tensor:
    """(N, d, d) -> (N,) |J - Jᵀ| / |J| in Frobenius norms, 0 where J is symmetric: a field's where it is a gradient."""
    apart, size = (j - j.mT).flatten(1).norm(dim=1), j.flatten(1).norm(dim=1)
    return torch.where(apart == 0, 0.0, apart / size)
