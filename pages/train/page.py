"""Train: choose data, a model and its knobs; watch it learn."""

import streamlit as st

from latentlab.runs.store import Store
from pages.navigation import TRAIN
from pages.shared.header import notes, title_line
from pages.shared.own_data import DATASET
from pages.shared.text import plain
from pages.shared.training_view import start_worker
from pages.train.new_training import new_training
from pages.train.shown import chosen_training, dataset_of, others, shown, trainings

store = Store.default()
start_worker(store)
unfinished = trainings(store)
title_line(TRAIN)
chosen = chosen_training(store, unfinished)
picture, controls = st.columns([2, 1], gap="large")
with picture:
    shown(store, unfinished, chosen)
with controls:
    new_training(store, dataset_of(chosen, unfinished))
others(store, unfinished)
notes(
    "One panel for each term of the loss: thin while training, with dots on held-out data. Below, reconstructions of "
    "the same examples and samples from the same draws, so that what changes between two updates is what it learned.",
    f"Train a VAE on {plain(DATASET.get('digits'))} with 2 and then with 16 dimensions and compare them on the first "
    "page. Set beta to 4 and see dimensions switch off. Pause a training, close the tab, come back and resume it.",
    "The loss is −E[log p(x|z)] + β KL(q(z|x) ‖ p(z)) (Kingma & Welling 2014); with more than one sample it is the "
    "importance-weighted bound of Burda et al. (2016). Adam is the default optimizer. Trainings run one at a time in a "
    "process of their own, and a checkpoint every ten seconds contains all that is needed to resume exactly.",
)
