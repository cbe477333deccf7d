"""Home: what LatentLab is, a live plane and the ways in, a card for each page and each own run, and all runs."""

import streamlit as st

from latentlab.runs.store import Store
from pages.home.cards import cards, more_pages, own_runs
from pages.home.hero import hero
from pages.home.open_model import open_model
from pages.home.own_models import own_models
from pages.home.run_table import SELECTED, run_table
from pages.navigation import HOME
from pages.shared import url_state
from pages.shared.header import header
from pages.shared.own_data import announce

run = header(HOME)
announce()
own_models()
hero(run)
if run is not None:
    cards(run)
rows = Store.default().rows()
own_runs(rows)
more_pages()
open_model()
busy = any(not row.shipped for row in rows) or bool(SELECTED.get(()) or url_state.read("selected"))
with st.expander("All runs: open, compare, rename, export, delete, import", expanded=busy, key="all-runs"):
    run_table(rows)
