"""A network of branches with an auxiliary head, trained with it and without: who leads, and what each block knows."""

from __future__ import annotations

import streamlit as st

from latentlab.experiments.auxiliary_head import (
    AUX_AFTER,
    BATCH,
    BLOCKS,
    SETTINGS,
    TABLE,
    by_step,
    probe_errors,
    verdict,
)
from latentlab.experiments.score_tables import grouped
from latentlab.figures.probes.all_layers import layer_heat
from latentlab.figures.probes.branches import graph_figure, heads_figure
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice

SNAPSHOTS = 4  # of the training, that the graph is drawn at


def auxiliary_head() -> None:
    """The errors of both heads over the training, those of the probes of all blocks, and the graph."""
    known = grouped(TABLE.read(), lambda one: one.data)
    data = linked_choice("Data", tuple(known), "mnist", "head-data")
    own, alone = ([one for one in known[data] if bool(one.weight) == trained] for trained in (True, False))
    steps, names = by_step(own), [block.replace("blocks.", "block ") for block in BLOCKS]
    st.markdown(f"**{verdict(known[data])}**")
    figure(heads_figure(own, alone, look()), "Errors of both heads over the training")
    drawn = {
        title: layer_heat(probe_errors(scores), names, list(map(str, steps)), ("step", "error"), True, look())
        for title, scores in {"Probes, with the auxiliary head": own, "without it": alone}.items()
    }
    panels(drawn, "Errors of the probes of each block over the training")
    last = {step: steps[step] for step in list(steps)[-SNAPSHOTS:]}
    figure(graph_figure(last, look()), "Probe errors on the graph of the network, with the auxiliary head")
    st.caption(
        f"Five blocks of four branches, the auxiliary head after block {AUX_AFTER}, its loss times {own[0].weight:g}; "
        f"Adam at 10⁻³, batches of {BATCH} out of at most {SETTINGS[data].n_train:,} examples, means of "
        f"{len(steps[0])} seeds and their standard deviations. A probe is given the channels' means over the "
        "positions. In the source, Inception v3 on ImageNet, all 17 probes begin at 100 %, errors fall evenly with "
        "depth, and at minibatch 308,230, after two weeks, the auxiliary head is slightly ahead of the main one "
        "(Alain & Bengio 2017, §4.2). Here it leads by more, and early blocks know more than late ones for long: these "
        "networks have only begun."
    )
