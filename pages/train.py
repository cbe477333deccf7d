"""Train: choose data, a model and its knobs; watch it learn."""

import streamlit as st

from latentlab import data, jobs
from latentlab.knobs import knobs
from latentlab.models import MODELS
from latentlab.store import Store
from latentlab.training import TrainConfig
from latentlab.worker import ensure_worker
from pages.ui import address, job_view
from pages.ui.header import header, notes
from pages.ui.knob_form import knob_form

IN_SIGHT = ("z_dim", "network", "epochs")

store = Store.default()
run = header("Train")
ensure_worker(store)
unfinished = {job.id: job for job in jobs.jobs(store)}
picture, controls = st.columns([2, 1], gap="large")

with controls:
    dataset = st.segmented_control("Data", data.NAMES, default="digits", required=True, key="dataset")
    model = st.segmented_control("Model", list(MODELS), default="vae", required=True, key="model")
    declared, training = knobs(MODELS[model].Config), knobs(TrainConfig)
    start = {"epochs": 20 if dataset != "digits" else 200}
    form = f"{model}-{dataset}"
    config = knob_form([k for k in declared if k.name in IN_SIGHT], form, {})
    train = knob_form([k for k in training if k.name in IN_SIGHT], form, start)
    with st.popover("More settings", width="stretch"):
        st.markdown("**Model**")
        config |= knob_form([k for k in declared if k.name not in IN_SIGHT], form, config)
        st.markdown("**Training**")
        train |= knob_form([k for k in training if k.name not in IN_SIGHT], form, train)
        title = st.text_input("Title", placeholder=jobs.default_title(model, dataset, config), max_chars=80)
    if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch"):
        address.write("job", jobs.submit(store, model, dataset, config, train, title))
        ensure_worker(store)
        st.rerun()
    if not data.is_local(dataset):
        st.caption(f"{dataset} isn't on this machine yet; training downloads it first.")

with picture:
    asked = address.read("job")
    watched = asked if asked in unfinished else next(iter(unfinished), None)
    if watched is None:
        job_view.finished(store, run)
    else:
        job_view.watch(store, unfinished[watched])

others = [job for job in unfinished.values() if job.id != watched]
if others:
    st.subheader("Other trainings", anchor=False)
    for job in others:
        status = jobs.status(store, job.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(job_view.line(job, status), width="stretch")
            job_view.orders(store, job.id, status, job.id)

notes("", "", "")
