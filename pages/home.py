"""Home: what the lab can do, in pictures of the chosen model, and every run there is."""

import streamlit as st

from latentlab.models import Conditional, Decodes
from pages.ui.cards import cards
from pages.ui.header import header
from pages.ui.own_data import announce
from pages.ui.run_table import run_table

run = header("LatentLab", Decodes, Conditional, images=True)
st.caption("A workbench for latent spaces: train or load a model, and see what it learned.")
announce()
if run is not None:
    cards(run)
st.subheader("Runs", anchor=False)
run_table()
