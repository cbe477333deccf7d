"""GSN: a network with a Markov chain of images, clamping of given pixels, and an exact chain on ten states."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.subjects import Subject
from pages import navigation
from pages.gsn.chain_quality import likelihood, mixing_report
from pages.gsn.chains import FRAMES, chain_frames, closest, controls
from pages.gsn.claims import draw_claim
from pages.shared.choose_snapshot import choose_snapshot
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, notes
from pages.shared.tabs import tabs
from pages.shared.text import plain


@st.fragment
def draw_chains(run: Subject) -> None:
    """The chains, where they start and what is clamped, and their quality."""
    _, epoch = choose_snapshot(run)
    picture, side = st.columns([2, 1], gap="large")
    with side:
        settings, close = controls(run, epoch)
    with picture:
        try:
            frames = chain_frames(run, settings)
        except ValueError as error:
            st.error(plain(str(error)))
            return
        rows = frames.swapaxes(0, 1)  # a row for each chain
        steps = "one step" if settings.every == 1 else f"{settings.every} steps"
        text = f"Each row is a chain, with {steps} from example to example."
        if close:
            known, where = closest(run, settings)
            rows = np.stack([rows, known.swapaxes(0, 1)], 1).reshape(-1, *rows.shape[1:])
            text += f" Below each the nearest of {where}."
        show(appearance_of(run), rows.reshape(-1, *run.shape), FRAMES, "Chains of examples, a row for each")
        st.caption(text)
    tabs(
        {
            "Mixing": partial(mixing_report, run, settings),
            "Exact laboratory": draw_claim,
            "Parzen estimate": partial(likelihood, run, settings.epoch),
        }
    )


run = header(navigation.GSN)
if run is None:
    st.stop()
draw_chains(run)
notes(
    "Each example is the mean of the network's distribution after a step of its chain: corrupt, compute the hidden "
    "layers and then the values, draw. The colours below show the class that a classifier predicts.",
    "Look at the chain early in the training: at the snapshots of “Digits, GSN” after 10 and 20 epochs (of MNIST after "
    "10 and 25: the source's Fig. 5.7). Compare the run without walkback to the one with it: between digits the first "
    "shows fragments, which are spurious modes. Start at noise: half of its values are on, and many chains stay in the "
    "negative of a digit, a spurious mode. Hide part of one example and watch the completions. In the exact "
    "laboratory choose walkback and see its costs and benefits; choose another claim, and break its condition.",
    "If P(x|x̃) is Bayes' for the corruption, the chain x → x̃ → x has the data's distribution (Bengio et al. 2013, "
    "2014; Alain 2018, §5.3). Walkback trains on several steps of the chain itself, log p(x|x̃) with x̃ from those "
    "steps, so that the chain returns to the data from where it leads. Given values are restored after every step, "
    "which is exact only if the network is a compatible pair of conditionals; the bias falls with the noise.",
)
