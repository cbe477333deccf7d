"""What each dimension of a code carries: the KL of a VAE's posterior, or the variance of an autoencoder's code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.densities import kl_to_standard_normal

ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov (2016), §5.3

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Bottleneck:
    """One number for each of the D dimensions.

    Attributes:
        carries: (D,) what the dimension carries, in `unit`.
        unit: "nats" (mean KL from the prior) or "variance".
        active: (D,) bool; whether the code's mean varies with the example by more than `ACTIVE_VARIANCE`.
        order: (D,) dimensions from the one that carries most to the one that carries least.
        center, scale: (D,) where the codes lie: the prior's 0 and 1, or mean and standard deviation of the codes.
    """

    carries: Floats
    unit: str
    active: NDArray[np.bool_]
    order: NDArray[np.int64]
    center: Floats
    scale: Floats

    @property
    def summary(self) -> str:
        """How many dimensions are used, in one sentence."""
        n, n_active = len(self.active), int(self.active.sum())
        if n_active == n:
            return f"All {n} dimensions are in use."
        return f"{n - n_active} of {n} dimensions carry nothing."


def bottleneck(mean: Tensor, log_std: Tensor) -> Bottleneck:
    """The dimensions of a VAE's code, by their mean KL from the prior N(0, 1).

    Args:
        mean: (N, D) of q(z|x) over N examples.
        log_std: (N, D) of the same.
    """
    kl = _array(kl_to_standard_normal(mean, log_std).mean(0))
    d = mean.shape[1]
    active = _array(mean.var(0)) > ACTIVE_VARIANCE
    return Bottleneck(kl, "nats", active, _descending(kl), np.zeros(d, np.float32), np.ones(d, np.float32))


def spread(codes: Tensor) -> Bottleneck:
    """The dimensions of a deterministic code, by their variance over N examples: (N, D)."""
    variance = _array(codes.var(0))
    scale = np.sqrt(np.maximum(variance, 1e-12))
    return Bottleneck(
        variance, "variance", variance > ACTIVE_VARIANCE, _descending(variance), _array(codes.mean(0)), scale
    )


def _descending(values: Floats) -> NDArray[np.int64]:
    return np.argsort(-values, kind="stable").astype(np.int64)


def _array(values: Tensor) -> Floats:
    return values.detach().cpu().to(torch.float32).numpy()
