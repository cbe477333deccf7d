"""Train: choose data, a model and its knobs; watch it learn."""

import streamlit as st

from latentlab import data
from latentlab.jobs import queue
from latentlab.jobs.worker import ensure_worker
from latentlab.knobs import KnobError, knobs
from latentlab.models import FIRST, MODELS
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.subjects import StoredRun
from latentlab.training.config import training_knobs
from pages.navigation import TRAIN
from pages.shared import training_view, url_state
from pages.shared.header import choose, header, notes
from pages.shared.knob_form import kind_of_model, knob_form
from pages.shared.own_data import choose_data, first_epochs, own_data

IN_SIGHT = ("z_dim", "network", "epochs", "labels")


def choose_model(dataset: str) -> str:
    """The control that chooses a model, of those that can learn the data."""
    try:
        kinds = {data.spec_of(dataset).kind}
    except data.DataError:  # which the start of a training says
        kinds = set()
    names = [name for name, model in MODELS.items() if kinds <= model.kinds]
    return st.selectbox("Kind of model", names, names.index(FIRST), kind_of_model, key="model")


store = Store.default()
ensure_worker(store)
unfinished = {job.id: job for job in queue.jobs(store)}
requested = url_state.read("job")
if requested and requested not in unfinished:  # it is done, or it never was
    url_state.write("job", None)
    choose(requested)
run = header(TRAIN)
picture, controls = st.columns([2, 1], gap="large")

with controls:
    dataset = choose_data()
    model = choose_model(dataset)
    declared, training = knobs(MODELS[model].Config), training_knobs(MODELS[model])
    start = {"epochs": first_epochs(dataset)}
    form = f"{model}-{dataset}"
    config = knob_form([k for k in declared if k.name in IN_SIGHT], form, {})
    train = knob_form([k for k in training if k.name in IN_SIGHT], form, start)
    with st.popover("More settings", width="stretch"):
        st.markdown("**Model**")
        config |= knob_form([k for k in declared if k.name not in IN_SIGHT], form, config)
        st.markdown("**Training**")
        train |= knob_form([k for k in training if k.name not in IN_SIGHT], form, train)
        title = st.text_input("Title", placeholder=queue.default_title(model, dataset, config), max_chars=80)
    if st.button("Start training", key="train", type="primary", icon=":material/play_arrow:", width="stretch"):
        try:
            url_state.write("job", queue.submit(store, model, dataset, config, train, title))
        except (KnobError, RunError, data.DataError) as error:
            st.error(str(error))
        else:
            ensure_worker(store)
            st.rerun()
    if not data.is_local(dataset):
        st.caption(
            f"{dataset} isn't on this machine yet; training downloads it first. Offline, put its four IDX files into "
            f"{data.folders(dataset)[0]}; digits need no download."
        )

with picture:
    watched = requested if requested in unfinished else next(iter(unfinished), None)
    if watched is not None:
        url_state.write("job", watched)  # so that the page stays with it when it is done
        training_view.watch(store, unfinished[watched])
    elif isinstance(run, StoredRun):
        training_view.finished(run)
    else:
        st.info("Start a training: its curves and pictures appear here.", icon=":material/show_chart:")

others = [job for job in unfinished.values() if job.id != watched]
if others:
    st.subheader("Other trainings", anchor=False)
    for job in others:
        status = queue.status(store, job.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(training_view.line(job, status), width="stretch")
            training_view.orders(store, job.id, status, job.id)

own_data()
notes(
    "One panel for each term of the loss: thin while training, with dots on held-out data. Below, reconstructions of "
    "the same examples and samples from the same draws, so that what changes between two updates is what it learned.",
    "Train a VAE on digits with 2 and then with 16 dimensions and compare them on the first page. Set beta to 4 and "
    "see dimensions switch off. Pause a training, close the tab, come back and resume it.",
    "The loss is −E[log p(x|z)] + β KL(q(z|x) ‖ p(z)) (Kingma & Welling 2014); with more than one sample it is the "
    "importance-weighted bound of Burda et al. (2016). The optimiser is Adam. Trainings run one at a time in a "
    "process of their own, and a checkpoint every ten seconds contains all that is needed to resume exactly.",
)
