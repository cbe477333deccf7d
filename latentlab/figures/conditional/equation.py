"""Pictures as an equation: A - B + C = what a model decodes, and what is nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from latentlab.figures.theme import Theme

OPERATORS = ("", "−", "+", "=", "")
APART = "0 0 0 1.5rem"  # the nearest example is no part of the equation


def equation(pictures: Sequence[str], lines: Sequence[tuple[str, str]], alt: str, look: Theme) -> str:
    """HTML whose pictures grow with the window; the nearest example goes to a line of its own in a narrow one.

    Args:
        pictures: the addresses of A, B, C, their A - B + C and the nearest example.
        lines: under each picture, what it is, and a line in muted colour.
        alt: for those who can't see it.
        look: colours.
    """
    parts = []
    picture_style = "width:100%;min-width:3.4rem;max-width:11rem;image-rendering:pixelated;display:block"
    for operator, picture, (name, about) in zip(OPERATORS, pictures, lines, strict=True):
        if operator:
            parts.append(f'<div aria-hidden="true" style="font-size:1.75rem;margin-top:-2.5rem">{operator}</div>')
        margin = "0" if operator or not parts else APART
        parts.append(
            f'<figure style="flex:1 1 3.4rem;max-width:min(11rem, 22%);margin:{margin}">'
            f'<img src="{picture}" alt="{escape(f"{name}: {about}")}" style="{picture_style}">'
            '<figcaption style="text-align:center;font-size:0.875rem;line-height:1.3;margin-top:0.3rem">'
            f'<b>{escape(name)}</b><br><span style="color:{look.muted}">{escape(about)}</span></figcaption></figure>'
        )
    return (
        f'<div role="group" aria-label="{escape(alt)}" style="display:flex;flex-wrap:wrap;align-items:center;'
        f'gap:0.5rem">{"".join(parts)}</div>'
    )
