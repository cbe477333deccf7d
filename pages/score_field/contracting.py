"""A denoising autoencoder, one whose reconstruction and one whose code is contracted, beside the exact score."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from latentlab.analysis.score import verdict
from latentlab.experiments.score_figures import CONTRACTING
from latentlab.figures.score import field as draw
from latentlab.models import Denoises
from latentlab.subjects import stored
from pages.score_field import fields
from pages.score_field.choose_field import trained
from pages.score_field.exact_1d import one_dimension
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.linked_choice import linked_choice

N_POINTS = 200  # of the data that are drawn
TITLE, TRAINED, EXACT = "DAE, RCAE, CAE", "trained, in the plane", "exact, in one dimension"


def contracting() -> None:
    """Three networks of the plane, or what is exact for a density of one dimension."""
    which = linked_choice("Autoencoders", (TRAINED, EXACT), TRAINED, "autoencoders", label_visibility="collapsed")
    if which == EXACT:
        one_dimension()
    else:
        _three()


def _three() -> None:
    """What each learned, in a sentence, the planes, and the numbers."""
    runs = {run.id: run for run in stored(Denoises)}
    networks = {name: trained(runs[run_id]) for name, run_id in CONTRACTING.items() if run_id in runs}
    if not networks:
        st.info("The networks to be compared are not among the stored runs.")
        return
    found = {name: fields.agrees(one) for name, one in networks.items()}
    st.markdown(verdict.of_contracting({name: (found[name][0], one.no_score) for name, one in networks.items()}))
    first = next(iter(networks.values()))
    best = replace(first, key=f"exact {first.key}", denoise=partial(first.density.denoise, sigma=first.sigma))
    planes = {
        name: draw.small_plane(fields.arrows(one, one.box), one.box, one.data[:N_POINTS], look())
        for name, one in (networks | {"the exact score": best}).items()
    }
    panels(planes, "The field learned by")
    st.dataframe(verdict.table(found), hide_index=True, alt="How each agrees with the exact score of the noisy data")
    st.caption(
        f"One hidden layer, the same data, σ = {first.sigma:g}. DAE: r of a noisy example is to be the clean one. "
        "RCAE, without noise: |r(x) − x|² + σ² |∂r/∂x|². CAE: the same with ∂h/∂x of the code h. For small σ the first "
        "two have one optimum, x + σ² ∇ log p (Alain & Bengio 2014). The numbers are of (r(x) − x) / σ² over noisy "
        "draws of the data; arrows of what is no score have one length."
    )
