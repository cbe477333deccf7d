"""Both layers of three models of the same data: without a cluster between them, with clusters, and with classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from latentlab.figures.latent.layers import layer_map
from latentlab.models import Classifies, InfersClusters, Layered
from latentlab.subjects import Subject, stored
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.layer_maps import LayerMap, layer_maps

WITHOUT, CLUSTERS, CLASSES = "hierarchical VAE", "clusters, no labels", "classes of few labels"


def draw_layers(run: Subject) -> None:
    """The upper layer of each in a row, and the lower one below it."""
    found = compared(run, stored(Layered))
    maps = {kind: layer_maps(one) for kind, one in found.items()}
    st.markdown(f"**{said_of_top({kind: of_layers[-1] for kind, of_layers in maps.items()})}**")
    for place in (-1, 0):
        drawn = {
            f"{kind}: {of_layers[place].title}": layer_map(of_layers[place].xy, of_layers[place].y, one.classes, look())
            for (kind, one), of_layers in zip(found.items(), maps.values(), strict=True)
        }
        panels(drawn, "The two main directions of a layer, by class")
    named = "; ".join(f"{kind}: “{one.title}”" for kind, one in found.items())
    st.caption(
        "One draw of each layer for each test example, z₂ above and z₁ below, along the two directions in which it "
        f"varies most; a linear classifier of half of the draws reads the class of the others. {named}."
    )


def said_of_top(tops: Mapping[str, LayerMap]) -> str:
    """How well the class is read from the upper layers, and whether they differ by more than chance."""
    known = {kind: top.read for kind, top in tops.items() if top.read is not None}
    if not known:
        return "Both layers by class."
    each = ", ".join(f"{kind} {read.value:.0%}" for kind, read in known.items())
    said = f"From a draw of z₂ a linear classifier reads the class of: {each}"
    if len(known) == 1:
        return f"{said}."
    ordered = sorted(known, key=lambda kind: known[kind].value)
    lowest, highest = known[ordered[0]], known[ordered[-1]]
    if highest.low > lowest.high:
        return f"{said}. It says most of the class with: {ordered[-1]}."
    return f"{said}. Their 95 % intervals overlap, so none says clearly more of it."


def compared(run: Subject, others: Sequence[Subject]) -> dict[str, Subject]:
    """The run, and of the other kinds the first of two layers on the same data with the same likelihood, if any.

    Those with as many dimensions as the run come first.
    """
    alike = [one for one in others if _data(one) == _data(run)]
    near = sorted(alike, key=lambda one: (one.id != run.id, _dims(one) != _dims(run)))
    found = {kind: next((one for one in near if _kind(one) == kind), None) for kind in (WITHOUT, CLUSTERS, CLASSES)}
    return {kind: one for kind, one in found.items() if one is not None}


def _kind(run: Subject) -> str:
    if run.has(InfersClusters):
        return CLASSES if run.has(Classifies) else CLUSTERS
    model = cached.model(run)
    return WITHOUT if isinstance(model, Layered) and len(model.layers) == 2 else ""


def _data(run: Subject) -> tuple[object, ...]:
    return run.dataset, run.shape, run.config.get("likelihood"), run.config.get("std")


def _dims(run: Subject) -> tuple[object, ...]:
    return run.config.get("z_dim"), run.config.get("z2_dim")
