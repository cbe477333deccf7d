"""What a page says that a dimension of a code carries."""

from __future__ import annotations

from latentlab.analysis.latent.bottleneck import Bottleneck


def carries(where: Bottleneck, axis: int) -> str:
    """What a dimension carries, with its unit; "unused" where its code doesn't vary with the example."""
    if not where.active[axis]:
        return "unused"
    said = f"{where.carries[axis]:.2g} nats" if where.unit == "nats" else f"variance {where.carries[axis]:.2g}"
    return f"{said}, hardly used" if where.hardly_used[axis] else said
