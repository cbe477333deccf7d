"""The objective of every classifier."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from latentlab.models.base import Loss

UNITS = {"cross-entropy": "nats", "error": "fraction"}
HEAD_UNITS = {**UNITS, "binary error": "fraction"}
HEADS = ("softmax", "sigmoid")  # one class of all, or each class yes or no
AUXILIARY = "auxiliary "  # before the names of the terms of a head that isn't the one which classifies


def classification_loss(log_probs: Tensor, y: Tensor) -> Loss:
    """(B, K) log-probabilities, (B,) true classes -> the cross-entropy; "error" is 1 where the top class is wrong."""
    value = F.nll_loss(log_probs, y, reduction="none")
    return Loss(value, {"cross-entropy": value, "error": (log_probs.argmax(1) != y).float()})


def head_loss(head: str, logits: Tensor, y: Tensor) -> Loss:
    """(B, K) logits, (B,) true classes -> the loss of one of `HEADS`.

    Of "softmax" the cross-entropy, of "sigmoid" the sum of K binary ones. "error" is 1 where the most probable class is
    wrong; "binary error" is the share of the K outputs on the wrong side of 1/2: what is called accuracy, less 1, where
    each class is a decision of its own. It is 1/K where all outputs are near 0.
    """
    truth = F.one_hot(y, logits.shape[1])
    found = classification_loss(head_log_probs(head, logits), y)
    is_softmax = head == "softmax"
    outputs = logits.softmax(1) if is_softmax else logits.sigmoid()
    wrong = ((outputs > 0.5) != truth.bool()).float().mean(1)
    binary = F.binary_cross_entropy_with_logits(logits, truth.float(), reduction="none").sum(1)
    return Loss(found.value if is_softmax else binary, {**found.terms, "binary error": wrong})


def head_log_probs(head: str, logits: Tensor) -> Tensor:
    """(B, K) -> (B, K): log-probabilities; of sigmoids, which needn't add up to 1, those of their shares."""
    return F.log_softmax(logits if head == "softmax" else F.logsigmoid(logits), 1)
