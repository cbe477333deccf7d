"""A card for each page that has something to show, with a small live picture of it."""

from __future__ import annotations

import streamlit as st

from latentlab import settings
from latentlab.subjects import Subject
from latentlab.subjects.data_only import local
from pages.navigation import PAGES


def cards(run: Subject) -> None:
    """Draw them beside each other, under each other in a narrow window: of the run, or of the data that the app was
    started with where a page can show them and the run is of others.
    """
    grid = st.grid(min_column_width=320, gap="medium")
    name = settings.first_data() if run.dataset != settings.first_data() else ""
    data = next((one for one in local() if one.name == name), None)
    for page in PAGES:
        card = (page.card(data) if page.data and data is not None else None) or page.card(run)
        if card is None:
            continue
        with grid.container(), st.container(border=True, height="stretch"):
            alt = f"{page.title}: {card.run.title}" if card.run else page.title
            st.image(card.picture, width="stretch", alt=alt)
            page.link(f"**{page.title}**", **({"run": card.run.id} if card.run else {}))
            st.caption(page.text)
