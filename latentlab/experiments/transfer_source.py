"""The source's table of three networks of ImageNet with a new head, and what its accuracies guarantee.

Burhanpurkar, CNNs and VAEs on Quick, Draw! (2020), Table 1. Her notebooks show that its accuracies are binary ones: of
seven outputs with a sigmoid each. So a network that says no to every class has 6/7.
"""

from __future__ import annotations

from typing import NamedTuple

from latentlab.analysis.classification.metrics import categorical_bounds

N_CLASSES = 7


class Reported(NamedTuple):
    """A row of the source's Table 1; accuracies are binary ones."""

    network: str
    train: float
    valid: float
    test: float
    trainable: int
    frozen: int
    side: int  # pixels

    @property
    def least(self) -> float:
        """The lowest categorical accuracy on the test split that goes with the binary one."""
        return categorical_bounds(self.test, N_CLASSES)[0]


SOURCE = (
    Reported("VGG19", 0.9836, 0.9827, 0.9830, 3_591, 20_024_384, 32),
    Reported("MobileNetV2", 0.9824, 0.9070, 0.9055, 8_967, 2_257_984, 96),
    Reported("ResNet152V2", 0.9115, 0.8590, 0.8592, 14_343, 58_331_648, 32),
)


def source_rows() -> list[dict[str, str]]:
    """The source's table, with what its accuracies guarantee."""
    return [
        {
            "network": row.network,
            "train": f"{row.train:.4f}",
            "validation": f"{row.valid:.4f}",
            "test, binary": f"{row.test:.4f}",
            "test, categorical": f"at least {row.least:.3f}",
            "trainable": f"{row.trainable:,}",
            "frozen": f"{row.frozen:,}",
            "side": str(row.side),
        }
        for row in SOURCE
    ]
