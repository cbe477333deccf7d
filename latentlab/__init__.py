"""LatentLab: load or train latent-variable models and see what they learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentlab.serving.notebook import explore as explore

__all__ = ["explore"]


def __getattr__(name: str) -> object:
    """`explore`, imported when it is used."""
    if name == "explore":
        from latentlab.serving.notebook import explore

        return explore
    raise AttributeError(f"module 'latentlab' has no attribute {name!r}")
