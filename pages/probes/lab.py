"""The lab: networks that are trained to be looked into, and what a probe reads of the bytes of an image."""

from __future__ import annotations

from pages.probes.auxiliary_head import auxiliary_head
from pages.probes.deep_networks import deep_networks
from pages.shared.linked_choice import linked_choice

EXPERIMENTS = {"128 layers": deep_networks, "an auxiliary head": auxiliary_head}


def lab() -> None:
    """One of the experiments."""
    EXPERIMENTS[linked_choice("Look into", tuple(EXPERIMENTS), "128 layers", "lab-of")]()
