"""A card for each page that has something to show, with a small live picture of it."""

from __future__ import annotations

import streamlit as st

from latentlab.subjects import Subject
from pages.navigation import PAGES


def cards(run: Subject) -> None:
    """Draw them beside each other, under each other in a narrow window."""
    grid = st.grid(min_column_width=320, gap="medium")
    for page in PAGES:
        card = page.card(run)
        if card is None:
            continue
        with grid.container(), st.container(border=True, height="stretch"):
            alt = f"{page.title}: {card.run.title}" if card.run else page.title
            st.image(card.picture, width="stretch", alt=alt)
            page.link(f"**{page.title}**", **({"run": card.run.id} if card.run else {}))
            st.caption(page.text)
