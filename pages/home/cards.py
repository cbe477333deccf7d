"""Cards that lead somewhere: with a picture for pages that can show the chosen run and for own runs, else without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from latentlab.runs.store import Row
from latentlab.settings import first_data
from latentlab.subjects import Subject, stored_run
from latentlab.subjects.data_only import local
from pages.navigation import ANALOGIES, CLUSTERS, PAGES, TRAIN, TRAVERSAL, Card, Page
from pages.shared.text import plain
from pages.shared.training_view import settings

DOORS = (TRAVERSAL, CLUSTERS, ANALOGIES)
MOST_OWN = 6  # runs of the user's own that have a card; the table has all


def cards(run: Subject) -> None:
    """Draw those of the pages, the doors large, the pages for special questions small: of the run, or of the data that
    the app was started with where a page can show them and the run is of others.
    """
    name = first_data() if run.dataset != first_data() else ""
    data = next((one for one in local() if one.name == name), None)
    both = {page: (page.card(data) if page.data and data is not None else None) or page.card(run) for page in PAGES}
    found = {page: card for page, card in both.items() if card is not None}
    doors = {page: card for page, card in found.items() if page in DOORS}
    for place, (page, card) in zip(st.columns(len(DOORS), gap="medium"), doors.items(), strict=False):
        with place:
            _of_page(page, card)
    with st.container(key="fills-row"):
        grid = st.grid(min_column_width=130, gap="small")
    for page, card in found.items():
        if page not in DOORS:
            with grid.container():
                _of_page(page, card)


def more_pages() -> None:
    """Draw a card without a picture for each page that has none, for the questions that fewer people have."""
    st.subheader("More questions", anchor=False)
    with st.container(key="fills-row-of-text"):
        grid = st.grid(min_column_width=200, gap="small")
    for page in PAGES:
        if page.text and not page.pictured:
            with grid.container():
                _draw(page.name, page, None, page.title, page.text)


def own_runs(rows: Sequence[Row]) -> None:
    """Draw those of the user's own runs, the newest first."""
    own = [row.run for row in rows if row.run is not None and not row.shipped][:MOST_OWN]
    if not own:
        return
    st.subheader("Your runs", anchor=False)
    grid = st.grid(min_column_width=200, gap="small")
    for run in own:
        subject = stored_run(run.id)
        page = next((page for page in PAGES if page.needs and page.group and subject.has(*page.needs)), TRAIN)
        card = page.card(subject)
        created = f"{datetime.fromisoformat(run.created):%d %B %Y}"
        with grid.container():
            _draw(f"run-{run.id}", page, card, plain(run.title), " · ".join([*settings(run), created]), run=run.id)


def _of_page(page: Page, card: Card) -> None:
    query = {"run": card.run.id} if card.run else {}
    _draw(page.name, page, card, page.title, page.text, **query)


def _draw(key: str, page: Page, card: Card | None, title: str, text: str, **query: str) -> None:
    with st.container(border=True, height="stretch", key=f"card-{key}"):
        if card is not None:
            alt = f"{page.title}: {card.run.title}" if card.run else page.title
            st.image(card.picture, width="stretch", alt=alt)
        page.link(f"**{title}**", **query)
        st.caption(text)
