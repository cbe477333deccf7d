"""Probes: what can be decoded from every layer of a model, before and after training."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from latentlab.analysis.probes.layer_curve import LATENT, Curve
from latentlab.analysis.probes.tasks import CLASS
from latentlab.analysis.probes.verdict import of_probes, of_two_networks, summary
from latentlab.experiments.published_probes import RESNET_50
from latentlab.figures.probes.curve import Shown, probe_figure
from latentlab.subjects import Subject
from pages.navigation import PROBES
from pages.probes.auxiliary_head import auxiliary_head
from pages.probes.controls import (
    choose_layer,
    choose_measure,
    choose_other,
    choose_settings,
    choose_target,
    picture,
)
from pages.probes.curves import CANCELLED, Network, closely, find_curves, model_error, probe_task, targets
from pages.probes.deep_networks import deep_networks
from pages.probes.file_bytes import file_bytes
from pages.probes.further import NUMBERS, choose_question, further
from pages.probes.layer_detail import all_layers, layer_detail
from pages.probes.second_network import compared, of_second
from pages.probes.steering import steering
from pages.probes.vectors import probed_vectors
from pages.shared.background import Waiting, show_tasks
from pages.shared.choose_snapshot import choose_snapshot
from pages.shared.example_view import appearance_of
from pages.shared.header import header, look, notes
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain

DETAILS = ("Layer", "All layers", "Pathology lab")


@st.fragment
def probes(run: Subject) -> None:
    """The curve over the network, its controls, and what is selected on it."""
    drawn, controls = st.columns([2, 1], gap="large")
    with controls:
        target = choose_target(run)
        other = choose_other(run)
        snapshot, epoch = choose_snapshot(run)
        measure = choose_measure()
        place = st.container()
        settings, how = choose_settings(run)
    networks = [Network(run, epoch), *([Network(other)] if other is not None else [])]
    n_compared = len(networks)
    if how.untrained and epoch != 0:
        networks.append(Network(run, 0))
    try:
        found = find_curves(run, networks, target, settings, n_compared)
        with place:
            k = choose_layer([reading.layer for reading in found.curve.readings])
    except ValueError as error:
        st.error(f"This can't be probed: {error}")
        return
    curve, before = found.curve, found.curves[-1] if len(networks) > n_compared else None
    second = of_second(run, other, found.curves[1]) if other is not None else None
    chance = curve.readings[0].probes[0].baseline if measure == "error" else None
    own = None
    if target == CLASS and measure == "error":
        own = found.model_error if found.model_error is not None else model_error(run, epoch, found.n)
    overlaid = RESNET_50 if how.resnet and measure == "error" else None
    with drawn:
        verdict = of_two_networks(target, second.curves(curve)) if second is not None else of_probes(target, curve)
        rough = "" if found.n else f" This is a first look at {curve.sizes[2]:,} test examples."
        st.markdown(f"**{plain(verdict)}**{rough}")
        if CANCELLED.get() and not found.n:
            st.button(
                "Measure in full", key="measure-again", on_click=CANCELLED.forget, icon=":material/speed:"
            )  # fmt: skip
        text = f"A quick result. The full one, on up to {settings.n:,} examples, is being measured"
        show_tasks(found.tasks, Waiting(text, on_cancel=partial(CANCELLED.set, True)), "It can't be measured in full")
        shown = Shown(measure, how.split, k, chance, own, overlaid, how.log, second)
        picture(probe_figure(curve, before, shown, look()))
        st.caption(summary(curve, before, measure, how.split))
        if other is not None and second is not None:
            st.caption(compared(run, other, target, curve, second))
    one, every, deep = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if one.open:
        with one:
            answers: Curve | None = curve
            if not len(curve.y_test):
                again = closely(run, epoch, target, settings, curve.readings[k].layer.name)
                text = "The probe of this layer is fitted again, to show what it confuses"
                show_tasks([again], Waiting(text), "It can't be fitted again")
                answers = again.result
            layer_detail(curve, k, answers, probe_task(run, target, found.n), appearance_of(run))
            if curve.readings[k].layer.name == LATENT:
                steering(run, target)
    if every.open:
        with every:
            question = choose_question()
            if question == NUMBERS:
                all_layers(run, curve, before, probe_task(run, target, found.n), target, snapshot, settings)
            else:
                further(run, question)
    if deep.open:
        with deep:
            lab: dict[str, Callable[[], None]] = {
                "128 layers": deep_networks,
                "an auxiliary head": auxiliary_head,
                "the file of an image": partial(file_bytes, run),
            }
            lab[linked_choice("Look into", tuple(lab), "128 layers", "lab-of")]()


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
    "blue a low one. A second model, chosen at “Compare with”, reads the same examples. "
    "The dashed curve is the same network with its initial, random weights. ▲ marks a layer with a "
    "higher error than the one before.",
    "Click a layer: what does its probe confuse, and which examples? Probe a classifier for another target than the "
    "class, and an autoencoder for the class. In “All layers”, attack a classifier: which layers still know? In the "
    "tab of deep networks, see half of a network stay unused.",
    "A probe is softmax(W h + b), fitted by convex optimisation to features h that stay fixed (Alain & Bengio 2017). "
    "Layers can't add information, but they can make it easier to decode: only a nonlinear layer can lower the "
    "optimal training loss of a probe. Random features alone help a lot. With as many features as examples a probe "
    "fits anything; how much of random labels it memorises shows that. Its selectivity is its accuracy minus that on a "
    "control task, in which clusters of examples have random labels (after Hewitt & Liang 2019).",
)
