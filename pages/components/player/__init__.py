"""A button that plays the positions of a slider, one after the other, and pauses."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.components import LOOK, sources

_player = st.components.v2.component(
    "latentlab.player", html=sources("player", "player.html"), css=LOOK, js=sources("player", "player.js")
)


def player(key: str, at: int, n: int, said: str, ready: bool, on_next: Callable[[], None]) -> None:
    """Offer to play n positions.

    Args:
        key: of the component.
        at: the position that is shown.
        n: how many there are; it stops at the last, and starts again from the first.
        said: what the position is, in words.
        ready: whether it is shown; until then the next has to wait.
        on_next: called to show the next; when it is shown, the page calls this with the new position.
    """
    _player(key=key, data={"at": at, "n": n, "said": said, "ready": ready}, on_next_change=on_next, width="content")
