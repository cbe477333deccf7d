"""GSN: a network that walks from image to image, holds what is given, and the exact laboratory behind it."""

import numpy as np
import streamlit as st

from latentlab.subjects import Subject
from pages import navigation
from pages.gsn.chain_quality import exact_laboratory, likelihood, mixes
from pages.gsn.chains import FRAMES, closest, controls, walked
from pages.shared.header import header, notes
from pages.shared.images import sheet

DETAILS = ("Mixing", "Exact laboratory", "Parzen estimate")


@st.fragment
def walk(run: Subject) -> None:
    """The walks, where they start and what is held, and what they are worth."""
    picture, beside = st.columns([2, 1], gap="large")
    with beside:
        walking, close = controls(run)
    with picture:
        try:
            frames = walked(run, walking)
        except ValueError as error:
            st.error(str(error))
            return
        rows = frames.swapaxes(0, 1)  # a row for each walk
        steps = "one step" if walking.every == 1 else f"{walking.every} steps"
        text = f"Each row is a walk, {steps} from image to image."
        if close:
            known, where = closest(run, walking)
            rows = np.stack([rows, known.swapaxes(0, 1)], 1).reshape(-1, *rows.shape[1:])
            text += f" Below each image the nearest of {where}."
        sheet(rows.reshape(-1, *run.shape), FRAMES, "Walks of images, a row for each")
        st.caption(text)
    moves, exact, judged = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if moves.open:
        with moves:
            mixes(run, walking)
    if exact.open:
        with exact:
            exact_laboratory()
    if judged.open:
        with judged:
            likelihood(run)


run = header(navigation.GSN)
if run is None:
    st.stop()
walk(run)
notes(
    "Each image is what the network expects after a step of its chain: corrupt, go up through the hidden layers and "
    "down again, draw. The colours below name the class that a classifier sees.",
    "Compare the run without walkback to the one with it: between digits the first shows debris, spurious modes. Start "
    "at noise: half of its pixels are on, and many walks stay in the negative of a digit, a spurious mode. Hide part "
    "of one image, by the brush what you like, and watch the completions. In the laboratory choose walkback and "
    "see what it costs and gives.",
    "If P(x|x̃) is Bayes' for the corruption, the chain x → x̃ → x has the data's law (Bengio et al. 2013, 2014; Alain "
    "2018, §5.3). Walkback trains on the chain's own walks, log p(x|x̃) with x̃ from several steps, so that it finds its "
    "way back from where it strays. Pixels that are held are overwritten after every step, which is exact only if the "
    "network is a compatible pair of conditionals; the bias falls with the noise.",
)
