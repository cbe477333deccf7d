"""The tab that compares: with the source's numbers, with other models, and with what you recognise yourself."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.classification.predictions import Predictions
from latentlab.experiments import generated
from latentlab.subjects import Subject
from pages.generated.computed import classifier_of, few_images
from pages.shared.human_game import human_game
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember

NUMBERS, EYES = "the source's numbers", "your own eyes"
SEED = 0  # of the order in which images are shown

SOURCE = (
    "The source counts reconstructions of test drawings, from a draw of the code, that its classifier names "
    "right; it gives no control, and gave the classifier [0, 1] though it learned from [−1, 1]. Its Fig. 11 "
    "(left) shows pairs of which input and output aren't the same drawing (input i // 2 beside output i); the "
    "share isn't affected. Of 100 generated drawings people recognised all 100, of 200 real ones 194. The decoder"
    " of 64 and 128 filters has 1,911,553 parameters there, since a layer is connected to nothing, and 2,321,537 "
    "as it is described; it isn't trained here. Gradients were clipped at 1 for two dimensions, as here; its "
    "AMSGrad wasn't needed. Ours learned from drawings by a program, three seeds, for 40 epochs instead of 200 and in"
    " two dimensions for 50 as there: the loss is lower than the source's, and yet fewer are recognised, nearly "
    "twice as many once they are cut at one half; most of what is lost is taken for a canoe."
)


def draw_people(run: Subject, by: Subject) -> None:
    """Numbers of the source and of other models, or the game."""
    if linked_choice("Compare with", (NUMBERS, EYES), NUMBERS, "compare") == NUMBERS:
        _numbers(run)
    else:
        _game(run, by)


def _game(run: Subject, by: Subject) -> None:
    """Reconstructions without their inputs, to be named by the visitor."""
    made = few_images(run)
    if made.reconstructed is None:
        st.info("Samples have no true class, so nobody can be right. In the source people put all of 100 into a class.")
        return
    st.markdown(
        f"What do you see? {len(made.images[made.reconstructed].x)} images {made.reconstructed}, without their inputs. "
        "In the source people recognised all of 100, and the classifier two thirds."
    )
    order, found = game(run, by, made.reconstructed)
    human_game(run, made.images[made.reconstructed].x[torch.from_numpy(order)], found, run.classes)


@remember(16)
def game(run: Subject, by: Subject, name: str) -> tuple[NDArray[np.int64], Predictions]:
    """(N,) the order in which images are shown, and what the classifier predicts of them in that order."""
    x, y = few_images(run).images[name]
    assert y is not None
    order = np.random.default_rng(SEED).permutation(len(x))
    with torch.no_grad():
        log_probs = classifier_of(by).classify(x[torch.from_numpy(order)])
    return order, Predictions(log_probs.numpy(), y.numpy()[order])


def _numbers(run: Subject) -> None:
    """The source's four models, ours of the same kind, and all that was measured on the data of a run."""
    scores = generated.TABLE.read()
    st.dataframe(
        generated.reported_rows(scores), hide_index=True, alt="Shares of recognised reconstructions, source and ours"
    )
    st.caption(SOURCE)
    own = [score for score in scores if score.dataset == run.dataset]
    if not own:
        known = " and ".join(generated.SETTINGS)
        st.caption(f"The comparison of models is made on {known}: `python -m latentlab reproduce judge --data …`.")
        return
    st.markdown(f"**Models of {run.dataset}**")
    st.dataframe(generated.table_rows(own), hide_index=True, alt="What is recognised of several models, with controls")
    st.caption(
        "In brackets the 95 % interval of one training (Wilson); ± is the standard deviation over several seeds. "
        "`python -m latentlab reproduce judge`"
    )
