"""The controls of the page of probes, and its picture, on which a click selects a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import plotly.graph_objects as go
import streamlit as st

from latentlab.analysis.activations import NetworkLayer
from latentlab.analysis.probes.features import How
from latentlab.analysis.probes.layer_curve import ASIDE, LATENT, Measure, Split
from latentlab.analysis.probes.tasks import Settings
from latentlab.data import Kind
from latentlab.models import Model
from latentlab.subjects import Subject
from pages.navigation import PROBES
from pages.probes.curves import targets
from pages.shared.choose_second_run import choose_second_run
from pages.shared.linked_choice import link_renamed, linked_choice
from pages.shared.present import enlarged
from pages.shared.selections import link_named
from pages.shared.visit import Slot

PICTURE: Slot[Any] = Slot("probe-curve")  # the picture of the curve, and what is selected on it
LAYERS: Slot[list[str]] = Slot("probe-layers")  # the names of those that it shows
LAYER: Slot[str] = Slot("layer")  # the widget that chooses the one that is looked at closely
TARGET: Slot[str] = Slot("ask")  # that which chooses what is asked
FORMER = {"position": "horizontal position", "height": "vertical position"}  # targets in older links
TARGET_HELP = (
    "What is measured from an image is divided into thirds of the examples that the probes use. Positions: of the "
    "centre of the ink, in pixels from the left and from below. Slant: pixels to the right for each that a stroke "
    "rises. Width, without the slant, and stroke thickness: in pixels, such that an upright bar has its own. Noise: "
    "how much was added."
)


def choose_target(run: Subject) -> str:
    """Choose the target."""
    options = targets(run)
    link_renamed(TARGET.name, FORMER)
    TARGET.settle(options)
    about = TARGET_HELP if run.spec.kind is Kind.IMAGE else None
    target = str(st.selectbox("Target of the probes", options, key=TARGET.name, bind="query-params", help=about))
    link_named({target}, run.dataset)
    return target


def choose_measure() -> Measure:
    """Choose the number that is drawn."""
    measure = linked_choice("Show", ["error", "cross-entropy", "top 3"], default="error", key="measure")
    return cast(Measure, measure)


def choose_other(run: Subject) -> Subject | None:
    """Choose a second model that can be given the examples of the first, or none."""

    def alike(one: Subject) -> object:
        return one.has(*PROBES.needs), one.spec.kind, one.shape, one.spec.names

    return choose_second_run(run, (Model,), alike, "Another model's curve, of probes of the same examples")


def choose_layer(layers: Sequence[NetworkLayer]) -> int:
    """Choose the layer that is looked at closely, the code or the last one at first; a click does so too."""
    names = [layer.name for layer in layers]
    LAYERS.set(names)
    default = LATENT if LATENT in names else [layer.name for layer in layers if layer.kind != ASIDE][-1]
    LAYER.settle(names, default)
    name = st.selectbox(
        "Layer", names, names.index(default), key=LAYER.name, bind="query-params", help="Or click it on the picture"
    )
    return names.index(str(name))


@dataclass(frozen=True)
class Drawn:
    """Of which examples the numbers are, and what is drawn in addition to the curve: the untrained network, ResNet-50
    of the paper; and on which axis.
    """

    split: Split
    untrained: bool
    resnet: bool
    log: bool


def choose_settings(run: Subject) -> tuple[Settings, Drawn]:
    """Choose how probes are fitted, and how they are drawn."""
    begins = 0 in run.snapshots  # what its network was before training is there
    untrained = begins and st.toggle("Before training too", True, key="untrained", bind="query-params")
    with st.popover("More", width="stretch"):
        split = linked_choice(
            "On", ["test", "valid", "train"], default="test", key="split",
            help="Test examples, examples that chose the penalty, or examples that the probes were fitted to",
        )  # fmt: skip
        log = st.toggle("Logarithmic axis", key="log", bind="query-params")
        overlay = st.toggle(
            "ResNet-50 of the paper", key="resnet", bind="query-params",
            help="Probe errors on ImageNet (Alain 2018, Fig. 9.4): almost perfectly monotone",
        )  # fmt: skip
        n = st.select_slider("Examples to fit", [500, 1_000, 2_000, 4_000, 10_000], 2_000, key="n", bind="query-params")
        limit = st.select_slider("Features kept", [64, 256, 800, 2_000], 800, key="limit", bind="query-params")
        how = linked_choice(
            "Wide layers", ["subset", "mean", "max"], default="subset", key="how",
            help="A fixed random subset of the features; or pooled over the positions of each channel",
        )  # fmt: skip
        seeds = st.select_slider("Seeds", [1, 3, 5], 3, key="seeds", bind="query-params")
    drawn = Drawn(cast(Split, split), untrained, overlay, log)
    return Settings(int(n), int(limit), cast(How, how), int(seeds)), drawn


def picture(content: go.Figure) -> None:
    """Draw the curve over the network."""
    config = {"displaylogo": False, "modeBarButtons": [["toImage"]]}
    st.plotly_chart(
        enlarged(content), theme=None, key=PICTURE.name, on_select=_clicked, selection_mode="points", config=config,
        alt="Probe error against depth, over the layers of the network",
    )  # fmt: skip


def _clicked() -> None:
    names = LAYERS.get([])
    for point in PICTURE.get({"selection": {"points": []}})["selection"]["points"]:
        k = point.get("customdata", point.get("x"))
        k = k[0] if isinstance(k, list) else k
        if isinstance(k, int | float) and 0 <= k < len(names):
            LAYER.set(names[int(k)])
