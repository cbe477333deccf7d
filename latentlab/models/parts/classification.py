"""The objective of every classifier."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from latentlab.models.base import Loss

UNITS = {"cross-entropy": "nats", "error": "fraction"}


def classification_loss(log_probs: Tensor, y: Tensor) -> Loss:
    """(B, K) log-probabilities, (B,) true classes -> the cross-entropy; "error" is 1 where the top class is wrong."""
    value = F.nll_loss(log_probs, y, reduction="none")
    return Loss(value, {"cross-entropy": value, "error": (log_probs.argmax(1) != y).float()})
