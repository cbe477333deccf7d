"""The page of data that no model has seen: what a probe decodes from the examples themselves."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from pages.components import digest
from pages.shared.header import notes
from pages.shared.remember import remember
from pages.shared.spaces import Space
from pages.shared.vectors import groups_of, vectors_of

CLASS = "class"
SEED = 0


def probed_vectors(dataset: str) -> None:
    """What the page Probes is of data without a model: one probe, of the examples themselves."""
    _probe(dataset)
    notes(
        "One linear probe of the examples themselves: what there is to be read before any model has seen them.",
        "Ask for another column, or for what you selected on the map. Train a model on the data and see which of its "
        "layers knows more.",
        "The probe is multinomial logistic regression, its penalty chosen on held-out examples (Alain & Bengio 2017). "
        "Its selectivity is its accuracy less that of the same fit to random labels (Hewitt & Liang 2019).",
    )


@st.fragment
def _probe(dataset: str) -> None:
    seen = vectors_of(dataset)
    groups = groups_of(seen)
    choices = [CLASS] * (len(seen.data.classes) > 1) + [name for name in groups if name not in seen.data.classes]
    if not choices:
        st.info("There is nothing to ask: the data have no two classes, and nothing was selected on the map.")
        return
    asked = st.selectbox("Ask the examples about", choices, key=f"ask {dataset}")
    y, names = seen.data.y.numpy(), seen.data.classes
    if asked != CLASS:
        y, names = np.isin(np.arange(len(y)), groups[asked]).astype(np.int64), ("the rest", asked)
    found = _probed(seen, digest(y), y, len(names))
    if isinstance(found, str):
        st.info(f"This can't be probed: {found}")
        return
    left, middle, right = st.columns(3)
    left.metric("Error of the probe", f"{found.score.error:.1%}", f"± {1.96 * found.score.std_error:.1%}", "off")
    middle.metric("Always the most frequent", f"{found.baseline:.1%}")
    right.metric("Selectivity", f"{found.selectivity:.1%}" if found.selectivity is not None else "unknown")
    for warning in found.warnings:
        st.warning(warning)
    told = f"Told on {found.score.n:,} examples that it wasn't fitted to; {found.kept} features; penalty {found.l2:g}."
    st.caption(told)


@remember(32, "Fitting a probe …")
def _probed(seen: Space, labels: str, _y: NDArray[np.int64], n_classes: int) -> Probe | str:  # noqa: ARG001
    z, order = seen.z, np.random.default_rng(SEED).permutation(len(seen.z))
    fit, choose, tell = np.split(order, [round(0.6 * len(order)), round(0.8 * len(order))])
    try:
        return linear_probe(
            z[fit], _y[fit], valid=(z[choose], _y[choose]), test=(z[tell], _y[tell]), n_classes=n_classes,
            control=True,
        )  # fmt: skip
    except ValueError as error:
        return str(error)
