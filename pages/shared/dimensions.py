"""What a page says that a dimension of a code carries."""

from __future__ import annotations

from latentlab.analysis.image_attributes import MEASURES, measured
from latentlab.analysis.latent.bottleneck import OF_SAMPLES, Bottleneck
from latentlab.analysis.latent.followed_attributes import followed
from latentlab.data import Kind
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember


def carries(where: Bottleneck, axis: int) -> str:
    """What a dimension carries, with its unit; "unused" where its code doesn't vary with the example."""
    if not where.active[axis]:
        return "unused"
    value = float(where.carries[axis])
    said = {"nats": f"{value:.2g} nats", OF_SAMPLES: f"{value:.0%} {OF_SAMPLES}"}.get(
        where.unit, f"{where.unit} {value:.2g}"
    )
    return f"{said}, hardly used" if where.hardly_used[axis] else said


@remember(32)
def follows(run: Subject) -> tuple[str, ...]:
    """For each dimension the measured attribute that it follows over test examples; empty for none.

    Attributes are measured of images of one channel, from their ink.
    """
    if run.spec.kind is not Kind.IMAGE or run.shape[0] != 1 or not run.has(Encodes):
        return ("",) * len(cached.dimensions(run).order)
    x = cached.examples(run).batch().x.numpy()
    found = followed(cached.standard_codes(run).numpy(), {name: measured(x, name) for name in MEASURES})
    said = (f"{one.name}, r = {one.r:.2f}" if one else "" for one in found)
    return tuple(text if used else "" for text, used in zip(said, cached.dimensions(run).active, strict=True))
