"""How the tiles of a grid over two latent dimensions are spaced."""

from __future__ import annotations

from latentlab.analysis.latent.traversal import Spacing
from pages.shared.linked_choice import linked_choice

SPACINGS: dict[str, Spacing] = {"even steps": "linear", "equally probable": "quantile"}


def choose_spacing() -> Spacing:
    """Choose between even steps of z, and steps between which the prior is equally probable."""
    first, usual = SPACINGS
    chosen = linked_choice(
        "Spacing", list(SPACINGS), usual, "spacing", former={"linear": first, "quantile": usual},
        help="Even steps of z, or of the prior's probability, so that each tile is as likely",
    )  # fmt: skip
    return SPACINGS[chosen]
