"""Closer looks at a game of images: from one code to another, and samples of other families."""

from __future__ import annotations

import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.arrays import Floats, floats
from latentlab.analysis.latent.paths import Kind, interpolate
from latentlab.experiments.adversarial import samples as adversarial_samples
from latentlab.models import Decodes, HasPrior
from latentlab.subjects import Subject
from pages.adversarial.measured import category, game_of
from pages.shared.example_view import appearance_of, show
from pages.shared.remember import remember

STEPS = 12  # of a path
MOST_PAIRS = 999


def draw_interpolation(run: Subject, epoch: int | None) -> None:
    """Two codes of the prior, and what lies between them by two ways."""
    pair = int(st.number_input("Pair of codes", 1, MOST_PAIRS, 1, key="pair", bind="query-params", width=160))
    for kind in ("linear", "spherical"):
        x = between(run, epoch, pair, kind)
        if x is None:
            st.caption("Its codes can't be decoded.")
            return
        st.markdown(f":small[**{kind}**]")
        show(appearance_of(run), x, STEPS, f"From one code to another, {kind}", [""] * len(x))
    st.caption(
        "Both ends are draws of the prior. Half-way along a straight line a code of many dimensions is shorter than "
        "nearly all draws, so the generator has hardly been trained there; along an arc it keeps its length (White "
        "2016). A category stays that of the first end."
    )


@remember(64)
def between(run: Subject, epoch: int | None, pair: int, kind: Kind) -> Floats | None:
    """(STEPS, *shape) from one draw of the prior to another; None where codes can't be decoded."""
    model = game_of(run, epoch)
    if not (isinstance(model, HasPrior) and isinstance(model, Decodes)):
        return None
    ends = model.prior.sample(2, device.generator(pair))
    place = category(model)
    path = interpolate(ends[0], ends[1], STEPS, kind)
    if place is not None:
        path[:, place] = ends[0, place]
    with torch.no_grad():
        return floats(model.decode(path))


def draw_families(run: Subject) -> None:
    """The experiment that holds samples of a GAN against those of other families."""
    scores = [score for score in adversarial_samples.TABLE.read() if score.dataset == run.dataset]
    if not scores:
        known = " and ".join(adversarial_samples.SETTINGS)
        st.caption(f"This comparison is made on {known}: `python -m latentlab reproduce gan --data …`.")
        return
    setting = adversarial_samples.SETTINGS[run.dataset]
    rows = adversarial_samples.table_rows(scores)
    st.dataframe(rows, hide_index=True, alt="Samples of several families, over seeds")
    once = " and ".join(f"the {name}" for name, of in setting.samplers.items() if isinstance(of, str))
    st.caption(
        f"{setting.n_samples:,} "
        f"samples of each, mean ± standard deviation over the seeds: of {once} one training and a draw for each seed; "
        "of VAEs means of p(x|z), which are smooth. Precision is the share of samples near held-out images, "
        "recall the share of these near samples (Kynkäänniemi et al. 2019, three neighbours), first in pixels, then in "
        "what the last layer of the classifier is given; the first row is what real images get. Samples that are all "
        "alike may be near images and leave all others out: much precision and no recall. The Parzen estimate rewards "
        "blurred and copied images (Theis et al. 2016), so no order of models follows from it. In the source they are "
        "138 ± 2 nats of a DBN, 121 ± 1.6 of a stacked CAE, 214 ± 1.1 of a deep GSN and 225 ± 2 of adversarial nets, "
        "of MNIST and 10,000 samples (Goodfellow et al. 2014, Tab. 1)."
    )
