"""Traversal: move through a latent space and see what each dimension means."""

from typing import cast

import streamlit as st
import torch

from latentlab.analysis.bottleneck import Bottleneck
from latentlab.analysis.traversal import Spacing
from latentlab.data import to_bytes
from latentlab.figures.latent import carried, manifold, strips
from latentlab.figures.sheets import sheet_png
from latentlab.models import Decodes
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.header import header, look, notes
from pages.ui.pictures import figure
from pages.ui.sliders import code_buttons, code_sliders

STEPS = 11
TILES = 20


@st.fragment
def traversal(run: Run, where: Bottleneck) -> None:
    """The main picture, the decoded image and the sliders that move it: all that reruns when one is let go."""
    picture, controls = st.columns([2, 1], gap="large")
    flat = len(where.order) == 2
    with controls:
        beside = st.container(horizontal=True, vertical_alignment="center", gap="medium")
        with beside:
            shown = st.container(width=220)
            with st.container(horizontal=True, gap="small"):
                code_buttons(run, where)
        code = code_sliders(run, where)
        image = to_bytes(cache.decoder(run)(torch.tensor([code])))
        shown.image(sheet_png(image, 1, scale=448 // image.shape[-1]), width="stretch", alt="The decoded image")
        if flat:
            spacing = st.segmented_control(
                "Spacing of the tiles", ["linear", "quantile"], default="quantile", required=True, key="spacing",
                bind="query-params", help="Even steps of z, or of the prior's probability, so that each is as likely",
            )  # fmt: skip
        else:
            order = [int(axis) for axis in where.order]
            axes = st.multiselect("Strips", order, order[:7], name, f"strips-{run.id}", max_selections=24)
    with picture:
        if flat:
            drawn = manifold(cache.grid(run, TILES, cast(Spacing, spacing)), (code[0], code[1]), look())
            figure(drawn, "What every place of the plane decodes to; a ring marks where the code is")
        elif axes:
            rows = [cache.strip(run, tuple(code), axis, STEPS) for axis in axes]
            figure(strips(rows, [code[axis] for axis in axes], look()), "One row of images for each chosen dimension")
        else:
            st.info("Choose at least one dimension to see its strip.")
        carries, alone = st.tabs(["What each dimension carries", "One dimension at a time"])
        carries.markdown(where.summary)
        figure(carried(where, look()), "What each dimension carries", place=carries)
        with alone:
            axis = st.selectbox(
                "Dimension", [int(axis) for axis in where.order], format_func=name, key=f"axis-{run.id}"
            )
            row = cache.strip(run, tuple(code), axis, 2 * STEPS - 1)
            figure(strips([row], [code[axis]], look(), 72), f"What dimension {name(axis)} does, in fine steps")


def name(axis: int) -> str:
    """How a dimension is called: from z1 on."""
    return f"z{axis + 1}"


run = header("Traversal", Decodes)
if run is None:
    st.stop()
traversal(run, cache.dimensions(run))
notes(
    "The large picture is what the decoder makes of the latent space: the whole plane where there are two dimensions, "
    "else a strip for each chosen dimension through the place that the sliders name. The small one is that place. "
    "Numbers count in standard deviations σ: of the prior, or of the codes where there is no prior.",
    "Drag one slider from end to end and name what changes: slant, width, identity. Encode a test example and move "
    "from there. Look for inactive dimensions in a large model: their strips do not change at all.",
    "A VAE is trained on E[log p(x|z)] − KL(q(z|x) ‖ p(z)). A dimension that does not pay for its KL is switched off: "
    "q becomes the prior and the decoder ignores it. Active means that the variance of the posterior mean exceeds 0.01 "
    "(Burda et al. 2016, §5.3); tiles at equal steps of Φ⁻¹ are equally probable (Kingma & Welling 2014, Fig. 4).",
)
