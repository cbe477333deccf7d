"""Home: what LatentLab can do, with previews of the chosen model, and all runs."""

import streamlit as st

from pages.home.cards import cards
from pages.home.own_models import own_models
from pages.home.run_table import run_table
from pages.navigation import HOME, YOUR_DATA
from pages.shared.header import header
from pages.shared.own_data import announce

run = header(HOME)
st.caption("A workbench for latent spaces: train or load a model, and see what it learned.")
announce()
own_models()
if run is not None:
    cards(run)
else:
    YOUR_DATA.link("Upload your own data")
st.subheader("Runs", anchor=False)
run_table()
