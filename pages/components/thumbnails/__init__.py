"""A choice of one among small pictures, each with its name."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components import LOOK, sources

_thumbnails = st.components.v2.component(
    "latentlab.thumbnails",
    html='<div class="thumbnails" role="radiogroup"></div>',
    css=LOOK + sources("thumbnails", "thumbnails.css"),
    js=sources("thumbnails", "thumbnails.js"),
)


@dataclass(frozen=True)
class Thumbnail:
    """What is offered: a name, which no other has, and a PNG."""

    name: str
    picture: bytes


def thumbnails(
    key: str, label: str, offered: Sequence[Thumbnail], chosen: str, on_choice: Callable[[], None] = lambda: None
) -> None:
    """Draw them in a row, with the chosen one marked; `on_choice` is called when another is clicked.

    Args:
        key: of the component; its state under it has the choice.
        label: what they are, for those who can't see them.
        offered: the pictures.
        chosen: the name of one of them.
        on_choice: reads the choice with `choice`.
    """
    pictures = [{"name": one.name, "png": base64.b64encode(one.picture).decode()} for one in offered]
    data = {"label": label, "offered": pictures, "chosen": chosen}
    _thumbnails(key=key, data=data, on_choice_change=on_choice)


def choice(state: object, offered: Sequence[str]) -> str | None:
    """What was chosen, of the state under the key of `thumbnails`; None if it is nothing that is offered."""
    chosen = getattr(state, "choice", None)
    return chosen if isinstance(chosen, str) and chosen in offered else None
