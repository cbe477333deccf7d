"""The page of data without a model: what a probe decodes from the examples themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.arrays import floats
from latentlab.analysis.image_attributes import LEVELS
from latentlab.analysis.probes.control_task import control_task, controlled
from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from latentlab.analysis.probes.verdict import of_probe
from pages.components import digest
from pages.probes.curves import column_targets
from pages.shared.header import notes
from pages.shared.remember import remember
from pages.shared.selections import link_named
from pages.shared.spaces import Floats, Space
from pages.shared.text import plain
from pages.shared.vectors import groups_of, vectors_of

CLASS = "class"
SEED = 0


def probed_vectors(dataset: str) -> None:
    """What the page Probes is of data without a model: one probe, of the examples themselves."""
    _probe(dataset)
    notes(
        "One linear probe of the examples themselves: what can be decoded before any model.",
        "Probe another column, or what you selected on the map. Train a model on the data and see from which of its "
        "layers more can be decoded.",
        "The probe is multinomial logistic regression, its penalty chosen on held-out examples (Alain & Bengio 2017). "
        "Its selectivity is its accuracy minus that on a control task, in which clusters of examples have random "
        "labels (after Hewitt & Liang 2019).",
    )


@st.fragment
def _probe(dataset: str) -> None:
    space = vectors_of(dataset)
    groups = groups_of(space)
    own = column_targets(space.of)
    picked = [name for name in groups if name not in space.data.classes]
    choices = [*[CLASS] * (len(space.data.classes) > 1), *own, *picked]
    if not choices:
        st.info("There is no target: the data have no classes and no columns, and nothing was selected on the map.")
        return
    target = st.selectbox("Target of the probe", choices, key=f"ask-{dataset}", bind="query-params")
    link_named({target}, dataset)
    y, names = space.data.y.numpy(), space.data.classes
    if target in own:
        y, names = own[target](np.arange(len(y)))
    elif target != CLASS:
        y, names = np.isin(np.arange(len(y)), groups[target]).astype(np.int64), ("the rest", target)
    found = _probed(space, digest(y), y, len(names))
    if isinstance(found, str):
        st.info(f"This can't be probed: {found}")
        return
    st.markdown(f"**{plain(of_probe(target, found))}**")
    left, middle, right = st.columns(3)
    left.metric(
        "Error of the probe", f"{found.score.error:.1%}", f"± {1.96 * found.score.std_error:.1%}", "off",
        delta_arrow="off",
    )  # fmt: skip
    middle.metric("Majority-class baseline", f"{found.baseline:.1%}")
    right.metric("Selectivity", f"{found.selectivity:.1%}" if found.selectivity is not None else "unknown")
    for warning in found.warnings:
        st.warning(warning)
    summary = f"Evaluated on {found.score.n:,} held-out examples; {found.kept} features; penalty {found.l2:g}."
    st.caption(f"{summary} {plain(_thirds(names))}" if target in own else summary)


def _thirds(names: Sequence[str]) -> str:
    """The few classes that a column was divided into; nothing of many, which are its words."""
    return f"Classes: {', '.join(names)}." if len(names) <= LEVELS else ""


def _standardised(z: Floats, fit: NDArray[np.int64]) -> Floats:
    """Columns as many standard deviations from their mean, by the rows of the fit: their units must not count."""
    std = z[fit].std(0)
    return floats(torch.from_numpy((z - z[fit].mean(0)) / np.where(std > 0, std, 1)))


@remember(32, "Fitting a probe …")
def _probed(space: Space, labels: str, _y: NDArray[np.int64], n_classes: int) -> Probe | str:  # noqa: ARG001
    order = np.random.default_rng(SEED).permutation(len(space.z))
    fit, choose, report = np.split(order, [round(0.6 * len(order)), round(0.8 * len(order))])
    z = space.z if space.is_image else _standardised(space.z, fit)
    try:
        probe = linear_probe(
            z[fit], _y[fit], valid=(z[choose], _y[choose]), test=(z[report], _y[report]), n_classes=n_classes
        )
        task = control_task(torch.from_numpy(z[[*fit, *report]]), _y[[*fit, *report]], len(fit))
        return controlled(probe, (z[fit], task[: len(fit)]), (z[report], task[len(fit) :]), n_classes)
    except ValueError as error:
        return str(error)
