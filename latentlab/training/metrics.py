"""What a training reports as it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Metrics:
    """What the loop reports: means per example since the last report, and the validation means at an epoch's end."""

    step: int
    n_steps: int
    epoch: float  # passes over the data so far
    terms: Mapping[str, float]  # training; "loss" is the objective of a model with one player
    valid: Mapping[str, float] = field(default_factory=dict)  # empty between epochs; the true objective (progress 1)
    images_per_second: float = math.nan
    done: bool = False

    @property
    def row(self) -> dict[str, float]:
        """The report as a row of a history: step, epoch, terms, valid_* and images_per_second."""
        held_out = {f"valid_{name}": value for name, value in self.valid.items()}
        rate = {"images_per_second": self.images_per_second}
        return {"step": self.step, "epoch": self.epoch, **self.terms, **held_out, **rate}
