"""Probes: what can be decoded from every layer of a model, before and after training."""

from functools import partial

import streamlit as st

from latentlab.analysis.probes.layer_curve import LATENT
from latentlab.analysis.verdict import of_probes
from latentlab.experiments.published_probes import RESNET_50
from latentlab.figures.probes.curve import Shown, probe_figure
from latentlab.subjects import Subject
from pages.navigation import PROBES
from pages.probes.controls import choose_layer, choose_settings, choose_shown, choose_snapshot, choose_target, picture
from pages.probes.curves import (
    CANCELLED,
    CLASS,
    first_look,
    full,
    model_error,
    probe_task,
    targets,
)
from pages.probes.deep_networks import deep_networks
from pages.probes.layer_detail import all_layers, layer_detail, summary
from pages.probes.steering import steering
from pages.probes.vectors import probed_vectors
from pages.shared.background import Waiting, show_tasks
from pages.shared.example_view import appearance_of
from pages.shared.header import header, look, notes
from pages.shared.text import plain

DETAILS = ("Layer", "All layers", "Pathology lab")


@st.fragment
def probes(run: Subject) -> None:
    """The curve over the network, its controls, and what is selected on it."""
    drawn, controls = st.columns([2, 1], gap="large")
    with controls:
        target = choose_target(run)
        snapshot, epoch = choose_snapshot(run)
        measure, split = choose_shown()
        place = st.container()
        settings, besides = choose_settings(run)
    try:
        quick = first_look(run, epoch, target)
        with place:
            k = choose_layer([reading.layer for reading in quick.readings])
        curve, before = quick, first_look(run, 0, target) if besides.untrained and epoch != 0 else None
        epochs = (epoch,) if before is None else (epoch, 0)
        tasks = [] if CANCELLED.get() else [full(run, one, target, settings) for one in epochs]
    except ValueError as error:
        st.error(f"This can't be probed: {error}")
        return
    n = 0
    if tasks and tasks[0].result is not None:
        curve, before = tasks[0].result, tasks[-1].result if len(tasks) > 1 else None
        n = settings.n
    task = probe_task(run, target, n)
    chance = curve.readings[0].probes[0].baseline if measure == "error" else None
    own = model_error(run, epoch, n) if target == CLASS and measure == "error" else None
    overlaid = RESNET_50 if besides.resnet and measure == "error" else None
    with drawn:
        rough = "" if n else f" This is a first look at {curve.sizes[2]:,} test examples."
        st.markdown(f"**{plain(of_probes(target, curve))}**{rough}")
        if CANCELLED.get():
            st.button(
                "Measure in full", key="measure-again", on_click=CANCELLED.forget, icon=":material/speed:"
            )  # fmt: skip
        text = f"A quick result. The full one, on up to {settings.n:,} examples, is being measured"
        show_tasks(tasks, Waiting(text, on_cancel=partial(CANCELLED.set, True)), "It can't be measured in full")
        picture(probe_figure(curve, before, Shown(measure, split, k, chance, own, overlaid, besides.log), look()))
        st.caption(summary(curve, before, measure, split))
    one, every, deep = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if one.open:
        with one:
            layer_detail(curve.readings[k], curve, task, appearance_of(run))
            if curve.readings[k].layer.name == LATENT:
                steering(run, target)
    if every.open:
        with every:
            all_layers(run, curve, before, task, target, snapshot, settings)
    if deep.open:
        with deep:
            deep_networks()


run = header(PROBES)
if run is None:
    st.stop()
if not run.has():
    probed_vectors(run.dataset)
    st.stop()
if not targets(run):
    st.info("These data have no classes and no target is measured from them, so there is no target for a probe.")
    st.stop()
probes(run)
notes(
    "Each point is the test error of a linear classifier that is given one layer and nothing else; below it the "
    "layer, and its probe behind a diode: values go to the probe, no gradient comes back. Red means a high error, "
    "blue a low one. The dashed curve is the same network with its initial, random weights. ▲ marks a layer with a "
    "higher error than the one before.",
    "Click a layer: what does its probe confuse, and which examples? Probe a classifier for the slant, and an "
    "autoencoder for the class. Go back to earlier snapshots. In the tab of deep networks, see half of a network stay "
    "unused.",
    "A probe is softmax(W h + b), fitted by convex optimisation to features h that stay fixed (Alain & Bengio 2017). "
    "Layers can't add information, but they can make it easier to decode: only a nonlinear layer can lower the "
    "optimal training loss of a probe. Random features alone help a lot. With as many features as examples a probe "
    "fits anything; how much of random labels it memorises shows that. Its selectivity is its accuracy minus that on a "
    "control task, in which clusters of examples have random labels (after Hewitt & Liang 2019).",
)
